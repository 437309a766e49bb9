"""What is in a kit: every text with its title and the name of its file, in the order in which people need them."""

import json
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from integrations.sources.kit import cli, policies
from integrations.sources.kit.commands import script
from integrations.sources.kit.console import Link, console_links
from integrations.sources.kit.filling import fill
from integrations.sources.kit.place import Place

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Text:
    """One text to copy or to download. `key` is unique in a kit and stands in addresses."""

    key: str
    title: Words
    file: str
    content: str
    note: Words = ""


@dataclass(frozen=True, slots=True)
class Kit:
    """Everything for one source. `take_up` is empty unless the source was attached before."""

    place: Place
    links: list[Link]
    take_up: list[Text]
    classic: list[Text]
    new_bus: list[Text]
    permissions: list[Text]
    recipes: list[Text]

    @property
    def texts(self) -> list[Text]:
        return [*self.take_up, *self.classic, *self.new_bus, *self.permissions, *self.recipes]

    def text(self, key: str) -> Text | None:
        """Return the text of this key, or None."""
        return next((text for text in self.texts if text.key == key), None)

    @property
    def values(self) -> list[str]:
        """The reader's own values, the longest first: what a page marks in the texts."""
        place = self.place
        own = {place.arn, place.bus_arn, place.name, place.account, place.region, place.stem}
        return sorted(own, key=len, reverse=True)


def kit_of(place: Place) -> Kit:
    """Write the kit of a source."""
    return Kit(
        place,
        console_links(place),
        _take_up(place),
        _classic(place),
        _new_bus(place),
        _permissions(place),
        [_recipe(place, *row) for row in _RECIPES] + [_replay(place)],
    )


def _take_up(place: Place) -> list[Text]:
    if not place.is_detached:
        return []
    content = script(cli.activate(place))
    return [
        Text("activate", _("Attach it again"), f"{place.stem}-activate.sh", content, _("Old rules work again at once."))
    ]


def _classic(place: Place) -> list[Text]:
    stem, values = place.stem, place.values
    return [
        Text(
            "cli",
            "AWS CLI",
            f"{stem}.sh",
            script(cli.accept(place)),
            _("Run them together: the first that fails ends them."),
        ),
        Text("cloudformation", "CloudFormation", f"{stem}.yaml", fill("classic/stack.yaml", values)),
        Text("terraform", "Terraform", f"{stem}.tf", fill("classic/main.tf", values)),
        Text("cdk-typescript", "CDK, TypeScript", f"{stem}.ts", fill("classic/stack.ts", values)),
        Text("cdk-python", "CDK, Python", f"{stem}.py", fill("classic/stack.py.txt", values)),
    ]


def _new_bus(place: Place) -> list[Text]:
    stem, values = f"{place.stem}-new", place.values
    beside = _("Put it beside the CloudFormation template.")
    note = _("AWS's own pages also call these commands eventsv2; take what your AWS CLI knows.")
    return [
        Text("new-cli", "AWS CLI", f"{stem}.sh", script(cli.accept_on_new_bus(place)), note),
        Text("new-cloudformation", "CloudFormation", f"{stem}.yaml", fill("eventsv2/stack.yaml", values)),
        Text("new-terraform", "Terraform", f"{stem}.tf", fill("eventsv2/main.tf", values), beside),
        Text("new-cdk-typescript", "CDK, TypeScript", f"{stem}.ts", fill("eventsv2/stack.ts", values), beside),
        Text("new-cdk-python", "CDK, Python", f"{stem}.py", fill("eventsv2/stack.py.txt", values), beside),
    ]


def _permissions(place: Place) -> list[Text]:
    return [
        Text(
            "policy",
            _("IAM policy for whoever accepts"),
            f"{place.stem}-policy.json",
            _json(policies.admin_policy(place)),
        ),
        Text(
            "new-policy",
            _("IAM policy for the newer bus"),
            f"{place.stem}-new-policy.json",
            _json(policies.new_bus_admin_policy(place)),
        ),
    ]


_RECIPES: list[tuple[str, Words]] = [
    ("archive", _("Archive for 30 days")),
    ("logs", _("Write to CloudWatch Logs")),
    ("s3", _("Collect in S3 by Firehose")),
    ("function", _("Call a Lambda function")),
    ("queue", _("Take to SQS, with dead letters")),
    ("workflow", _("Start a Step Functions workflow")),
]
_WITHOUT_RULE = {"archive"}


def _recipe(place: Place, recipe: str, title: Words) -> Text:
    values = place.values | {"recipe": recipe, "archive": place.stem[:48]}
    parts = ["recipes/head.yaml", f"recipes/{recipe}.yaml"]
    parts += [] if recipe in _WITHOUT_RULE else ["recipes/undelivered.yaml"]
    content = "".join(fill(part, values) for part in parts)
    return Text(f"recipe-{recipe}", title, f"{place.stem}-{recipe}.yaml", content)


def _replay(place: Place) -> Text:
    content = script(cli.archive_and_replay(place))
    note = _("Replayed events carry replay-name and the same id of ours in resources.")
    return Text("recipe-replay", _("Archive and replay by the AWS CLI"), f"{place.stem}-replay.sh", content, note)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"
