"""Whom the database servers run as: whoever starts them, or `nobody` when that is root."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from launcher import LaunchError


@dataclass(frozen=True)
class Account:
    """A system account that server processes are dropped to."""

    name: str
    uid: int
    gid: int


def for_servers() -> Account | None:
    """The account PostgreSQL and Valkey run as; None when they simply run as the caller."""
    return _nobody() if os.geteuid() == 0 else None


def require_a_name() -> None:
    """Raises LaunchError for a caller whose user id has no name, which initdb would refuse in darker words."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        raise LaunchError(
            f"This process runs as user id {os.geteuid()}, which has no entry in /etc/passwd, and PostgreSQL's initdb "
            "refuses to work for a user without a name. Give the id a name, or set DATABASE_URL to another server."
        ) from None


def _nobody() -> Account:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise LaunchError(
            "PostgreSQL does not run as root, and this machine has no user `nobody` to run it as. Start Partnerbus as "
            "an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def can_reach(path: Path, account: Account | None) -> bool:
    """Whether the account may enter this directory (or run this file), asked by being it for a moment.

    For a path that does not exist yet, its nearest existing parent is asked about.
    """
    while not path.exists() and path != path.parent:
        path = path.parent
    if account is None:
        return os.access(path, os.X_OK)
    child = os.fork()
    if child == 0:
        _answer_as(account, path)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _answer_as(account: Account, path: Path) -> None:
    try:
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)
        os._exit(0 if os.access(path, os.X_OK) else 1)
    finally:
        os._exit(1)


def give(path: Path, account: Account | None) -> None:
    """Makes the account the owner of the path; nothing to do when it is the caller's own."""
    if account is not None:
        os.chown(path, account.uid, account.gid)
