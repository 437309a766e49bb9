"""The policies of the role in which Partnerbus calls AWS."""

import json

from integrations.registration.models import Environment
from integrations.sources.kit.publisher import publisher_texts

TRUSTED = "arn:aws:iam::999999999999:role/partnerbus"


def policies_of(environment: Environment) -> dict[str, list[dict[str, object]]]:
    return {text.key: json.loads(text.content)["Statement"] for text in publisher_texts(environment, trusted=TRUSTED)}


def test_who_manages_sources_cannot_publish_and_who_publishes_cannot_manage(environment: Environment) -> None:
    policies = policies_of(environment)
    control = {action for statement in policies["publisher-control"] for action in statement["Action"]}
    (data,) = policies["publisher-data"]
    assert data["Action"] == ["events:PutPartnerEvents"]
    assert "events:PutPartnerEvents" not in control
    assert "events:CreatePartnerEventSource" in control


def test_sources_are_managed_in_the_environments_own_namespace_only(environment: Environment) -> None:
    manage, _ = policies_of(environment)["publisher-control"]
    assert manage["Resource"] == "arn:aws:events:*::event-source/aws.partner/shop.example.com.test/*"


def test_the_role_asks_for_the_external_id_where_there_is_one(environment: Environment) -> None:
    (without,) = policies_of(environment)["publisher-trust"]
    assert without["Principal"] == {"AWS": TRUSTED}
    assert "Condition" not in without
    environment.external_id = "shop-4711"
    (asking,) = policies_of(environment)["publisher-trust"]
    assert asking["Condition"] == {"StringEquals": {"sts:ExternalId": "shop-4711"}}
