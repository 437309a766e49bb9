"""Second tries: their due times against a clock that was ahead."""

import psycopg

# Nothing is ever due later than this; a time beyond it was written by a clock that has been set back since.
FURTHEST = "1 hour"


def bring_back_from_the_future(connection: psycopg.Connection) -> None:
    """Make due what waits for a moment that no back-off reaches."""
    connection.execute("update retry set due_at = now() where due_at > now() + %s::interval", [FURTHEST])
    connection.execute(
        "update registration_breaker set retry_at = now() where retry_at > now() + %s::interval", [FURTHEST]
    )
