import re
from datetime import date, datetime, timedelta
from html import unescape
from uuid import UUID

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.events.rollups import minute_of
from integrations.events.traffic import traffic
from integrations.onboarding.models import Profile, Stage
from integrations.registration.breakers import open_breaker
from integrations.registration.models import Environment
from integrations.sources.maintenance import begin_maintenance
from integrations.sources.models import Source, SourceChange
from integrations.sources.reserve import reserve_for
from tenants.audit import Actor
from tests.dashboard.cast import Cast
from tests.dashboard.pages import FUTURE, HTMX, ClientOf, MakeSource, accepted, bury, store_event
from tests.events.history import dead


@pytest.fixture
def support(client_of: ClientOf) -> Client:
    return client_of("support")


def page(client: Client, path: str = "/operators/", **headers: str) -> str:
    cache.clear()
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def tile(shown: str, title: str) -> str:
    found = re.search(rf'<dt>{title}</dt><dd class="v[^>]*>(.*?)</dd>', shown, re.S)
    assert found
    return re.sub(r"<[^>]*>", "", found[1]).strip()


def part(shown: str, name: str) -> str:
    """Return what stands below a heading of a card."""
    found = re.search(rf'<h2 class="card-title">{name}</h2>(.*?)</section>', shown, re.S)
    assert found
    return found[1]


def roll_up(environment: Environment, minute: int, accepted: int, failed: int = 0, held: int = 0) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into rollups (source_id, minute, accepted, failed, held, bytes, latency)"
            " values (%s, %s, %s, %s, %s, 0, '{0,0,0,0,0,0,0,0}')",
            [-environment.pk, minute, accepted, failed, held],
        )


def overdue_stage(environment: Environment) -> None:
    Profile.objects.get_or_create(integration=environment.integration)
    Stage.objects.create(
        integration=environment.integration, number=2, state="doing", due_on=date(2020, 1, 1), opened_at=timezone.now()
    )


class TestTiles:
    def test_what_is_held_is_counted_over_all_sources_and_not_over_those_listed(
        self, support: Client, cast: Cast, make_source: MakeSource
    ) -> None:
        for number in range(52):
            source = make_source(cast.alder, label=f"s{number}", observed="pending")
            store_event(cast.alder, source)
        shown = page(support)
        assert tile(shown, "Held") == "52"
        assert tile(shown, "Waiting to be sent") == "0"

    def test_an_open_breaker_holds_what_an_open_gate_would_send(
        self, support: Client, cast: Cast, make_source: MakeSource, environment: Environment
    ) -> None:
        store_event(cast.alder, make_source(cast.alder))
        assert tile(page(support), "Waiting to be sent") == "1"
        open_breaker(environment=environment, region="eu-west-1", code="AccessDenied", message="no", now=timezone.now())
        shown = page(support)
        assert (tile(shown, "Held"), tile(shown, "Waiting to be sent")) == ("1", "0")

    def test_a_region_in_maintenance_holds_too(
        self, support: Client, cast: Cast, make_source: MakeSource, environment: Environment
    ) -> None:
        store_event(cast.alder, make_source(cast.alder))
        actor = Actor.system("test")
        begin_maintenance(environment=environment, region="eu-west-1", note="", actor=actor, now=timezone.now())
        shown = page(support)
        assert (tile(shown, "Held"), tile(shown, "Waiting to be sent")) == ("1", "0")

    def test_failing_sources_and_dead_letters_are_counted(
        self, support: Client, cast: Cast, make_source: MakeSource
    ) -> None:
        bury(make_source(cast.alder), 3)
        make_source(cast.birch, observed="deleted")
        shown = page(support)
        assert tile(shown, "Dead letters") == "3"
        assert tile(shown, "Sources failing") == "1"


class TestAttention:
    def test_the_worst_comes_first_and_aws_words_are_one_click_away(
        self, support: Client, cast: Cast, make_source: MakeSource, environment: Environment
    ) -> None:
        make_source(cast.alder, observed="pending", expires_at=FUTURE)
        make_source(cast.birch, observed="pending", expires_at=timezone.now() + timedelta(hours=5), label="soon")
        open_breaker(
            environment=environment, region="eu-west-1", code="AccessDenied", message="not yours", now=timezone.now()
        )
        listed = part(page(support), "Needs attention")
        assert listed.index("AWS refuses our credentials") < listed.index("Birch") < listed.index("Alder")
        assert "<summary>AWS's words</summary><code>AccessDenied: not yours</code>" in listed
        assert listed.count("expires <time") == 2

    def test_nothing_is_made_of_sources_that_are_well_or_on_their_way(
        self, support: Client, cast: Cast, make_source: MakeSource
    ) -> None:
        accepted(make_source(cast.alder))
        Source.objects.filter(pk=make_source(cast.birch).pk).update(observed="unknown", provisioned_at=None)
        assert "Nothing. Every source is connected" in part(page(support), "Needs attention")

    def test_a_long_list_says_how_many_more_there_are(
        self, support: Client, cast: Cast, make_source: MakeSource
    ) -> None:
        for number in range(11):
            make_source(cast.alder, label=f"s{number}", observed="pending")
        assert "3 more" in part(page(support), "Needs attention")

    def test_held_events_come_with_their_comfort(self, support: Client, cast: Cast, make_source: MakeSource) -> None:
        store_event(cast.alder, make_source(cast.alder, observed="pending"))
        assert "1 event is held here and nothing is lost." in part(page(support), "Needs attention")

    def test_dead_letters_of_a_tenant_without_a_source_are_one_click_away(self, support: Client, cast: Cast) -> None:
        reserve = reserve_for(tenant_id=cast.alder.pk)
        assert reserve is not None
        event = store_event(cast.alder, reserve)
        with connection.cursor() as cursor:
            cursor.execute("delete from pending")
        dead(reserve, UUID(event), "hold_limit", timezone.now())
        found = re.search(r'href="([^"]*)" id="need-dead', part(page(support), "Needs attention"))
        assert found
        assert event in page(support, unescape(found[1]))

    def test_an_integration_that_is_late_with_aws_stands_among_what_needs_somebody(
        self, support: Client, cast: Cast, make_source: MakeSource, environment: Environment
    ) -> None:
        make_source(cast.alder, observed="pending", expires_at=FUTURE)
        overdue_stage(environment)
        listed = part(page(support), "Needs attention")
        assert "Overdue: " in listed
        assert "on its way with AWS, stage 2 was due on 01 Jan 2020" in listed
        assert f"/onboarding/integrations/{environment.integration.public_id}" in listed
        assert listed.index("stage 2 was due") < listed.index("Alder")

    def test_what_a_tenant_or_aws_wrote_is_text(self, support: Client, cast: Cast, make_source: MakeSource) -> None:
        cast.alder.name = "<b onclick=x>Alder</b>"
        cast.alder.save()
        failed = {"failure_final": True, "failure_code": "X", "failure_message": "<script>alert(1)</script>"}
        Source.objects.filter(pk=make_source(cast.alder).pk).update(provisioned_at=None, **failed)
        shown = page(support)
        assert "<b onclick" not in shown
        assert "<script>alert" not in shown


class TestActivity:
    def test_people_and_aws_stand_in_one_list_newest_first(
        self, support: Client, cast: Cast, make_source: MakeSource
    ) -> None:
        SourceChange.objects.create(
            source=make_source(cast.birch),
            at=timezone.now() + timedelta(minutes=1),
            cause="aws",
            field="observed",
            before="pending",
            after="active",
        )
        listed = part(page(support), "Recent activity")
        assert listed.index("AWS says ACTIVE") < listed.index("Create tenant, by test")


class TestTraffic:
    def test_the_chart_is_a_table_of_what_all_environments_did(
        self, environment: Environment, store: None, now: datetime
    ) -> None:
        minute = minute_of(now)
        roll_up(environment, minute - 1, 5, 1, 2)
        roll_up(environment, minute - 3, 7)
        found = traffic(minutes=60, step=1, now=now)
        assert len(found.moments) == 60
        assert found.accepted[-3:] == [7, 0, 5]
        assert (found.failed[-1], found.held[-1]) == (1, 2)

    def test_steps_are_whole_and_add_up(self, environment: Environment, store: None, now: datetime) -> None:
        first = (minute_of(now) - 40) // 15 * 15
        for minute in range(first, first + 15):
            roll_up(environment, minute, 2)
        found = traffic(minutes=1_440, step=15, now=now)
        assert 30 in found.accepted
        assert sum(found.accepted) == 30

    def test_minutes_that_are_not_rolled_up_are_not_drawn_as_nothing(
        self, environment: Environment, store: None, now: datetime
    ) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into rollups (source_id, minute, accepted, failed, held, bytes, latency)"
                " values (0, %s, 0, 0, 0, 0, '{}')",
                [minute_of(now) - 11],
            )
        assert len(traffic(minutes=60, step=1, now=now).moments) == 50

    @pytest.mark.parametrize("period", ["1h", "24h", "7d", "nonsense"])
    def test_a_period_is_a_link_and_the_chart_refreshes_alone(self, period: str, support: Client) -> None:
        shown = page(support, f"/operators/?period={period}")
        assert shown.count('aria-current="true"') == 1
        alone = page(support, f"/operators/traffic?period={period}", **HTMX)
        assert alone.startswith('<section class="card" id="traffic"')


class TestRegions:
    def test_a_refresh_brings_attention_and_activity_along(
        self, support: Client, cast: Cast, make_source: MakeSource
    ) -> None:
        make_source(cast.alder)
        body = page(support, **HTMX)
        assert body.count('hx-swap-oob="true"') == 2
        assert 'id="traffic"' not in body

    def test_without_a_change_nothing_is_sent(self, support: Client, cast: Cast, make_source: MakeSource) -> None:
        source = make_source(cast.alder, observed="pending")
        tag = support.get("/operators/", headers=HTMX).headers["ETag"]
        assert support.get("/operators/", headers={**HTMX, "If-None-Match": tag}).status_code == 304
        store_event(cast.alder, source)
        cache.clear()
        assert support.get("/operators/", headers={**HTMX, "If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("size", [2, 40])
def test_the_page_asks_at_most_twelve_questions_whatever_the_size(
    size: int, support: Client, cast: Cast, make_source: MakeSource, environment: Environment
) -> None:
    overdue_stage(environment)
    for number in range(size):
        store_event(cast.alder, make_source(cast.alder, label=f"s{number}", observed="pending"))
    page(support)
    cache.delete("overview:queued")
    with CaptureQueriesContext(connection) as queries:
        assert support.get("/operators/").status_code == 200
    assert len(queries) <= 12, [query["sql"][:80] for query in queries]
