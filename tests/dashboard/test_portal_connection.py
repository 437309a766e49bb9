from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.registration.breakers import open_breaker
from integrations.registration.models import Environment
from integrations.sources.models import Desired, HandOffLink, Lane, Source, SourceChange
from tenants.models import AuditEntry
from tests.dashboard.cast import Cast
from tests.dashboard.pages import (
    FUTURE,
    HTMX,
    ClientOf,
    MakeSource,
    accepted,
    bury,
    lede_of,
    store_event,
    title_of,
)


def at(cast: Cast, path: str = "") -> str:
    return f"/portal/{cast.alder.public_id}/{path}"


def page(client_of: ClientOf, cast: Cast, path: str = "", role: str = "tenant admin") -> str:
    answer = client_of(role).get(at(cast, path))
    assert answer.status_code == 200
    return answer.content.decode()


GIVEN = {"account": "1234-5678 9012", "region": "us-east-1", "scope": "all", "label": "events"}


class TestEnabling:
    def test_an_account_is_looked_at_before_anything_is_offered(self, cast: Cast, client_of: ClientOf) -> None:
        asked = client_of("tenant admin").post(at(cast, "connect"), GIVEN).content.decode()
        assert title_of(asked) == "Is 1234-5678-9012 your AWS account?"
        assert "US East (N. Virginia), us-east-1" in asked
        assert "aws.partner/shop.example.com.test/" in asked
        assert not Source.objects.exists()

    def test_confirming_makes_the_offer_and_leads_to_its_page(self, cast: Cast, client_of: ClientOf) -> None:
        answer = client_of("tenant admin").post(at(cast, "connect"), GIVEN | {"confirmed": "123456789012"})
        source = Source.objects.get(tenant=cast.alder)
        assert (source.account, source.region, source.label, source.event_types) == (
            "123456789012",
            "us-east-1",
            "events",
            None,
        )
        assert answer["Location"] == at(cast, f"sources/{source.public_id}")
        assert AuditEntry.objects.get(action="source:create").actor_label == "admin@alder.example.com"
        assert title_of(page(client_of, cast)) == "The offer is being made"

    def test_confirming_another_account_than_the_one_in_the_form_only_asks_again(
        self, cast: Cast, client_of: ClientOf
    ) -> None:
        asked = client_of("tenant admin").post(at(cast, "connect"), GIVEN | {"confirmed": "210987654321"})
        assert b"Is 1234-5678-9012 your AWS account?" in asked.content
        assert not Source.objects.exists()

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"account": "12345678901"}, "has 12 digits"),
            ({"account": "\uff11" * 12}, "has 12 digits"),
            ({"label": "a b"}, "use letters, digits"),
            ({"scope": "some"}, "Name 1 to 100 event types"),
            ({"region": "eu-north-1"}, "not one of the available choices"),
        ],
    )
    def test_what_cannot_be_is_said_at_the_form(
        self, cast: Cast, client_of: ClientOf, change: dict[str, str], sentence: str
    ) -> None:
        answer = client_of("tenant admin").post(at(cast, "connect"), GIVEN | change)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        assert not Source.objects.exists()

    def test_that_others_use_the_account_is_not_told(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        make_source(cast.birch)
        answer = client_of("tenant admin").post(at(cast, "connect"), GIVEN | {"account": "222222222222"})
        assert "irch" not in answer.content.decode()

    def test_before_going_live_nobody_connects_to_production_and_the_page_says_why(
        self, cast: Cast, client_of: ClientOf, environment: Environment
    ) -> None:
        Environment.objects.filter(pk=environment.pk).update(
            kind="production", namespace="aws.partner/shop.example.com", enabled_at=None
        )
        assert "Not open yet" in page(client_of, cast)
        answer = client_of("support").post(at(cast, "connect"), GIVEN | {"confirmed": "123456789012"})
        assert answer.status_code == 422
        assert not Source.objects.exists()

    def test_types_of_other_tenants_events_are_not_offered(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        store_event(cast.birch, make_source(cast.birch), "birch.secret")
        store_event(cast.alder, make_source(cast.alder), "order.created")
        form = page(client_of, cast, "connect")
        assert "order.created" in form
        assert "birch.secret" not in form


class TestOneConnection:
    @pytest.mark.parametrize(
        ("fields", "title"),
        [
            ({"observed": "pending"}, "Waiting for your AWS admin to accept"),
            ({"observed": "unknown", "provisioned_at": None}, "The offer is being made"),
            (
                {"observed": "unknown", "provisioned_at": None, "failure_final": True, "failure_code": "AccessDenied"},
                "AWS did not make the offer",
            ),
            ({"desired": Desired.PAUSED}, "Sending is paused"),
            ({"observed": "none", "ended": "expired"}, "The offer to your account expired"),
            ({"observed": "deleted", "ended": "gone"}, "Your source is gone at AWS"),
            ({"opens_at": FUTURE}, "Connected"),
            ({"suspect_since": FUTURE}, "Asking AWS about your source"),
            ({}, "Connected"),
        ],
        ids=["pending", "requested", "failed", "paused", "expired", "gone", "opening", "checking", "active"],
    )
    def test_the_title_says_the_state(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource, fields: dict[str, Any], title: str
    ) -> None:
        source = make_source(cast.alder)
        Source.objects.filter(pk=source.pk).update(**fields)
        assert title_of(page(client_of, cast, role="tenant viewer")) == title

    def test_detached_is_more_than_pending(self, cast: Cast, client_of: ClientOf, make_source: MakeSource) -> None:
        source = make_source(cast.alder, observed="pending", activated_at=timezone.now())
        SourceChange.objects.create(
            source=source, at=timezone.now(), cause="aws", field="observed", before="active", after="pending"
        )
        shown = page(client_of, cast)
        assert title_of(shown) == "No longer attached to an event bus"
        assert "activate-event-source" in shown

    def test_a_source_that_was_made_anew_says_how_its_old_bus_is_attached_again(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        source = make_source(cast.alder, observed="pending", activated_at=timezone.now())
        for before, after in (("active", "none"), ("unknown", "pending")):
            SourceChange.objects.create(
                source=source, at=timezone.now(), cause="aws", field="observed", before=before, after=after
            )
        shown = page(client_of, cast)
        assert title_of(shown) == "Waiting for your AWS admin to attach it again"
        assert "Next step: attach the source again" in shown
        assert "aws events activate-event-source" in shown
        staff = client_of("support").get(f"/operators/sources/{source.public_id}").content.decode()
        assert "AWS keeps it PENDING until its AWS admin attaches it again" in staff
        assert "aws events activate-event-source" in staff

    def test_a_breaker_is_our_trouble_and_told_without_aws_words(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource, environment: Environment
    ) -> None:
        make_source(cast.alder)
        open_breaker(
            environment=environment, region="eu-west-1", code="AccessDenied", message="role/x", now=timezone.now()
        )
        shown = page(client_of, cast)
        assert title_of(shown) == "Your events wait here"
        assert "AccessDenied" not in shown
        assert "role/x" not in shown

    def test_what_waits_and_what_is_lost_stands_in_the_sentence(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        source = make_source(cast.alder, observed="pending")
        store_event(cast.alder, source)
        assert "1 event is kept for you, and nothing is lost." in lede_of(page(client_of, cast))
        bury(source, 2)
        assert "2 events could not be delivered" in lede_of(page(client_of, cast))

    def test_who_waits_finds_names_kit_and_what_helps_and_a_viewer_no_buttons(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        source = make_source(
            cast.alder, observed="pending", expires_at=timezone.now() + timedelta(days=4, hours=19, minutes=1)
        )
        for role, acts in (("tenant admin", True), ("tenant viewer", False)):
            shown = page(client_of, cast, role=role)
            assert "in 4 d 19 h" in shown
            assert "aws events create-event-bus" in shown
            assert "console.aws.amazon.com" in shown
            assert ("Hand it over" in shown) is acts
            assert ("Send test event" in shown) is acts
        file = client_of("tenant viewer").get(at(cast, f"sources/{source.public_id}/kit/cloudformation"))
        assert file["Content-Disposition"].endswith('.yaml"')

    def test_the_change_from_pending_to_connected_is_marked_once(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        make_source(cast.alder)
        browser = client_of("tenant viewer")
        arriving = browser.get(at(cast), {"was": "pending"}, headers=HTMX)
        assert b"big-state ok arrived" in arriving.content
        assert b"arrived" not in browser.get(at(cast), {"was": "active"}, headers=HTMX).content
        again = browser.get(at(cast), headers=HTMX | {"If-None-Match": arriving["ETag"]})
        assert again.status_code == 304

    def test_a_page_costs_a_dozen_queries_at_most(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        source = make_source(cast.alder)
        accepted(source)
        for _ in range(10):
            store_event(cast.alder, source)
        for role in ("tenant viewer", "support"):
            browser = client_of(role)
            for path in ("", f"sources/{source.public_id}", "deliveries", "members", "connect"):
                with CaptureQueriesContext(
                    connection,
                ) as asked:
                    browser.get(at(cast, path))
                assert len(asked) <= 12, (role, path, [each["sql"][:80] for each in asked])

    def test_several_are_listed_with_the_one_first_that_needs_somebody(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        make_source(cast.alder)
        make_source(cast.alder, region="us-east-1", observed="pending")
        shown = page(client_of, cast)
        assert title_of(shown) == "1 of 2 connections receive events"
        assert "US East (N. Virginia), us-east-1: Waiting for your AWS admin to accept." in lede_of(shown)


class TestActing:
    def test_pausing_and_resuming(self, cast: Cast, client_of: ClientOf, make_source: MakeSource) -> None:
        source = make_source(cast.alder)
        browser = client_of("tenant admin")
        browser.post(at(cast, f"sources/{source.public_id}/pause"))
        assert not Lane.objects.get(source=source).publishable
        browser.post(at(cast, f"sources/{source.public_id}/resume"))
        assert Lane.objects.get(source=source).publishable
        audited = AuditEntry.objects.filter(action__in=["source:pause", "source:resume"])
        assert {each.actor_label for each in audited} == {"admin@alder.example.com"}

    def test_an_expired_offer_is_made_again(self, cast: Cast, client_of: ClientOf, make_source: MakeSource) -> None:
        source = make_source(cast.alder, observed="none", ended="expired")
        client_of("tenant admin").post(at(cast, f"sources/{source.public_id}/offer-again"))
        source.refresh_from_db()
        assert (source.ended, source.provisioned_at) == ("", None)

    def test_a_refusal_is_said_on_the_page(self, cast: Cast, client_of: ClientOf, make_source: MakeSource) -> None:
        source = make_source(cast.alder)
        answer = client_of("tenant admin").post(at(cast, f"sources/{source.public_id}/offer-again"), follow=True)
        assert b"only one that expired, is gone, failed or was deleted" in answer.content

    def test_deleting_asks_for_the_label(self, cast: Cast, client_of: ClientOf, make_source: MakeSource) -> None:
        source = make_source(cast.alder)
        browser, path = client_of("tenant admin"), at(cast, f"sources/{source.public_id}/delete")
        assert browser.post(path, {"typed": "event"}).status_code == 422
        source.refresh_from_db()
        assert source.desired == Desired.PRESENT
        browser.post(path, {"typed": "events"})
        source.refresh_from_db()
        assert source.desired == Desired.ABSENT
        assert title_of(page(client_of, cast, f"sources/{source.public_id}")) == "This connection is deleted"

    def test_a_test_event_is_stored_for_this_source(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        source = make_source(cast.alder)
        answer = client_of("tenant admin").post(at(cast, f"sources/{source.public_id}/test"), follow=True)
        assert b"partnerbus.test" in answer.content
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from pending where source_id = %s", [source.pk])
            assert cursor.fetchone() == (1,)

    def test_a_hand_off_link_is_shown_once_and_can_be_withdrawn(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        source = make_source(cast.alder, observed="pending")
        browser, path = client_of("tenant admin"), at(cast, f"sources/{source.public_id}/hand-over")
        made = browser.post(path)
        assert b"http://127.0.0.1:8000/hand-off/" in made.content
        assert "no-store" in made["Cache-Control"]
        assert b"/hand-off/" not in browser.get(path).content
        link = HandOffLink.objects.get()
        browser.post(f"{path}/{link.public_id}/withdraw")
        link.refresh_from_db()
        assert link.revoked_at is not None

    def test_another_tenants_connection_is_not_there_for_anything(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        source = make_source(cast.birch, observed="pending")
        lines = AuditEntry.objects.count()
        browser = client_of("tenant admin")
        for action in ("", "/selection", "/delete", "/hand-over", "/kit/cli"):
            assert browser.get(at(cast, f"sources/{source.public_id}{action}")).status_code == 404, action
        for action in ("pause", "resume", "offer-again", "test", "delete", "selection", "hand-over"):
            given = {"typed": "events", "scope": "all", "save": "1"}
            assert browser.post(at(cast, f"sources/{source.public_id}/{action}"), given).status_code == 404, action
        assert AuditEntry.objects.count() == lines
        source.refresh_from_db()
        assert source.desired == Desired.PRESENT
