from datetime import timedelta

from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from tenants.invitations import invite
from tenants.models import AuditEntry, Invitation, Membership, PortalSession, User
from tenants.portal_sessions import issue_link, open_link
from tests.conftest import SYSTEM
from tests.dashboard.cast import Cast
from tests.dashboard.pages import ClientOf

PASSWORD = "a-long-enough-one-47"


def at(cast: Cast, path: str = "") -> str:
    return f"/portal/{cast.alder.public_id}/{path}"


def link_in(text: str) -> str:
    return next(word for word in text.split() if "/invitations/" in word).removeprefix("http://127.0.0.1:8000")


def test_an_invited_person_gets_a_mail_and_comes_in_by_its_link(cast: Cast, client_of: ClientOf) -> None:
    sent = client_of("tenant admin").post(at(cast, "members/invite"), {"email": "ada@alder.example", "role": "admin"})
    assert b"The invitation is sent" in sent.content
    assert "no-store" in sent["Cache-Control"]
    (message,) = mail.outbox
    assert (message.to, message.subject) == (["ada@alder.example"], "Alder: join the connection to Shop")
    browser, link = Client(), link_in(str(message.body))
    page = browser.get(link)
    assert page["Referrer-Policy"] == "same-origin"
    assert b"invited ada@alder.example" in page.content
    came = browser.post(link, {"name": "Ada", "password": PASSWORD})
    assert (came.status_code, came["Location"]) == (302, at(cast))
    assert browser.get(at(cast, "members")).status_code == 200
    assert Membership.objects.get(user__email="ada@alder.example").role == "admin"
    assert Client().get(link).status_code == 410


def test_somebody_with_an_account_signs_in_first_and_then_accepts(cast: Cast) -> None:
    _, token = invite(tenant=cast.alder, email="bea@x.example", role="viewer", actor=SYSTEM, now=timezone.now())
    bea = User.objects.create_user("bea@x.example")
    browser, link = Client(), f"/invitations/{token}"
    assert f"/accounts/login?next={link}".encode() in browser.get(link).content
    assert browser.post(link, {"password": PASSWORD}).status_code == 200  # nobody is made or signed in by that
    assert not Membership.objects.filter(user=bea).exists()
    browser.force_login(bea)
    assert browser.post(link)["Location"] == at(cast)


def test_somebody_else_who_is_signed_in_is_told_whose_invitation_it_is(cast: Cast, client_of: ClientOf) -> None:
    _, token = invite(tenant=cast.alder, email="bea@x.example", role="admin", actor=SYSTEM, now=timezone.now())
    refused = client_of("stranger").post(f"/invitations/{token}")
    assert refused.status_code == 409
    assert b"This invitation is for bea@x.example" in refused.content


def test_who_invites_does_not_see_the_link_that_was_mailed(cast: Cast, client_of: ClientOf) -> None:
    admin = client_of("tenant admin")
    sent = admin.post(at(cast, "members/invite"), {"email": "ada@x.example", "role": "viewer"})
    token = link_in(str(mail.outbox[0].body)).rpartition("/")[2]
    assert token.encode() not in sent.content


def test_where_mails_are_only_printed_the_link_is_shown(cast: Cast, client_of: ClientOf, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    answer = client_of("tenant admin").post(at(cast, "members/invite"), {"email": "ada@x.example", "role": "viewer"})
    assert b"Hand this link over yourself" in answer.content
    assert b"/invitations/" in answer.content


def test_a_mail_that_cannot_be_sent_leaves_an_invitation_to_send_again_and_shows_nobody_its_link(
    cast: Cast, client_of: ClientOf, settings: Settings
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend",
        "127.0.0.1",
        1,
    )
    answer = client_of("tenant admin").post(at(cast, "members/invite"), {"email": "ada@x.example", "role": "viewer"})
    assert b"The mail did not go out" in answer.content
    assert b"send it again" in answer.content
    assert b"invitation-link" not in answer.content  # whoever reads it can make the account of that address
    assert Invitation.objects.get().sent_at is None


def test_a_refusal_stands_at_the_field_and_keeps_what_was_typed(cast: Cast, client_of: ClientOf) -> None:
    email = cast.people["tenant viewer"].email  # type: ignore[union-attr]
    answer = client_of("tenant admin").post(at(cast, "members/invite"), {"email": email, "role": "viewer"})
    assert answer.status_code == 422
    assert b"is a member already" in answer.content
    assert email.encode() in answer.content


def test_an_invitation_is_sent_again_and_withdrawn(cast: Cast, client_of: ClientOf) -> None:
    invitation, token = invite(
        tenant=cast.alder, email="ada@x.example", role="viewer", actor=SYSTEM, now=timezone.now() - timedelta(hours=1)
    )
    admin = client_of("tenant admin")
    admin.post(at(cast, f"invitations/{invitation.public_id}/resend"))
    assert Client().get(f"/invitations/{token}").status_code == 410
    newest = link_in(str(mail.outbox[0].body))
    assert Client().get(newest).status_code == 200
    admin.post(at(cast, f"invitations/{invitation.public_id}/withdraw"))
    assert Client().get(newest).status_code == 410


def test_roles_change_and_members_leave_and_the_last_admin_stays(cast: Cast, client_of: ClientOf) -> None:
    viewer, admin = cast.people["tenant viewer"], cast.people["tenant admin"]
    assert viewer
    assert admin
    browser = client_of("tenant admin")
    browser.post(at(cast, f"members/{viewer.public_id}/role"), {"role": "admin"})
    assert Membership.objects.get(user=viewer).role == "admin"
    browser.post(at(cast, f"members/{viewer.public_id}/role"), {"role": "viewer"})
    kept = browser.post(at(cast, f"members/{admin.public_id}/remove"), follow=True)
    assert b"This is the last admin" in kept.content
    assert b"Remove viewer@alder" in browser.get(at(cast, f"members/{viewer.public_id}/remove")).content
    browser.post(at(cast, f"members/{viewer.public_id}/remove"))
    assert client_of("tenant viewer").get(at(cast)).status_code == 404


def test_another_tenants_member_and_invitation_cannot_be_touched(cast: Cast, client_of: ClientOf) -> None:
    other = cast.people["other tenant's admin"]
    assert other
    theirs, _ = invite(tenant=cast.birch, email="ada@x.example", role="viewer", actor=SYSTEM, now=timezone.now())
    visit, _ = issue_link(tenant=cast.birch, role="viewer", actor=SYSTEM, now=timezone.now())
    browser = client_of("tenant admin")
    for path in (
        f"members/{other.public_id}/role",
        f"members/{other.public_id}/remove",
        f"invitations/{theirs.public_id}/resend",
        f"invitations/{theirs.public_id}/withdraw",
    ):
        assert browser.post(at(cast, path), {"role": "viewer"}).status_code == 404, path
    browser.post(at(cast, f"visits/{visit.public_id}/end"))
    theirs.refresh_from_db()
    visit.refresh_from_db()
    assert (theirs.revoked_at, visit.ended_at) == (None, None)
    assert Membership.objects.get(user=other).role == "admin"
    assert not mail.outbox


def guest(cast: Cast, role: str) -> Client:
    now = timezone.now()
    _, token = issue_link(tenant=cast.alder, role=role, email="ada@saas.example", actor=SYSTEM, now=now)
    browser = Client()
    browser.get(f"/portal-link/{token}")
    return browser


def test_a_guest_acts_as_the_link_says_and_in_this_tenant_alone(cast: Cast) -> None:
    admin, viewer = guest(cast, "admin"), guest(cast, "viewer")
    new = {"email": "cle@x.example", "role": "viewer"}
    assert viewer.get(at(cast, "members")).status_code == 200
    assert viewer.post(at(cast, "members/invite"), new).status_code == 403
    assert admin.post(at(cast, "members/invite"), new).status_code == 200
    assert AuditEntry.objects.get(action="invitation:create").actor_label == "ada@saas.example (from test)"
    for browser in (admin, viewer):
        assert browser.get(f"/portal/{cast.birch.public_id}/").status_code == 302
        assert browser.get("/").status_code == 302


def test_the_cookie_of_another_tenants_session_opens_nothing(cast: Cast) -> None:
    now = timezone.now()
    opened = open_link(token=issue_link(tenant=cast.birch, role="admin", actor=SYSTEM, now=now)[1], now=now)
    assert opened
    browser = Client()
    browser.cookies["partnerbus_portal"] = opened[1]
    assert browser.get(at(cast, "members"))["Location"] == "/portal-over"
    assert browser.post(at(cast, "members/invite"), {"email": "a@x.example"})["Location"] == "/portal-over"


def test_a_session_that_has_run_out_says_so_also_to_a_live_region(cast: Cast) -> None:
    browser = guest(cast, "admin")
    PortalSession.objects.update(expires_at=timezone.now())
    assert browser.get(at(cast))["Location"] == "/portal-over"
    assert browser.get(at(cast), headers={"HX-Request": "true"})["HX-Redirect"] == "/portal-over"
    assert b"Your visit is over" in browser.get("/portal-over").content


def test_looking_ahead_uses_no_link_up(cast: Cast) -> None:
    _, token = issue_link(tenant=cast.alder, role="viewer", actor=SYSTEM, now=timezone.now())
    for headers in ({"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"}):
        assert Client().get(f"/portal-link/{token}", headers=headers).status_code == 204
    assert Client().head(f"/portal-link/{token}").status_code == 204
    assert Client().get(f"/portal-link/{token}").status_code == 302


def test_leaving_ends_the_visit_for_good(cast: Cast) -> None:
    browser = guest(cast, "viewer")
    secret = browser.cookies["partnerbus_portal"].value
    assert browser.post(at(cast, "leave"))["Location"] == "/portal-over"
    browser.cookies["partnerbus_portal"] = secret
    assert browser.get(at(cast))["Location"] == "/portal-over"
