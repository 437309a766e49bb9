"""A file of sources that exist at AWS, as it is handed in on a page."""

from typing import Any

from django import forms

from dashboard.operators.environment_choice import environment_of, environments
from integrations.reconciliation.adoption_file import MOST_CHARACTERS, MOST_LINES

MOST_PASTED = 1_000_000  # characters; Django refuses a larger form, and files alone may be larger


class AdoptionForm(forms.Form):
    """For which environment, and the lines: a file, or pasted."""

    environment = forms.ChoiceField(label="Environment", choices=())
    file = forms.FileField(
        label="CSV file",
        required=False,
        allow_empty_file=True,  # told as a file without lines
        help_text=f"UTF-8, at most {MOST_CHARACTERS // 1_000_000} MB and {MOST_LINES:,} lines.",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
    )
    text = forms.CharField(
        label="Or paste the lines",
        required=False,
        max_length=MOST_PASTED,
        widget=forms.Textarea(
            attrs={"rows": 8, "class": "mono", "spellcheck": "false", "placeholder": "name,tenant,account,region"}
        ),
        help_text="The first line names the columns: name and tenant, and as needed tenant_name, account and region.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["environment"].choices = environments()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Put the environment and the lines in, wherever they come from."""
        given = super().clean() or {}
        given["environment"] = environment_of(given.get("environment", ""))
        upload, pasted = given.get("file"), given.get("text", "")
        if self.errors:
            return given
        if (upload is None) == (not pasted):
            raise forms.ValidationError("Choose a file or paste the lines, one of both.")
        given["lines"] = self._read(upload) if upload is not None else pasted
        return given

    def _read(self, upload: Any) -> str:
        if upload.size > MOST_CHARACTERS:
            self.add_error("file", "This file is too large; split it.")
            return ""
        try:
            return str(upload.read(), "utf-8-sig")
        except UnicodeDecodeError:
            self.add_error("file", "This file is not UTF-8. Save it as “CSV UTF-8”.")
            return ""
