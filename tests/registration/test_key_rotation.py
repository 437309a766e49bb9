from datetime import datetime, timedelta

import pytest

from integrations.problems import Problem
from integrations.registration.key_rotation import rotate_key
from integrations.registration.keys import authenticate, issue_key, revoke_key
from integrations.registration.models import ApiKey, Environment
from tenants.audit import Actor
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db
ACTOR = Actor.system("test")
DAY = timedelta(days=1)


@pytest.fixture
def issued(environment: Environment, now: datetime) -> tuple[ApiKey, str]:
    return issue_key(
        environment=environment, name="backend", scopes=["events:write"], events_per_second=50, actor=ACTOR, now=now
    )


def test_both_keys_work_until_the_old_one_ends(issued: tuple[ApiKey, str], now: datetime) -> None:
    old, old_text = issued
    new, new_text = rotate_key(key=old, overlap=DAY, actor=ACTOR, now=now)
    assert (new.name, new.scopes, new.events_per_second) == ("backend", ["events:write"], 50)
    for text in (old_text, new_text):
        authenticate(f"Bearer {text}", now=now)
    with pytest.raises(Problem, match="expired"):
        authenticate(f"Bearer {old_text}", now=now + DAY)
    authenticate(f"Bearer {new_text}", now=now + DAY)


def test_without_an_overlap_the_old_key_ends_at_once(issued: tuple[ApiKey, str], now: datetime) -> None:
    old, old_text = issued
    authenticate(f"Bearer {old_text}", now=now)
    rotate_key(key=old, overlap=timedelta(), actor=ACTOR, now=now)
    old.refresh_from_db()
    assert old.expires_at == now


def test_a_key_that_ends_sooner_is_not_made_to_live_longer(environment: Environment, now: datetime) -> None:
    key, _ = issue_key(environment=environment, name="k", expires_at=now + DAY / 2, actor=ACTOR, now=now)
    new, _ = rotate_key(key=key, overlap=DAY, actor=ACTOR, now=now)
    key.refresh_from_db()
    assert key.expires_at == now + DAY / 2
    assert new.expires_at is not None
    assert new.expires_at > now


def test_a_key_that_has_ended_is_not_rotated(issued: tuple[ApiKey, str], now: datetime) -> None:
    revoke_key(key=issued[0], actor=ACTOR, now=now)
    with pytest.raises(Problem, match="ended already"):
        rotate_key(key=issued[0], overlap=DAY, actor=ACTOR, now=now)
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("overlap", [-DAY, 31 * DAY])
def test_an_overlap_has_bounds(overlap: timedelta, issued: tuple[ApiKey, str], now: datetime) -> None:
    with pytest.raises(Problem, match="0 to 30 days"):
        rotate_key(key=issued[0], overlap=overlap, actor=ACTOR, now=now)


def test_the_log_says_what_replaced_it_and_never_the_secret(issued: tuple[ApiKey, str], now: datetime) -> None:
    new, text = rotate_key(key=issued[0], overlap=DAY, actor=ACTOR, now=now)
    entry = AuditEntry.objects.get(action="key:rotate")
    assert entry.after["replaced_by"] == str(new.public_id)
    assert all(text.split("_")[3] not in str((each.before, each.after)) for each in AuditEntry.objects.all())
