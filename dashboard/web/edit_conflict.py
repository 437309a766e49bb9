"""Two people edit one row at once: the second sees what the first stored, keeps what was typed, and decides.

A form carries a fingerprint of each value that it was rendered from. `Editing.save` compares it, under the row's lock,
with what is stored by then.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction

from integrations.aws.limits import LimitError
from integrations.problems import Problem
from tenants.models import AuditEntry

SEEN = "seen"
LINES = 50  # of the audit log, read to find who changed a field

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A field that somebody else changed. `by` and `at` are None where the audit log does not name the field."""

    label: str
    stored: str
    typed: str
    by: str | None
    at: datetime | None


class Editing:
    """One edit of a row by a form.

    `values` are what the form shows of the row now. `log` is object type and id of the row in the audit log, and
    `logged` the names there of fields that are called something else in the form. `field_of` gives the field at which
    a refusal is shown.
    """

    def __init__(
        self,
        form: forms.Form,
        values: Values,
        *,
        log: tuple[str, object],
        logged: Mapping[str, str] | None = None,
        field_of: Callable[[Problem], str | None] = lambda refusal: None,
    ) -> None:
        self.form = form
        self.changes: list[Change] = []
        self.seen = str(form.data.get(SEEN, "")) if form.is_bound else self._fingerprint(values)
        self._log, self._logged, self._field_of = log, logged or {}, field_of

    @property
    def status(self) -> int:
        """The status of a page that shows the form."""
        return 409 if self.changes else 422 if self.form.errors else 200

    def save(self, locked: Callable[[], Values], act: Callable[[], object]) -> bool:
        """Act, unless somebody else changed what would be overwritten or it is refused; return whether it was done.

        `locked` locks the row until the end of the transaction and returns its values. Whoever saves again has seen
        the changes and overwrites them.
        """
        try:
            with transaction.atomic():
                now = locked()
                self.changes = self._overwritten(now)
                if self.changes:
                    self.seen = self._fingerprint(now)
                    return False
                act()
        except Problem as refusal:
            self.form.add_error(self._field_of(refusal), refusal.detail)
            return False
        except LimitError as refusal:
            self.form.add_error(None, str(refusal))
            return False
        return True

    def _overwritten(self, now: Values) -> list[Change]:
        names = [name for name in self._changed_since(now) if self._differs(name, now.get(name))]
        lines = list(self._lines()) if names else []
        return [self._change(name, now.get(name), lines) for name in names]

    def _changed_since(self, now: Values) -> list[str]:
        known = dict(part.split(":", 1) for part in self.seen.split() if ":" in part)
        return [name for name in self._names(now) if known.get(name) != _digest(self._text(name, now.get(name)))]

    def _differs(self, name: str, value: Any) -> bool:
        field, typed = self.form.fields[name], self.form.cleaned_data[name]
        if isinstance(field, forms.FileField | forms.BooleanField):
            return bool(typed)  # a file and a box act when they are used; otherwise they leave what is there
        text = self._text(name, value)
        try:
            stored = field.clean(text)
        except ValidationError:
            return True
        return bool(_plain(typed) != _plain(stored))

    def _change(self, name: str, value: Any, lines: Iterable[AuditEntry]) -> Change:
        logged = self._logged.get(name, name)
        line = next((each for each in lines if logged in (each.after or {})), None)
        return Change(
            label=str(self.form[name].label),
            stored=self._words(name, self._text(name, value)),
            typed=self._words(name, self._text(name, self.form[name].data)),
            by=line.actor_label if line else None,
            at=line.at if line else None,
        )

    def _lines(self) -> Iterable[AuditEntry]:
        kind, key = self._log
        return AuditEntry.objects.filter(object_type=kind, object_id=str(key)).order_by("-at", "-pk")[:LINES]

    def _fingerprint(self, values: Values) -> str:
        return " ".join(f"{name}:{_digest(self._text(name, values.get(name)))}" for name in self._names(values))

    def _names(self, values: Values) -> list[str]:
        return [name for name in self.form.fields if name in values]

    def _text(self, name: str, value: Any) -> str:
        shown = self.form.fields[name].prepare_value(value)
        return "" if shown is None else _plain(str(shown))

    def _words(self, name: str, text: str) -> str:
        """Write a choice as the form does, and anything else as it is."""
        choices = getattr(self.form.fields[name], "choices", ())
        return str(dict(choices).get(text, text)) if choices else text


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    """Make one kind of line end: browsers send both characters."""
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value
