from datetime import datetime, timedelta

import pytest
from django.http import Http404

from tenants.invitations import (
    AGAIN_AFTER,
    LIFE,
    MOST_OPEN,
    accept,
    accept_as_new,
    invitation_behind,
    invitation_for,
    invite,
    note_sent,
    open_invitations,
    renew_invitation,
    revoke_invitation,
)
from tenants.models import AuditEntry, Invitation, Membership, Tenant, User
from tenants.refusals import Refusal
from tests.conftest import SYSTEM

PASSWORD = "a-long-enough-one-47"


def invited(tenant: Tenant, now: datetime, email: str = "Ada@Alder.example", role: str = "admin") -> Invitation:
    return invite(tenant=tenant, email=email, role=role, actor=SYSTEM, now=now)[0]


def test_an_invitation_is_found_by_its_token_and_the_token_is_not_stored(tenant: Tenant, now: datetime) -> None:
    invitation, token = invite(tenant=tenant, email=" ada@alder.example ", role="viewer", actor=SYSTEM, now=now)
    assert invitation_behind(token, now=now) == invitation
    assert invitation.email == "ada@alder.example"
    assert token not in str(list(Invitation.objects.values()) + list(AuditEntry.objects.values()))
    assert invitation_behind("forged", now=now) is None


def test_it_lasts_a_week(tenant: Tenant, now: datetime) -> None:
    invitation, token = invite(tenant=tenant, email="ada@alder.example", role="viewer", actor=SYSTEM, now=now)
    assert invitation_behind(token, now=now + LIFE) is None
    with pytest.raises(Refusal, match="over"):
        accept_as_new(invitation=invitation, name="", password=PASSWORD, now=now + LIFE)


def test_somebody_new_gets_an_account_and_becomes_a_member(tenant: Tenant, now: datetime) -> None:
    invitation = invited(tenant, now)
    membership = accept_as_new(invitation=invitation, name="Ada", password=PASSWORD, now=now)
    assert (membership.user.email, membership.user.name, membership.role) == ("Ada@alder.example", "Ada", "admin")
    assert membership.user.check_password(PASSWORD)
    assert AuditEntry.objects.get(action="invitation:accept").actor_label == "Ada@alder.example"
    with pytest.raises(Refusal, match="over"):
        accept_as_new(invitation=invitation, name="Ada", password=PASSWORD, now=now)


def test_somebody_with_an_account_accepts_with_it_whatever_the_letters_case(tenant: Tenant, now: datetime) -> None:
    ada = User.objects.create_user("ada@alder.example")
    assert accept(invitation=invited(tenant, now), person=ada, now=now).user == ada


def test_another_address_than_the_invited_one_is_refused(tenant: Tenant, now: datetime) -> None:
    with pytest.raises(Refusal, match=r"is for Ada@Alder.example, and you are signed in as bea@alder.example"):
        accept(invitation=invited(tenant, now), person=User.objects.create_user("bea@alder.example"), now=now)
    assert not Membership.objects.exists()


def test_an_address_that_has_an_account_by_now_is_not_made_twice(tenant: Tenant, now: datetime) -> None:
    invitation = invited(tenant, now)
    User.objects.create_user("ada@alder.example")
    with pytest.raises(Refusal, match="has an account already"):
        accept_as_new(invitation=invitation, name="", password=PASSWORD, now=now)
    invitation.refresh_from_db()
    assert invitation.accepted_at is None


@pytest.mark.parametrize("password", ["short", "password1234", "ada@alder.example"])
def test_a_weak_password_changes_nothing(tenant: Tenant, now: datetime, password: str) -> None:
    with pytest.raises(Refusal):
        accept_as_new(invitation=invited(tenant, now), name="", password=password, now=now)
    assert not User.objects.exists()


def test_accepting_never_takes_a_role_away(tenant: Tenant, now: datetime) -> None:
    invitation = invited(tenant, now, role="viewer")
    ada = User.objects.create_user("ada@alder.example")
    Membership.objects.create(user=ada, tenant=tenant, role="admin")
    assert accept(invitation=invitation, person=ada, now=now).role == "admin"


def test_a_new_link_replaces_the_old_one(tenant: Tenant, now: datetime) -> None:
    invitation, old = invite(tenant=tenant, email="ada@alder.example", role="viewer", actor=SYSTEM, now=now)
    note_sent(invitation=invitation, now=now)
    with pytest.raises(Refusal, match="Wait a minute"):
        renew_invitation(invitation=invitation, actor=SYSTEM, now=now)
    later = now + AGAIN_AFTER
    renewed, new = renew_invitation(invitation=invitation, actor=SYSTEM, now=later)
    assert invitation_behind(old, now=later) is None
    assert invitation_behind(new, now=later) == renewed
    assert renewed.expires_at == later + LIFE


def test_an_expired_invitation_can_be_renewed(tenant: Tenant, now: datetime) -> None:
    invitation = invited(tenant, now)
    _, token = renew_invitation(invitation=invitation, actor=SYSTEM, now=now + 2 * LIFE)
    assert invitation_behind(token, now=now + 2 * LIFE)


def test_a_revoked_one_is_worth_nothing(tenant: Tenant, now: datetime) -> None:
    invitation, token = invite(tenant=tenant, email="ada@alder.example", role="viewer", actor=SYSTEM, now=now)
    for _ in range(2):
        revoke_invitation(invitation=invitation, actor=SYSTEM, now=now)
    assert AuditEntry.objects.filter(action="invitation:revoke").count() == 1
    assert invitation_behind(token, now=now) is None
    with pytest.raises(Refusal, match="over"):
        accept_as_new(invitation=invitation, name="", password=PASSWORD, now=now)
    invited(tenant, now)  # the address may be invited anew


@pytest.mark.parametrize(
    ("email", "role", "code"),
    [
        ("nobody", "viewer", "email_invalid"),
        ("a" * 250 + "@b.example", "viewer", "email_invalid"),
        ("ada@alder.example", "owner", "role_unknown"),
        ("BEA@example.com", "viewer", "member_already"),
        ("CLE@example.com", "viewer", "invited_already"),
    ],
)
def test_what_cannot_be_invited_is_said_in_words(
    tenant: Tenant, now: datetime, email: str, role: str, code: str
) -> None:
    bea = User.objects.create_user("bea@example.com")
    Membership.objects.create(user=bea, tenant=tenant, role="admin")
    invited(tenant, now, "cle@example.com")
    with pytest.raises(Refusal) as refusal:
        invite(tenant=tenant, email=email, role=role, actor=SYSTEM, now=now)
    assert refusal.value.code == code


def test_nobody_invites_without_end(tenant: Tenant, now: datetime) -> None:
    for number in range(MOST_OPEN):
        invited(tenant, now, f"{number}@example.com")
    with pytest.raises(Refusal, match="Revoke some"):
        invited(tenant, now)


def test_withdrawing_in_turns_mails_nobody_without_end(
    tenant: Tenant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.invitations.MOST_A_DAY", 3)
    for number in range(3):
        revoke_invitation(invitation=invited(tenant, now, f"{number}@example.com"), actor=SYSTEM, now=now)
    with pytest.raises(Refusal, match="Go on tomorrow"):
        invited(tenant, now)
    invited(tenant, now + timedelta(days=1))


def test_a_closed_tenant_invites_nobody_and_admits_nobody(tenant: Tenant, now: datetime) -> None:
    invitation, token = invite(tenant=tenant, email="ada@alder.example", role="viewer", actor=SYSTEM, now=now)
    Tenant.objects.filter(pk=tenant.pk).update(closed_at=now)
    assert invitation_behind(token, now=now) is None
    with pytest.raises(Refusal, match="over"):
        accept_as_new(invitation=invitation, name="", password=PASSWORD, now=now)
    with pytest.raises(Refusal, match="closed"):
        invited(tenant, now, "bea@example.com")


def test_an_invitation_of_another_tenant_is_not_found(tenant: Tenant, now: datetime) -> None:
    birch = Tenant.objects.create(directory=tenant.directory, external_id="birch", name="Birch", slug="birch")
    invitation = invited(birch, now)
    for unknown in (str(invitation.public_id), "no-id"):
        with pytest.raises(Http404):
            invitation_for(tenant, unknown)
    assert list(open_invitations(tenant)) == []
    assert invitation_for(birch, str(invitation.public_id)) == invitation
