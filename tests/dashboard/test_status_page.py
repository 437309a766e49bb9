import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.registration.breakers import open_breaker
from integrations.registration.models import Environment
from integrations.sources.models import Desired, Lane, Source
from tenants.identifiers import uuid7
from tenants.models import Membership, Tenant
from tests.dashboard.cast import Cast

MakeSource = Callable[..., Source]
ClientOf = Callable[[str], Client]
HTMX = {"HX-Request": "true"}


def page_of(client: Client) -> str:
    answer = client.get("/")
    assert answer.status_code == 200
    return answer.content.decode()


def title_of(page: str) -> str:
    found = re.search(r"<h1[^>]*>(?:<svg.*?</svg>)?(.*?)</h1>", page, re.S)
    assert found
    return found[1]


def store_event(tenant: Tenant, source: Source, kind: str = "order.created") -> str:
    """Store an event with its delivery as ingest does."""
    identifier = uuid7()
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into event_types (name) values (%s)"
            " on conflict (name) do update set name = excluded.name returning id",
            [kind],
        )
        (type_id,) = cursor.fetchone()
        cursor.execute(
            "insert into events (id, environment_id, tenant_id, type_id, wire) values (%s, %s, %s, %s, '')",
            [identifier, source.environment_id, tenant.pk, type_id],
        )
        cursor.execute("insert into pending values (%s, %s)", [source.pk, identifier])
    return str(identifier)


def accepted(source: Source) -> None:
    with connection.cursor() as cursor:
        cursor.execute("insert into activity values (%s, now())", [source.pk])


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
        assert "1 event is kept for you" in page
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
                "One of your sources is no longer at AWS",
            ),
            ({"observed": "deleted"}, "Nothing is being sent", "One of your sources is no longer at AWS"),
        ],
        ids=["failed", "requested", "paused", "expired", "deleted"],
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


class TestSources:
    def test_identifiers_are_shown_in_full_with_a_button_to_copy_them(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        arn = "arn:aws:events:eu-west-1::event-source/aws.partner/shop.example.com.test/alder/events"
        source = make_source(cast.alder, arn=arn)
        for role in ("tenant viewer", "manager"):
            page = page_of(client_of(role))
            assert f'data-copy="{arn}"' in page
            assert f'data-copy="{source.name}"' in page
            assert "2222-2222-2222" in page
            assert 'data-copy="222222222222"' in page
            text = re.sub(r"<wbr>|</?span[^>]*>", "", page)
            assert arn in text

    def test_our_state_and_awss_own_word_stand_side_by_side(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        make_source(cast.alder, desired=Desired.PAUSED)
        page = page_of(client_of("support"))
        assert "Paused</span>" in page
        assert "ACTIVE</span>" in page
        assert "AWS asked" in page

    def test_a_reserve_says_that_events_are_kept_until_there_is_a_source(
        self, cast: Cast, client_of: ClientOf, environment: Environment
    ) -> None:
        reserve = Source.objects.create(environment=environment, tenant=cast.alder)
        Lane.objects.create(source=reserve, environment=environment)
        store_event(cast.alder, reserve)
        page = page_of(client_of("tenant admin"))
        assert title_of(page) == "Not connected yet"
        assert "Events are kept until your first source exists." in page
        assert "1 held" in page
        assert "No AWS account yet" in page_of(client_of("support"))

    def test_a_long_list_is_cut_says_so_and_starts_with_those_that_need_somebody(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        for number in range(51):
            make_source(cast.alder, label=f"ok{number:02}")
        make_source(cast.birch, label="late", observed="pending")
        page = page_of(client_of("support"))
        assert "50 of 52 are listed, those first that need somebody" in page
        assert page.index("birch/late") < page.index("alder/ok00")
        assert "alder/ok50" not in page

    def test_what_aws_or_a_tenant_wrote_is_text_and_never_markup(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        cast.alder.name = "<b onclick=x>Alder</b> {{ 7 }} \"'"
        cast.alder.save()
        source = make_source(cast.alder, failure_message="<script>alert(1)</script>", label='"><img>')
        store_event(cast.alder, source, kind="<i>type</i>")
        for role in ("support", "tenant admin"):
            page = page_of(client_of(role))
            for markup in ("<b onclick", "<script>alert", "<img>", "<i>type"):
                assert markup not in page
            assert "&lt;b onclick=x&gt;Alder&lt;/b&gt; {{ 7 }}" in page


class TestIsolation:
    @pytest.fixture
    def two_tenants(self, cast: Cast, make_source: MakeSource) -> dict[str, str]:
        """Both tenants have a source and an event; returned are words that only one of them may read."""
        return {
            name: store_event(tenant, make_source(tenant, label=f"{name}-label"), kind=f"{name}.type")
            for name, tenant in (("alder", cast.alder), ("birch", cast.birch))
        }

    @pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "live region"])
    @pytest.mark.parametrize(
        ("role", "seen"),
        [
            ("stranger", set()),
            ("tenant viewer", {"alder"}),
            ("tenant admin", {"alder"}),
            ("other tenant's admin", {"birch"}),
            ("support", {"alder", "birch"}),
            ("manager", {"alder", "birch"}),
            ("operations", {"alder", "birch"}),
        ],
    )
    def test_people_see_their_own_tenants_and_nobody_elses(
        self, role: str, seen: set[str], headers: dict[str, str], client_of: ClientOf, two_tenants: dict[str, str]
    ) -> None:
        page = client_of(role).get("/", headers=headers).content.decode()
        for name, event_id in two_tenants.items():
            for word in (f"{name}-label", f"{name}.type", event_id):
                assert (word in page) is (name in seen)

    def test_a_revoked_membership_closes_the_page_at_the_next_refresh(
        self, client_of: ClientOf, two_tenants: dict[str, str]
    ) -> None:
        client = client_of("tenant admin")
        tag = client.get("/", headers=HTMX).headers["ETag"]
        Membership.objects.all().delete()
        answer = client.get("/", headers={**HTMX, "If-None-Match": tag})
        assert answer.status_code == 200
        assert "alder-label" not in answer.content.decode()

    def test_a_closed_tenant_is_shown_to_nobody(
        self, cast: Cast, client_of: ClientOf, two_tenants: dict[str, str]
    ) -> None:
        cast.alder.closed_at = timezone.now()
        cast.alder.save()
        assert "alder-label" not in page_of(client_of("tenant admin"))
        assert "alder-label" not in page_of(client_of("support"))

    def test_somebody_who_was_switched_off_is_signed_out(self, cast: Cast, client_of: ClientOf) -> None:
        client = client_of("support")
        cast.people["support"].is_active = False  # type: ignore[union-attr]
        cast.people["support"].save()  # type: ignore[union-attr]
        assert client.get("/").status_code == 302


class TestLiveRegion:
    def test_the_region_alone_is_sent_to_htmx_with_its_title_and_tag(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        make_source(cast.alder)
        for role in ("support", "tenant viewer"):
            answer = client_of(role).get("/", headers=HTMX)
            body = answer.content.decode()
            assert "<html" not in body
            assert "<title>" in body
            assert 'hx-trigger="every 5s, refresh"' in body
            assert answer.headers["ETag"].strip('"') in body
            assert "HX-Request" in answer.headers["Vary"]
            assert "no-store" in answer.headers["Cache-Control"]

    def test_nothing_is_sent_while_nothing_changed_and_the_region_when_something_did(
        self, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        source = make_source(cast.alder, observed="pending")
        client = client_of("tenant viewer")
        headers = {**HTMX, "If-None-Match": client.get("/", headers=HTMX).headers["ETag"]}
        same = client.get("/", headers=headers)
        assert (same.status_code, same.content) == (304, b"")
        store_event(cast.alder, source)
        assert client.get("/", headers=headers).status_code == 200

    def test_a_browser_that_repeats_a_tag_without_htmx_gets_the_page(self, client_of: ClientOf) -> None:
        client = client_of("support")
        tag = client.get("/").headers["ETag"]
        assert client.get("/", headers={"If-None-Match": tag}).status_code == 200

    def test_a_signed_out_region_sends_the_whole_page_to_sign_in(self, client: Client, db: None) -> None:
        answer = client.get("/", headers=HTMX)
        assert answer.headers["HX-Redirect"] == "/accounts/login"


class TestCost:
    @pytest.mark.parametrize("role", ["support", "tenant admin"])
    @pytest.mark.parametrize("size", [2, 40])
    def test_the_page_asks_at_most_twelve_questions_whatever_the_size(
        self, role: str, size: int, cast: Cast, client_of: ClientOf, make_source: MakeSource
    ) -> None:
        for number in range(size):
            source = make_source(cast.alder, label=f"s{number}", observed="active" if number % 2 else "pending")
            store_event(cast.alder, source, kind=f"kind.{number}")
        client = client_of(role)
        with CaptureQueriesContext(connection) as queries:
            page_of(client)
        assert len(queries) <= 12, [query["sql"][:80] for query in queries]
