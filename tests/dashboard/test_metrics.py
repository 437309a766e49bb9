import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from dashboard import metrics
from integrations.events import rollups
from integrations.locks import SLOT_LOCK
from integrations.sources.models import Source
from tenants.identifiers import lowest_uuid_of
from tenants.models import Tenant
from tests.events.history import attempt, execute

pytestmark = pytest.mark.django_db


def measured(client: Client) -> dict[tuple[str, ...], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_sources_are_counted_by_the_state_that_people_see(
    client: Client, tenant: Tenant, make_source: Callable[..., Source]
) -> None:
    make_source(tenant, label="one")
    make_source(tenant, label="two", observed="pending")
    make_source(tenant, label="three", desired="absent")
    values = measured(client)
    assert values["partnerbus_sources", "active"] == 1
    assert values["partnerbus_sources", "pending"] == 1
    assert values["partnerbus_sources", "failed"] == 0


def test_queues_are_exact_while_they_are_short(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("insert into pending select 1, uuidv7() from generate_series(1, 3)")
        cursor.execute("insert into dead values (1, uuidv7(), now(), 1, 1, null)")
    values = measured(client)
    assert values["partnerbus_deliveries", "pending"] == 3
    assert values["partnerbus_deliveries", "retry"] == 0
    assert values["partnerbus_deliveries", "dead"] == 1


def test_a_long_queue_is_estimated_and_never_below_what_was_counted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "COUNT_LIMIT", 10)
    with connection.cursor() as cursor:
        cursor.execute("insert into pending select 1, uuidv7() from generate_series(1, 500)")
        assert measured(client)["partnerbus_deliveries", "pending"] >= 11
        cursor.execute("analyze pending")
    assert measured(client)["partnerbus_deliveries", "pending"] == 500


def test_process_version_and_database_are_told(client: Client, settings: Settings) -> None:
    values = measured(client)
    assert values["process_resident_memory_bytes",] > 0
    assert values["partnerbus_info", settings.VERSION] == 1
    assert values["partnerbus_database_up",] == 1


def test_a_database_that_is_gone_is_a_value_and_not_an_error() -> None:
    """Asked in a thread, which has a connection of its own, to a port that nobody can listen on."""
    answers: list[HttpResponse] = []

    def ask(request: HttpRequest) -> None:
        connection.settings_dict = {**connection.settings_dict, "HOST": "127.0.0.1", "PORT": 1}
        answers.append(metrics.metrics(request))

    thread = threading.Thread(target=ask, args=[RequestFactory().get("/metrics")])
    thread.start()
    thread.join()
    assert b"partnerbus_database_up 0.0" in answers[0].content


@pytest.mark.usefixtures("store")
class TestFlow:
    def test_what_aws_took_and_refused_is_counted_for_each_environment(
        self, client: Client, tenant: Tenant, make_source: Callable[..., Source], now: datetime
    ) -> None:
        source = make_source(tenant)
        for code in ("accepted", "accepted", "InternalFailure"):
            attempt(source, now - timedelta(minutes=2), code, size=50)
        rollups.roll_up(now)
        values = measured(client)
        assert values["partnerbus_accepted_total", "test", "shop"] == 2
        assert values["partnerbus_accepted_bytes_total", "test", "shop"] == 100
        assert values["partnerbus_failed_total", "InternalFailure", "test", "shop"] == 1
        assert values["partnerbus_rollups_behind_seconds",] < 120

    def test_a_job_that_never_ran_has_no_age(self, client: Client) -> None:
        assert ("partnerbus_rollups_behind_seconds",) not in measured(client)

    def test_the_oldest_waiting_delivery_is_behind_an_open_gate(
        self, client: Client, tenant: Tenant, make_source: Callable[..., Source], now: datetime
    ) -> None:
        is_open, closed = make_source(tenant), make_source(tenant, label="closed", observed="pending")
        assert measured(client)["partnerbus_oldest_waiting_seconds",] == 0
        for source, age in ((is_open, 60), (closed, 3600)):
            execute("insert into pending values (%s, %s)", source.pk, lowest_uuid_of(now - timedelta(seconds=age)))
        assert 60 <= measured(client)["partnerbus_oldest_waiting_seconds",] < 120

    def test_a_publisher_at_work_is_seen_by_its_slot(self, client: Client) -> None:
        before = measured(client)["partnerbus_publishers",]
        execute("select pg_advisory_xact_lock(%s, 0)", SLOT_LOCK)
        assert measured(client)["partnerbus_publishers",] == before + 1


class TestDoor:
    @pytest.mark.parametrize(
        "asking",
        [
            {"REMOTE_ADDR": "10.0.0.7"},
            {"REMOTE_ADDR": ""},
            {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "10.0.0.7"},
            {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=10.0.0.7"},
        ],
        ids=["another machine", "a unix socket", "through a proxy", "through a modern proxy"],
    )
    def test_without_a_token_only_this_machine_reads_them(self, client: Client, asking: dict[str, str]) -> None:
        answer = client.get("/metrics", **asking)
        assert answer.status_code == 403
        assert b"METRICS_TOKEN" in answer.content

    def test_with_a_token_its_holder_reads_them_from_anywhere(self, client: Client, settings: Settings) -> None:
        settings.METRICS_TOKEN = "s3cret"
        bearer = {"HTTP_AUTHORIZATION": "Bearer s3cret", "REMOTE_ADDR": "10.0.0.7"}
        assert client.get("/metrics", **bearer).status_code == 200
        assert client.get("/metrics").status_code == 403
        assert client.get("/metrics", headers={"Authorization": "Bearer s3creté"}).status_code == 403
