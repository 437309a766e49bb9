"""The provider's side of the kit: policies and trust of the role in which Partnerbus calls AWS."""

import json

from integrations.aws import names
from integrations.registration.models import Environment
from integrations.sources.kit import policies
from integrations.sources.kit.contents import Text

DEFAULT_REGION = "us-east-1"


def publisher_texts(environment: Environment, *, trusted: str = "") -> list[Text]:
    """Return the two policies and the trust of an environment's publisher role.

    One role may carry both; two roles part who manages sources from who sends. `trusted` is the principal in which
    Partnerbus itself runs, which it cannot know: without it the trust has a place to fill in.
    """
    region = environment.regions[0] if environment.regions else DEFAULT_REGION
    control = policies.publisher_control_policy(environment.namespace, region)
    somebody = f"arn:{names.partition(region)}:iam::<account of Partnerbus>:role/<role of Partnerbus>"
    trust = policies.publisher_trust(trusted=trusted or somebody, external_id=environment.external_id)
    texts = [
        ("publisher-control", "Policy: manage sources", control),
        ("publisher-data", "Policy: publish events", policies.publisher_data_policy()),
        ("publisher-trust", "Trust of the role", trust),
    ]
    return [Text(key, title, f"{key}.json", json.dumps(policy, indent=2) + "\n") for key, title, policy in texts]
