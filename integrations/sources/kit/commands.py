"""Commands of the AWS CLI, built as arguments and quoted for a shell, so that they can be checked and run."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class Variable(str):
    """A value that the shell knows and we do not: written as "$NAME"."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Command:
    """One call. `into`: the shell variable that keeps what it prints. `until`: repeat it until it prints that."""

    comment: str
    arguments: tuple[str, ...]
    into: str = ""
    until: str = ""

    @property
    def text(self) -> str:
        """The command for a POSIX shell, an option on each line."""
        call = " \\\n  ".join(_lines(self.arguments))
        if self.into:
            return f"{self.into}=$({call})"
        if self.until:
            return f'until [ "$({call})" = {self.until} ]; do sleep 2; done'
        return call


def call(comment: str, service: str, operation: str, *, into: str = "", until: str = "", **options: Any) -> Command:
    """Build `aws <service> <operation> --options`; what is no text is written as JSON."""
    arguments = ["aws", service, operation]
    for name, value in options.items():
        arguments += [f"--{name.replace('_', '-')}", value if isinstance(value, str) else json.dumps(value)]
    return Command(comment, tuple(arguments), into, until)


def script(commands: Sequence[Command]) -> str:
    """Write the commands one after the other; pasted together, the first that fails ends them."""
    paragraphs = [f"# {command.comment}\n{command.text}" for command in commands]
    return " &&\n\n".join(paragraphs) + "\n"


def _lines(arguments: tuple[str, ...]) -> list[str]:
    words = [f'"${each}"' if isinstance(each, Variable) else shlex.quote(each) for each in arguments]
    head, options = words[:3], words[3:]
    return [" ".join(head), *(" ".join(options[i : i + 2]) for i in range(0, len(options), 2))]
