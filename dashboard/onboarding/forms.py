"""The forms of integrations. Checks that need the domain are made by it; these only read."""

from django import forms

from integrations.onboarding.assignments import candidates
from integrations.registration.integrations import EnvironmentSettings
from integrations.registration.models import Environment, Integration

ACCOUNT_HINT = "12 digits, without dashes. The AWS console shows it at the top right."


class Words(forms.CharField):
    """One value a line or behind a comma, as a list."""

    def __init__(self, *, rows: int = 3, **options: object) -> None:
        widget = forms.Textarea(attrs={"rows": rows, "spellcheck": "false"})
        super().__init__(widget=widget, **options)  # type: ignore[arg-type]

    def clean(self, value: object) -> list[str]:
        text = super().clean(value)
        return [word for word in str(text).replace(",", "\n").split() if word]


def _text(
    label: str, *, longest: int = 200, hint: str = "", required: bool = False, mono: bool = False
) -> forms.CharField:
    attrs = {"autocomplete": "off", **({"class": "mono", "spellcheck": "false"} if mono else {})}
    return forms.CharField(
        label=label, max_length=longest, help_text=hint, required=required, widget=forms.TextInput(attrs=attrs)
    )


class ProductForm(forms.Form):
    """What AWS is told of a product."""

    name = _text("Product", required=True, hint="As your customers know it.")
    company = _text("Company")
    domain = _text(
        "Domain",
        longest=170,
        mono=True,
        hint="One that you own and your customers recognise: it becomes part of every name.",
    )
    partner_emails = Words(
        label="APN partner e-mail addresses",
        required=False,
        help_text="Registered in the AWS Partner Network, one a line.",
    )
    landing_page = _text(
        "Page that customers set up from", longest=500, hint="AWS links to it from its console. Begins with https://."
    )


class NewIntegrationForm(ProductForm):
    """Everything that begins an integration: the namespaces are derived from the domain."""

    publisher_account = _text("Sender account (AccountID1)", longest=12, required=True, mono=True, hint=ACCOUNT_HINT)
    receiver_account = _text(
        "Receiver account (AccountID2)",
        longest=12,
        mono=True,
        hint="Another account of yours, which plays the customer.",
    )
    regions = Words(
        label="Regions",
        required=True,
        rows=2,
        help_text="Such as eu-west-1, us-east-1: where your customers take events.",
    )
    event_types = forms.CharField(
        label="Event types",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text="1 to 15 names, one a line, such as “Order placed”. No personal data. Also later.",
    )

    field_order = ["name", "company", "domain", "publisher_account", "receiver_account", "regions", "partner_emails"]

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.fields["domain"].required = True

    def environments(self) -> list[EnvironmentSettings]:
        """Return both environments, with the namespace that AWS's rule derives from the domain."""
        given, domain = self.cleaned_data, self.cleaned_data["domain"].strip().lower().rstrip(".")
        receivers = [given["receiver_account"]] if given["receiver_account"] else []
        return [
            EnvironmentSettings(
                kind="test",
                namespace=f"aws.partner/{domain}.test",
                publisher_account=given["publisher_account"],
                regions=given["regions"],
                receiver_accounts=receivers,
            ),
            EnvironmentSettings(
                kind="production",
                namespace=f"aws.partner/{domain}",
                publisher_account=given["publisher_account"],
                regions=given["regions"],
            ),
        ]


class EnvironmentForm(forms.Form):
    """What is registered with AWS for one environment."""

    namespace = _text("Namespace", longest=180, required=True, mono=True, hint="Test namespaces end in .test.")
    publisher_account = _text("Sender account (AccountID1)", longest=12, required=True, mono=True, hint=ACCOUNT_HINT)
    role_arn = _text(
        "Role in the sender account", longest=2048, mono=True, hint="Empty: the process's own credentials."
    )
    external_id = _text("External id of the role", longest=1224, mono=True)
    receiver_accounts = Words(label="Receiver accounts (AccountID2)", required=False, rows=2)
    regions = Words(label="Regions", required=True, rows=3, help_text="One a line.")

    def settings(self, kind: str) -> EnvironmentSettings:
        """Return what was entered."""
        assert kind in ("test", "production")
        return EnvironmentSettings(kind="test" if kind == "test" else "production", **self.cleaned_data)


class ReceiverForm(forms.Form):
    """The receiving side, which is optional."""

    role_arn = _text(
        "Role in the receiver account",
        longest=2048,
        mono=True,
        hint="May create the event bus, rules and targets, and read the queue. arn:aws:iam::222222222222:role/name",
    )
    external_id = _text("External id of the role", longest=1224, mono=True)
    queue_url = _text(
        "Queue that the rule sends to",
        longest=500,
        mono=True,
        hint="https://sqs.eu-west-1.amazonaws.com/222222222222/name. Keep it for this alone: test events are removed.",
    )


class HandOverForm(forms.Form):
    """Who leads an integration from now on."""

    lead = forms.ChoiceField(label="New lead", required=False, widget=forms.Select(attrs={"class": "form-select"}))
    note = forms.CharField(
        label="What they should know", max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        people = [(str(each.public_id), each.email) for each in candidates()]
        self.fields["lead"].choices = [("", "Nobody"), *people]  # type: ignore[attr-defined]


class EventTypeForm(forms.Form):
    """One event type of the catalogue."""

    name = _text(
        "Name (detail-type)", longest=128, required=True, hint="Sub-types go into the detail. No personal data."
    )
    description = forms.CharField(label="Description", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    schema = forms.CharField(
        label="JSON schema",
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "class": "mono", "spellcheck": "false"}),
    )
    sample = forms.CharField(
        label="Sample detail",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "mono", "spellcheck": "false"}),
    )


class LetterForm(forms.Form):
    """A letter to AWS."""

    to = _text("To", longest=254, required=True)
    cc = Words(label="Copy to", required=False, rows=1)
    reply_to = _text("Answers go to", longest=254)
    subject = _text("Subject", longest=250, required=True)
    body = forms.CharField(label="Text", max_length=100_000, strip=False, widget=forms.Textarea(attrs={"rows": 18}))
    attachments = forms.MultipleChoiceField(label="Files", required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: object, integration: Integration, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        files = integration.attachments.all()
        self.fields["attachments"].choices = [(str(file.public_id), file.name) for file in files]  # type: ignore[attr-defined]


def of_environment(environment: Environment) -> dict[str, object]:
    """Return an environment as the form shows it."""
    return {
        "namespace": environment.namespace,
        "publisher_account": environment.publisher_account,
        "role_arn": environment.role_arn,
        "external_id": environment.external_id,
        "receiver_accounts": "\n".join(environment.receiver_accounts),
        "regions": "\n".join(environment.regions),
    }
