"""Two people edit the same thing at once: the second is told, and nothing of either is lost."""

from typing import Protocol

from integrations.problems import Problem


class Versioned(Protocol):
    """A row that counts its changes."""

    version: int


def claim_version(row: Versioned, seen: int | None) -> None:
    """Raise the version of a row locked for update; None stands for a caller that overwrites on purpose.

    Raises Problem 409 `changed_meanwhile` when it is not the version that the editor saw.
    """
    if seen is not None and row.version != seen:
        raise Problem(
            409,
            "changed_meanwhile",
            "Somebody else changed this since you opened it. Your text is kept below: compare it with what is stored "
            "now, and save again.",
            version=row.version,
        )
    row.version += 1
