"""API keys."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations.problems import Problem
from integrations.registration.keys import SCOPES, authenticate, issue_key, revoke_key
from integrations.registration.models import ApiKey, Environment, Integration
from tenants.audit import Actor
from tenants.models import AuditEntry

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SYSTEM = Actor.system("test")


def issue(environment: Environment, **fields: object) -> tuple[ApiKey, str]:
    return issue_key(environment=environment, name="backend", actor=SYSTEM, now=NOW, **fields)  # type: ignore[arg-type]


def refusal_of(authorization: str | None, now: datetime = NOW) -> str:
    with pytest.raises(Problem) as refusal:
        authenticate(authorization, now=now)
    assert refusal.value.status == 401
    assert refusal.value.headers == {"WWW-Authenticate": "Bearer"}
    return refusal.value.code


def test_a_key_opens_the_environment_it_was_issued_for(integration: Integration) -> None:
    for kind in ("test", "production"):
        environment = integration.environments.get(kind=kind)
        key, text = issue(environment)
        caller = authenticate(f"Bearer {text}", now=NOW)
        assert (caller.key, caller.environment) == (key, environment)


def test_a_key_says_in_its_text_whether_it_is_for_test_or_live(integration: Integration) -> None:
    assert issue(integration.environments.get(kind="test"))[1].startswith("pb_test_")
    assert issue(integration.environments.get(kind="production"))[1].startswith("pb_live_")


def test_the_secret_is_stored_nowhere(environment: Environment) -> None:
    key, text = issue(environment)
    secret = text.split("_", 3)[3]
    stored = str(ApiKey.objects.values().get(pk=key.pk)) + str(AuditEntry.objects.order_by("id").values())
    assert len(secret) >= 43  # 256 bits in base64
    assert secret not in stored
    assert bytes(ApiKey.objects.get().secret_hash) != secret.encode()


def test_the_scheme_is_read_without_regard_to_case_and_spaces(environment: Environment) -> None:
    _, text = issue(environment)
    assert authenticate(f"bearer   {text} ", now=NOW)


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Token x", "pb_test_a_b"])
@pytest.mark.django_db
def test_a_request_without_bearer_key_is_told_how_to_send_one(authorization: str | None) -> None:
    assert refusal_of(authorization) == "key_missing"


@pytest.mark.parametrize("text", ["x", "pb", "pb_test", "pb_test_abc", "xy_test_abc_def", "pb_test_a_\x00", "___", "é"])
@pytest.mark.django_db
def test_what_is_no_key_is_called_malformed(text: str) -> None:
    assert refusal_of(f"Bearer {text}") == "key_malformed"


def test_a_wrong_secret_and_an_unknown_prefix_cannot_be_told_apart(environment: Environment) -> None:
    _, text = issue(environment)
    prefix = text.split("_")[2]
    wrong = [f"pb_test_{prefix}_{'a' * 43}", f"pb_test_{'0' * 12}_{'a' * 43}", text + "x", text[:-1], text.upper()]
    assert {refusal_of(f"Bearer {each}") for each in wrong} <= {"key_unknown", "key_malformed"}
    assert refusal_of(f"Bearer {wrong[0]}") == refusal_of(f"Bearer {wrong[1]}") == "key_unknown"


def test_a_test_key_does_not_open_production_by_another_name(environment: Environment) -> None:
    _, text = issue(environment)
    assert refusal_of("Bearer " + text.replace("pb_test_", "pb_live_")) == "key_unknown"


def test_another_keys_secret_does_not_fit(environment: Environment) -> None:
    _, one = issue(environment)
    _, other = issue(environment)
    swapped = "_".join([*one.split("_", 3)[:3], other.split("_", 3)[3]])
    assert refusal_of(f"Bearer {swapped}") == "key_unknown"


def test_a_key_expires_at_its_moment(environment: Environment) -> None:
    _, text = issue(environment, expires_at=NOW + timedelta(days=1))
    assert authenticate(f"Bearer {text}", now=NOW + timedelta(days=1, microseconds=-1))
    assert refusal_of(f"Bearer {text}", now=NOW + timedelta(days=1)) == "key_expired"


def test_a_revoked_key_is_refused_and_its_revocation_recorded_once(environment: Environment) -> None:
    key, text = issue(environment)
    revoke_key(key=key, actor=SYSTEM, now=NOW)
    revoke_key(key=key, actor=SYSTEM, now=NOW + timedelta(hours=1))
    assert refusal_of(f"Bearer {text}") == "key_revoked"
    assert ApiKey.objects.get().revoked_at == NOW
    assert AuditEntry.objects.filter(action="key:revoke").count() == 1


def test_a_refused_key_is_not_in_use(environment: Environment) -> None:
    key, text = issue(environment)
    revoke_key(key=key, actor=SYSTEM, now=NOW)
    refusal_of(f"Bearer {text}")
    refusal_of(f"Bearer {text}x")
    assert ApiKey.objects.get().last_used_at is None


def test_a_key_may_only_do_what_its_scopes_say(environment: Environment) -> None:
    _, text = issue(environment, scopes=["events:write"])
    caller = authenticate(f"Bearer {text}", now=NOW)
    caller.require("events:write")
    with pytest.raises(Problem) as refusal:
        caller.require("tenants:write")
    assert (refusal.value.status, refusal.value.code) == (403, "scope_missing")
    assert refusal.value.document()["scope"] == "tenants:write"


def test_a_scope_that_does_not_exist_is_refused(environment: Environment) -> None:
    with pytest.raises(Problem) as refusal:
        issue(environment, scopes=["events:write", "events:eat"])
    assert refusal.value.code == "scope_unknown"
    assert "events:eat" in refusal.value.detail
    assert not ApiKey.objects.exists()


def test_without_a_choice_a_key_has_every_scope(environment: Environment) -> None:
    assert issue(environment)[0].scopes == list(SCOPES)


def test_the_caller_acts_under_the_name_of_its_key(environment: Environment) -> None:
    key, text = issue(environment)
    actor = authenticate(f"Bearer {text}", now=NOW).actor
    assert (actor.kind, actor.label, actor.id) == ("key", "backend", key.public_id)


def test_the_use_of_a_key_is_written_at_most_once_a_minute(environment: Environment) -> None:
    _, text = issue(environment)
    seen = []
    for seconds in (0, 1, 59, 61, 90, 121, 122):
        authenticate(f"Bearer {text}", now=NOW + timedelta(seconds=seconds))
        last_used_at = ApiKey.objects.get().last_used_at
        assert last_used_at is not None
        seen.append((last_used_at - NOW).total_seconds())
    assert seen == [0, 0, 0, 61, 61, 61, 122]
