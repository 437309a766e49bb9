"""Stages know since when they are open, and integrations that exist get the items and kinds of proof of this version."""

from django.db import migrations
from django.db.models import F
from django.db.models.functions import Coalesce, Now

REQUEST = (
    "domain-owned",
    "test-registered",
    "sender-proven",
    "receiver-named",
    "contacts-named",
    "request-sent",
    "approval-received",
    "test-enabled",
)
DEVELOPMENT = (
    "source-created",
    "arn-stored",
    "event-accepted",
    "bus-created",
    "rule-delivered",
    "created-on-submit",
    "region-chosen",
    "generator-permitted",
    "names-unique",
    "sent-while-pending",
    "entries-inspected",
    "retries-selective",
    "gone-handled",
    "batches-bounded",
    "types-few",
    "types-impersonal",
    "list-and-delete",
    "deletion-seen",
    "deletion-visible",
    "recreation-reattaches",
    "expiry-handled",
    "several-regions",
)
NEW = {
    "approval-received": ("AWS approved the request", "aws", "manual"),
    "arn-stored": ("Every source's ARN is stored with its tenant", "provider", "automatic"),
    "deletion-seen": ("A source that we delete is gone at AWS", "provider", "automatic"),
}
CHANGED = {
    "contacts-named": {
        "title": "The company and its partner network e-mail addresses are named",
        "proof": "automatic",
    },
    "request-sent": {"proof": "automatic"},
    "rule-delivered": {"proof": "manual"},
}


def open_stages(apps, schema_editor):
    stages = apps.get_model("onboarding", "Stage").objects
    begun = {"opened_at": Coalesce(F("started_at"), Now()), "owner_since": Coalesce(F("started_at"), Now())}
    stages.filter(number=1).update(**begun)
    done = stages.filter(state="done").values_list("integration_id", "number")
    for integration, number in list(done):
        stages.filter(integration_id=integration, number=number + 1).update(**begun)


def follow_checklist(apps, schema_editor):
    stages = apps.get_model("onboarding", "Stage").objects
    items = apps.get_model("onboarding", "ChecklistItem").objects
    for key, fields in CHANGED.items():
        items.filter(key=key, state="open").update(**fields)
    for number, keys in ((1, REQUEST), (2, DEVELOPMENT)):
        for stage in stages.filter(number=number):
            for position, key in enumerate(keys, 1):
                if items.filter(stage=stage, key=key).update(position=position) == 0 and key in NEW:
                    title, owner, proof = NEW[key]
                    # A stage that was complete without it stays so.
                    items.create(
                        stage=stage,
                        position=position,
                        key=key,
                        title=title,
                        owner=owner,
                        proof=proof,
                        state="done" if stage.state == "done" else "open",
                        note="Complete before this item existed." if stage.state == "done" else "",
                    )


class Migration(migrations.Migration):
    dependencies = [("onboarding", "0004_questionnaire_and_validation")]

    operations = [
        migrations.RunPython(open_stages, migrations.RunPython.noop),
        migrations.RunPython(follow_checklist, migrations.RunPython.noop),
    ]
