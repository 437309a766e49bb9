"""Lists of events: filters, pages, and how much of the store one page may search."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.events import candidates, ingest
from integrations.events.candidates import Question
from integrations.events.listing import Page, list_events
from integrations.events.models import EventType
from integrations.registration.breakers import open_breaker
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.accounts import put_tenant
from tenants.models import Tenant
from tests.conftest import SYSTEM
from tests.events.history import accepted, attempt, code_id, dead, execute, retrying

pytestmark = pytest.mark.usefixtures("store")

Store = Callable[..., list[ingest.Result]]
MakeSource = Callable[..., Source]


@pytest.fixture
def birch(environment: Environment, now: datetime) -> Tenant:
    return put_tenant(directory=environment.directory, external_id="birch", name="Birch", actor=SYSTEM, now=now)[0]


@pytest.fixture
def stored(store_events: Store) -> Callable[..., list[UUID]]:
    """Store events of Alder one after the other and return their ids, oldest first."""

    def store(count: int = 1, **fields: Any) -> list[UUID]:
        posted = [{"tenant": "alder", "type": "order.created", "detail": {}} | fields for _ in range(count)]
        return [UUID(str(result.event_id)) for result in store_events(*posted)]

    return store


Stored = Callable[..., list[UUID]]


def ids(page: Page) -> list[UUID]:
    return [row.event_id for row in page.rows]


def all_pages(question: Question, limit: int) -> list[UUID]:
    """Follow a list to its end."""
    found: list[UUID] = []
    below = None
    for _ in range(100):
        page = list_events(question, below=below, limit=limit)
        found += ids(page)
        if page.older is None:
            return found
        below = page.older
    raise AssertionError("The list has no end.")


def type_id(name: str) -> int:
    return EventType.objects.get(name=name).pk


class TestPages:
    def test_they_show_every_event_once_newest_first(
        self, tenant: Tenant, environment: Environment, stored: Stored
    ) -> None:
        expected = stored(23)[::-1]
        for limit in (1, 7, 23, 50):
            for question in (Question(environment_id=environment.pk), Question(tenant_ids=(tenant.pk,)), Question()):
                assert all_pages(question, limit) == expected

    def test_an_event_that_arrives_in_between_moves_nothing(self, tenant: Tenant, stored: Stored) -> None:
        first = stored(4)
        page = list_events(Question(tenant_ids=(tenant.pk,)), limit=2)
        stored(3)
        assert ids(list_events(Question(tenant_ids=(tenant.pk,)), below=page.older, limit=2)) == first[1::-1]

    def test_the_last_page_says_so(self, tenant: Tenant, stored: Stored) -> None:
        stored(2)
        assert list_events(Question(tenant_ids=(tenant.pk,)), limit=2).older is None

    def test_a_state_that_few_are_in_is_paged_too(
        self, tenant: Tenant, environment: Environment, make_source: MakeSource, stored: Stored, now: datetime
    ) -> None:
        source = make_source(tenant)
        died = stored(9)
        for event_id in died:
            dead(source, event_id, "InternalFailure", now)
        stored(5)
        for question in (Question(environment_id=environment.pk, state="dead"), Question(source=source, state="dead")):
            assert all_pages(question, 2) == died[::-1]


class TestScope:
    def test_another_environment_and_another_tenant_have_their_own(
        self, tenant: Tenant, birch: Tenant, other_environment: Environment, stored: Stored
    ) -> None:
        stored(2)
        (foreign,) = stored(tenant="birch")
        assert ids(list_events(Question(environment_id=other_environment.pk))) == []
        assert ids(list_events(Question(tenant_ids=(birch.pk,)))) == [foreign]
        assert ids(list_events(Question(tenant_ids=()))) == []

    @pytest.mark.parametrize("few", [0, 10])
    def test_some_tenants_are_searched_together(
        self, tenant: Tenant, birch: Tenant, stored: Stored, monkeypatch: pytest.MonkeyPatch, few: int
    ) -> None:
        monkeypatch.setattr(candidates, "FEW_TENANTS", few)
        expected = [*stored(2), *stored(tenant="birch"), *stored(1)]
        question = Question(tenant_ids=(tenant.pk, birch.pk))
        assert all_pages(question, 2) == expected[::-1]
        assert all_pages(Question(tenant_ids=(birch.pk,)), 2) == [expected[2]]

    @pytest.mark.parametrize("few", [0, 10])
    def test_an_environment_is_found_among_others_whether_its_tenants_are_few_or_many(
        self,
        tenant: Tenant,
        environment: Environment,
        other_environment: Environment,
        stored: Stored,
        monkeypatch: pytest.MonkeyPatch,
        few: int,
    ) -> None:
        monkeypatch.setattr(candidates, "FEW_TENANTS", few)
        expected = stored(3)
        execute("update events set environment_id = %s where id = %s", other_environment.pk, expected[1])
        found = all_pages(Question(environment_id=environment.pk), 1)
        assert found == ([expected[2], expected[0]])

    @pytest.mark.parametrize("state", ["waiting", "held", "retrying", "dead", "accepted", "settled"])
    def test_no_state_lets_anybody_through_the_wall(
        self,
        tenant: Tenant,
        birch: Tenant,
        other_environment: Environment,
        make_source: MakeSource,
        stored: Stored,
        now: datetime,
        state: str,
    ) -> None:
        put_in_state(state, make_source(tenant, event_types=["order.created"]), stored, now)
        assert list_events(Question(tenant_ids=(tenant.pk,), state=state)).rows
        assert ids(list_events(Question(environment_id=other_environment.pk, state=state))) == []
        assert ids(list_events(Question(tenant_ids=(birch.pk,), state=state))) == []


def put_in_state(state: str, source: Source, stored: Stored, now: datetime) -> UUID:
    """Store an event and bring its delivery into this state."""
    (event_id,) = stored(type="order.paid" if state == "settled" else "order.created")
    if state == "held":
        execute("update sources_lane set publishable = false where source_id = %s", source.pk)
    elif state == "retrying":
        retrying(source, event_id, "ThrottlingException", now)
    elif state == "dead":
        dead(source, event_id, "InternalFailure", now)
    elif state == "accepted":
        accepted(source, event_id, now)
    return event_id


class TestFilters:
    @pytest.mark.parametrize("state", ["waiting", "held", "retrying", "dead", "accepted", "settled"])
    def test_each_state_finds_its_events_and_no_others(
        self,
        tenant: Tenant,
        environment: Environment,
        make_source: MakeSource,
        stored: Stored,
        now: datetime,
        state: str,
    ) -> None:
        open_source = make_source(tenant, label="open", event_types=["order.created"])
        expected: dict[str, UUID] = {
            each: put_in_state(each, open_source, stored, now)
            for each in ("waiting", "retrying", "dead", "accepted", "settled")
        }
        execute("update sources_source set desired = 'absent' where id = %s", open_source.pk)
        expected["held"] = put_in_state("held", make_source(tenant, label="closed"), stored, now)
        for question in (
            Question(environment_id=environment.pk, state=state),
            Question(tenant_ids=(tenant.pk,), state=state),
            Question(state=state),
        ):
            page = list_events(question)
            assert [(row.event_id, row.state) for row in page.rows] == [(expected[state], state)]

    def test_held_includes_what_was_tried_before_the_gate_closed_or_a_breaker_opened(
        self, tenant: Tenant, environment: Environment, make_source: MakeSource, stored: Stored, now: datetime
    ) -> None:
        source = make_source(tenant)
        first, second = stored(2)
        retrying(source, first, "InternalFailure", now)
        open_breaker(environment=environment, region="eu-west-1", code="ExpiredTokenException", message="", now=now)
        page = list_events(Question(environment_id=environment.pk, state="held"))
        assert ids(page) == [second, first]
        assert {row.reason for row in page.rows} == {"breaker:ExpiredTokenException"}

    def test_an_event_is_listed_under_the_one_word_that_stands_for_it(
        self, tenant: Tenant, make_source: MakeSource, stored: Stored, now: datetime
    ) -> None:
        good, bad = make_source(tenant, label="good"), make_source(tenant, label="bad")
        (event_id,) = stored()
        accepted(good, event_id, now)
        dead(bad, event_id, "InternalFailure", now)
        of_tenant = {"tenant_ids": (tenant.pk,)}
        assert ids(list_events(Question(state="dead", **of_tenant))) == [event_id]  # type: ignore[arg-type]
        assert ids(list_events(Question(state="accepted", **of_tenant))) == []  # type: ignore[arg-type]

    def test_with_a_source_the_state_is_that_of_its_delivery(
        self, tenant: Tenant, make_source: MakeSource, stored: Stored, now: datetime
    ) -> None:
        good = make_source(tenant, label="good", event_types=["order.created"])
        bad = make_source(tenant, label="bad", event_types=["order.created", "order.paid"])
        (event_id,) = stored()
        (unselected,) = stored(type="order.paid")
        accepted(good, event_id, now)
        dead(bad, event_id, "InternalFailure", now)
        assert [(row.event_id, row.state) for row in list_events(Question(source=good)).rows] == [
            (event_id, "accepted")
        ]
        assert ids(list_events(Question(source=good, state="accepted"))) == [event_id]
        assert ids(list_events(Question(source=good, state="dead"))) == []
        assert ids(list_events(Question(source=bad))) == [unselected, event_id]

    def test_a_type_is_found_alone_and_with_a_state(
        self, tenant: Tenant, environment: Environment, make_source: MakeSource, stored: Stored
    ) -> None:
        make_source(tenant)
        stored(3)
        paid = stored(2, type="order.paid")
        stored(3)
        for state in (None, "waiting"):
            for scope in ({"tenant_ids": (tenant.pk,)}, {"environment_id": environment.pk}):
                question = Question(type_id=type_id("order.paid"), state=state, **scope)  # type: ignore[arg-type]
                assert all_pages(question, 1) == paid[::-1]
                assert all_pages(Question(type_id=-1, state=state, **scope), 1) == []  # type: ignore[arg-type]

    def test_a_code_finds_dead_letters_and_retries(
        self, tenant: Tenant, environment: Environment, make_source: MakeSource, stored: Stored, now: datetime
    ) -> None:
        source = make_source(tenant)
        first, second, third, _ = stored(4)
        dead(source, first, "InternalFailure", now)
        retrying(source, second, "InternalFailure", now)
        dead(source, third, "MalformedDetail", now)
        code = code_id("InternalFailure")
        assert ids(list_events(Question(environment_id=environment.pk, code_id=code))) == [second, first]
        assert ids(list_events(Question(environment_id=environment.pk, code_id=code, state="dead"))) == [first]
        assert ids(list_events(Question(environment_id=environment.pk, code_id=code, state="waiting"))) == []

    def test_times_are_those_of_receipt_the_end_exclusive(
        self, tenant: Tenant, make_source: MakeSource, stored: Stored, now: datetime
    ) -> None:
        make_source(tenant)
        (event_id,) = stored()
        received = list_events(Question()).rows[0].received_at
        of_tenant = {"tenant_ids": (tenant.pk,)}
        later = received + timedelta(milliseconds=1)
        for state in (None, "waiting"):
            assert ids(list_events(Question(since=received, until=later, state=state, **of_tenant))) == [event_id]  # type: ignore[arg-type]
            assert ids(list_events(Question(until=received, state=state, **of_tenant))) == []  # type: ignore[arg-type]
            assert ids(list_events(Question(since=later, state=state, **of_tenant))) == []  # type: ignore[arg-type]

    def test_a_caller_id_is_searched_in_the_events_themselves(self, tenant: Tenant, stored: Stored) -> None:
        (event_id,) = stored(id="order-1")
        stored(3)
        assert ids(list_events(Question(tenant_ids=(tenant.pk,), caller_id="order-1"))) == [event_id]
        assert ids(list_events(Question(caller_id="order-2"))) == []


class TestBounds:
    """A page searches a part of the store, however rare what is asked for, and says where to go on."""

    def test_a_rare_type_is_found_by_going_on(
        self, tenant: Tenant, birch: Tenant, stored: Stored, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(candidates, "MOST_IN_INDEX", 6)
        monkeypatch.setattr(candidates, "MOST_ROWS", 6)
        rare = stored(type="order.rare") + stored(9) + stored(type="order.rare") + stored(7)
        rare = [rare[10], rare[0]]
        for question in (
            Question(tenant_ids=(tenant.pk,), type_id=type_id("order.rare")),
            Question(tenant_ids=(tenant.pk, birch.pk), type_id=type_id("order.rare")),
            Question(type_id=type_id("order.rare")),
        ):
            first = list_events(question, limit=2)
            assert first.rows == []
            assert first.older is not None
            assert all_pages(question, 2) == rare

    def test_several_tenants_stop_where_the_first_of_them_was_cut(
        self, tenant: Tenant, birch: Tenant, stored: Stored, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(candidates, "MOST_IN_INDEX", 4)
        expected = [*stored(tenant="birch", type="order.rare"), *stored(type="order.rare"), *stored(6)][:2]
        question = Question(tenant_ids=(tenant.pk, birch.pk), type_id=type_id("order.rare"))
        assert all_pages(question, 1) == expected[::-1]

    def test_what_was_accepted_is_found_behind_a_backlog(
        self, tenant: Tenant, make_source: MakeSource, stored: Stored, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(candidates, "MOST_JUDGED", 5)
        source = make_source(tenant)
        (done,) = stored()
        accepted(source, done, now)
        stored(12)
        assert all_pages(Question(tenant_ids=(tenant.pk,), state="accepted"), 2) == [done]

    def test_a_backlog_costs_no_further_query(
        self, tenant: Tenant, make_source: MakeSource, stored: Stored, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = make_source(tenant)
        for event_id in stored(3):
            accepted(source, event_id, now)
        question = Question(tenant_ids=(tenant.pk,), state="accepted")
        with CaptureQueriesContext(connection) as found_at_once:
            candidates.newest(question, below=candidates.HIGHEST, wanted=3)
        monkeypatch.setattr(candidates, "MOST_JUDGED", 5)
        stored(12)
        with CaptureQueriesContext(connection) as cut_short:
            assert candidates.newest(question, below=candidates.HIGHEST, wanted=3).older is not None
        assert len(cut_short) == len(found_at_once)

    def test_what_was_stored_after_the_last_acceptance_is_not_searched_for_accepted_events(
        self, tenant: Tenant, make_source: MakeSource, stored: Stored, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(candidates, "MOST_JUDGED", 1)
        source = make_source(tenant)
        stored(5)
        execute("insert into activity values (%s, %s)", source.pk, now - timedelta(hours=1))
        page = list_events(Question(tenant_ids=(tenant.pk,), state="accepted"), limit=1)
        assert page == Page([], None)

    @pytest.mark.parametrize("small", [0, 4 * 1024 * 1024])
    def test_a_queue_is_read_whole_or_lane_by_lane_with_the_same_result(
        self,
        tenant: Tenant,
        environment: Environment,
        make_source: MakeSource,
        stored: Stored,
        monkeypatch: pytest.MonkeyPatch,
        small: int,
    ) -> None:
        monkeypatch.setattr(candidates, "SMALL_TABLE", small)
        make_source(tenant)
        make_source(tenant, label="second")
        expected = stored(6)
        for limit in (2, 10):
            assert all_pages(Question(environment_id=environment.pk, state="waiting"), limit) == expected[::-1]

    def test_an_attempt_of_a_day_before_the_event_is_a_matter_of_clocks_and_counts(
        self, tenant: Tenant, make_source: MakeSource, stored: Stored, now: datetime
    ) -> None:
        source = make_source(tenant)
        (event_id,) = stored()
        execute("delete from pending where event_id = %s", event_id)
        attempt(source, now - timedelta(hours=20), event_id=event_id)
        assert [row.state for row in list_events(Question(tenant_ids=(tenant.pk,))).rows] == ["accepted"]
