"""The guard that keeps calls to AWS out of database transactions."""

from django.conf import settings
from django.db import connections


class InsideTransaction(Exception):
    """A programming error: AWS was about to be called while a database transaction was open."""


def refuse_inside_transaction(operation: str) -> None:
    """Raise InsideTransaction if this thread has a transaction open; without Django's settings nothing is checked.

    A transaction that a test case wraps around a whole test does not count, as in Django's own durable blocks.
    """
    if not settings.configured:
        return
    for connection in connections.all(initialized_only=True):
        if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
            raise InsideTransaction(
                f"{operation} was called while a transaction on database {connection.alias!r} is open. Commit what is "
                "intended, call AWS, then commit the outcome: a slow answer must not hold locks, "
                "and a rollback cannot undo what AWS did."
            )
