"""The form of an environment's settings: lists are written as people write them, and credentials are tried first."""

import re
from dataclasses import replace
from typing import Any

from django import forms

from integrations.registration.environments import settings_of
from integrations.registration.integrations import EnvironmentSettings
from integrations.registration.models import Environment
from integrations.registration.policies import LONGEST_HOLD_DAYS, LONGEST_RETENTION_DAYS

_BETWEEN = re.compile(r"[\s,;]+")
ACCESS = ("publisher_account", "role_arn", "external_id", "regions", "receiver_accounts")


class WordsField(forms.CharField):
    """Several words with spaces, commas or new lines between them; each once."""

    def to_python(self, value: Any) -> Any:
        """Return the words."""
        return tuple(dict.fromkeys(word for word in _BETWEEN.split(str(value or "")) if word))

    def prepare_value(self, value: Any) -> Any:
        """Write them with a comma between."""
        return value if isinstance(value, str) else ", ".join(value or ())

    def run_validators(self, value: Any) -> None:
        """Leave what a word may be to the domain."""


class EnvironmentForm(forms.Form):
    """How an environment is reached at AWS, and how long it keeps what."""

    publisher_account = forms.CharField(
        label="Publisher account", max_length=12, help_text="Cannot be changed once a source was offered."
    )
    role_arn = forms.CharField(
        label="Role",
        max_length=2048,
        required=False,
        help_text="ARN of the role that may call EventBridge for the publisher account. Empty: this machine's own.",
    )
    external_id = forms.CharField(label="External id", max_length=1224, required=False)
    regions = WordsField(label="Regions", help_text="Where sources may be offered: eu-west-1, us-east-1.")
    receiver_accounts = WordsField(
        label="Receiver accounts", required=False, help_text="Your own accounts that play the tenant in tests."
    )
    retention_days = forms.IntegerField(label="Days events are kept", min_value=1, max_value=LONGEST_RETENTION_DAYS)
    hold_limit_days = forms.IntegerField(
        label="Days events are held at most",
        min_value=1,
        max_value=LONGEST_HOLD_DAYS,
        help_text="After that, held events become dead letters, which can be replayed.",
    )
    untested = forms.BooleanField(
        label="Save without a test of the credentials", required=False, help_text="When AWS cannot be reached now."
    )

    def settings(self, environment: Environment) -> EnvironmentSettings:
        """Return what the environment is to be registered with."""
        return replace(settings_of(environment), **{name: self.cleaned_data[name] for name in ACCESS})


def filled_with(environment: Environment) -> dict[str, Any]:
    """Return the form's values as the environment has them."""
    return {name: getattr(environment, name) for name in EnvironmentForm.base_fields if name != "untested"}
