import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from integrations.registration.breakers import open_breaker
from integrations.registration.models import Environment
from integrations.sources.models import Desired, Source, SourceChange
from tests.dashboard.cast import Cast
from tests.dashboard.pages import (
    FUTURE,
    ClientOf,
    MakeSource,
    accepted,
    bury,
    change_gate,
    lede_of,
    page_of,
    store_event,
    title_of,
)


class TestTitle:
    def test_without_an_integration_the_page_says_which_command_begins(self, client: Client, django_user_model) -> None:  # type: ignore[no-untyped-def]
        client.force_login(django_user_model.objects.create_user("ops@example.com", staff_role="operations"))
        page = page_of(client)
        assert title_of(page) == "Nothing is connected yet"
        assert "python manage.py create_integration" in page

    def test_with_tenants_but_no_source_the_page_says_how_to_offer_one(self, client_of: ClientOf) -> None:
        assert "/sources&quot;" in page_of(client_of("support")) or '/sources"' in page_of(client_of("support"))

    def test_an_active_source_that_took_events_means_that_events_are_flowing(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        accepted(make_source(cast.alder))
        assert title_of(page_of(client_of("operations"))) == "Events are flowing"
        assert title_of(page_of(client_of("tenant viewer"))) == "Events are flowing"

    def test_before_the_first_accepted_event_nobody_says_that_events_flow(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        make_source(cast.alder)
        assert title_of(page_of(client_of("operations"))) == "Ready for events"
        assert title_of(page_of(client_of("tenant viewer"))) == "Connected"

    def test_a_pending_source_waits_for_the_tenants_admin_and_its_events_are_kept(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        source = make_source(
            cast.alder, observed="pending", expires_at=timezone.now() + timedelta(days=4, hours=19, minutes=1)
        )
        store_event(cast.alder, source)
        page = page_of(client_of("tenant admin"))
        assert title_of(page) == "Waiting for your AWS admin to accept"
        assert lede_of(page) == (
            "Once it is accepted, we start sending. 1 event is kept for you until then, and nothing is lost."
        )
        assert "in 4 d 19 h" in page
        assert title_of(page_of(client_of("support"))) == "Waiting for a tenant to accept"

    @pytest.mark.parametrize(
        ("fields", "for_staff", "for_tenant"),
        [
            (
                {"observed": "unknown", "provisioned_at": None, "failure_final": True},
                "One source could not be created",
                "Your source could not be created",
            ),
            (
                {"observed": "unknown", "provisioned_at": None},
                "Waiting for AWS to create sources",
                "Your source is being created",
            ),
            ({"desired": Desired.PAUSED}, "Nothing is being sent", "Sending is paused"),
            (
                {"observed": "none", "ended": "expired"},
                "Nothing is being sent",
                "The offer to your account expired",
            ),
            ({"observed": "deleted"}, "Nothing is being sent", "Your source is gone at AWS"),
            (
                {"opens_at": FUTURE},
                "Connected. Sending starts in a moment",
                "Connected. Sending starts in a moment",
            ),
            ({"suspect_since": FUTURE}, "Asking AWS again", "Asking AWS about your source"),
        ],
        ids=["failed", "requested", "paused", "expired", "deleted", "opening", "suspect"],
    )
    def test_what_does_not_flow_is_named(
        self,
        cast: Cast,
        client_of: ClientOf,
        make_source: MakeSource,
        fields: dict[str, Any],
        for_staff: str,
        for_tenant: str,
    ) -> None:
        source = make_source(cast.alder)
        Source.objects.filter(pk=source.pk).update(**fields)
        assert title_of(page_of(client_of("manager"))) == for_staff
        assert title_of(page_of(client_of("tenant viewer"))) == for_tenant

    def test_an_open_breaker_is_said_first_and_in_words(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource, environment: Environment
    ) -> None:
        accepted(make_source(cast.alder))
        open_breaker(
            environment=environment,
            region="eu-west-1",
            code="AccessDenied",
            message="not authorized",
            now=timezone.now(),
        )
        page = page_of(client_of("support"))
        assert title_of(page) == "Nothing is sent in eu-west-1"
        assert "AccessDenied: not authorized" in page
        portal = page_of(client_of("tenant viewer"))
        assert title_of(portal) == "Your events wait here"
        assert "AccessDenied" not in portal

    def test_a_breaker_of_another_region_is_not_this_tenants_concern(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource, environment: Environment
    ) -> None:
        accepted(make_source(cast.alder))
        open_breaker(environment=environment, region="us-east-1", code="AccessDenied", message="", now=timezone.now())
        assert title_of(page_of(client_of("tenant viewer"))) == "Events are flowing"

    def test_events_that_wait_behind_an_open_gate_for_a_minute_raise_the_alarm(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        source = make_source(cast.alder)
        accepted(source)
        two_minutes_ago = timezone.now() - timedelta(minutes=2)
        old = f"{int(two_minutes_ago.timestamp() * 1000):012x}"
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into pending values (%s, %s)", [source.pk, f"{old[:8]}-{old[8:]}-7000-8000-000000000000"]
            )
        assert title_of(page_of(client_of("support"))) == "Events wait to be sent"
        assert title_of(page_of(client_of("tenant viewer"))) == "Some of your events are late"


class TestSentences:
    def test_staff_read_how_many_are_connected_who_must_act_and_what_is_kept(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        accepted(make_source(cast.alder))
        store_event(cast.alder, make_source(cast.alder, label="b", observed="pending"))
        make_source(cast.birch, observed="none", ended="expired")
        assert lede_of(page_of(client_of("operations"))) == (
            "1 of 3 sources is connected. Two need somebody: 1 waits to be accepted, 1 expired. "
            "1 event is held here and nothing is lost."
        )

    def test_during_the_pause_after_an_activation_nobody_says_that_aws_takes_events(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        source = make_source(cast.alder)
        change_gate(source, opens_at=FUTURE)
        store_event(cast.alder, source)
        page = page_of(client_of("tenant viewer"))
        assert lede_of(page) == (
            "AWS says ACTIVE. 1 event waits a few seconds so that your rule can be ready; nothing is lost."
        )
        assert "Connected, sending soon" in page
        assert "AWS takes your events" not in page
        staff = page_of(client_of("support"))
        assert "1 of 1 source is connected. 1 starts in a moment." in lede_of(staff)

    def test_a_suspect_source_is_not_called_connected(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        change_gate(make_source(cast.alder), suspect_since=FUTURE)
        page = page_of(client_of("tenant viewer"))
        assert "Asking AWS again" in page
        assert "Connected" not in page
        assert lede_of(page_of(client_of("support"))).startswith("0 of 1 source is connected. 1 is being asked about")

    def test_a_source_that_was_active_and_is_pending_is_detached(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource, now: datetime
    ) -> None:
        source = make_source(cast.alder, observed="pending", activated_at=now)
        for before, after in (("pending", "active"), ("active", "pending")):
            SourceChange.objects.create(
                source=source, at=now, cause="aws", field="observed", before=before, after=after
            )
        page = page_of(client_of("tenant viewer"))
        assert title_of(page) == "Your source is no longer attached to an event bus"
        # Which of the two has happened is not visible to us.
        assert "aws events activate-event-source" in page
        assert "aws events create-event-bus" in page
        staff = page_of(client_of("support"))
        assert title_of(staff) == "A source is detached"
        assert "is detached: AWS said ACTIVE before" in staff

    def test_a_source_that_is_offered_anew_is_not_called_detached(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource, now: datetime
    ) -> None:
        source = make_source(cast.alder, observed="pending", activated_at=now)
        for before, after in (("active", "none"), ("unknown", "pending")):
            SourceChange.objects.create(
                source=source, at=now, cause="aws", field="observed", before=before, after=after
            )
        page = page_of(client_of("tenant viewer"))
        assert title_of(page) == "Waiting for your AWS admin to accept"
        assert "aws events activate-event-source" in page  # its old bus may be left

    def test_a_source_of_which_aws_has_not_spoken_since_it_was_offered_again_is_not_called_detached(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource, now: datetime
    ) -> None:
        source = make_source(cast.alder, observed="unknown")
        SourceChange.objects.create(source=source, at=now, cause="aws", field="observed", before="active", after="none")
        assert title_of(page_of(client_of("tenant viewer"))) == "Waiting for your AWS admin to accept"

    @pytest.mark.parametrize(("minutes", "title"), [(14, "Events are flowing"), (16, "Connected")])
    def test_events_flow_only_while_aws_takes_some(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource, minutes: int, title: str
    ) -> None:
        accepted(make_source(cast.alder), timedelta(minutes=minutes))
        for role in ("support", "tenant viewer"):
            page = page_of(client_of(role))
            assert title_of(page) == title
            assert ("AWS last took an event at" in page) is (title == "Connected")

    def test_dead_letters_are_never_passed_over(self, cast: Cast, client_of: ClientOf, make_source: MakeSource) -> None:
        source = make_source(cast.alder)
        accepted(source)
        bury(source, 500)
        for role in ("support", "tenant viewer"):
            page = page_of(client_of(role))
            assert lede_of(page).endswith("500 could not be delivered and are not tried again; they are kept.")
            assert re.search(r'class="(with-i|big-state) wait"', page)

    def test_counts_that_stopped_at_their_limit_are_the_least_there_is(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module in (
            "integrations.events.queries",
            "dashboard.web.overview",
            "dashboard.web.templatetags.partnerbus",
        ):
            monkeypatch.setattr(f"{module}.COUNT_LIMIT", 3)
        source = make_source(cast.alder, observed="pending")
        for _ in range(4):
            store_event(cast.alder, source)
        tenant, staff = page_of(client_of("tenant viewer")), page_of(client_of("support"))
        assert "At least 3 events are kept for you until then" in lede_of(tenant)
        assert "3+ held for you" in tenant
        assert "At least 3 events are held here" in lede_of(staff)
