import psycopg
import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard import diagnosis
from integrations.aws.refusal import AwsError
from integrations.events.quota_use import quota_use
from integrations.events.rollups import minute_of
from integrations.events.store_size import stored
from integrations.registration.breakers import open_breaker
from integrations.registration.models import Environment
from tests.dashboard.cast import Cast
from tests.dashboard.pages import HTMX, ClientOf, MakeSource


@pytest.fixture
def support(client_of: ClientOf) -> Client:
    return client_of("support")


def page(client: Client, path: str = "/operators/health") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_open_breaker_is_the_title_and_comes_with_awss_words(support: Client, environment: Environment) -> None:
    open_breaker(environment=environment, region="eu-west-1", code="AccessDenied", message="<no>", now=timezone.now())
    shown = page(support)
    assert "to look at</h1>" in shown
    assert "Nothing is sent" in shown
    assert "<code>AccessDenied: &lt;no&gt;</code>" in shown


def test_what_is_sent_stands_beside_what_aws_allows(
    environment: Environment, cast: Cast, make_source: MakeSource
) -> None:
    now = timezone.now()
    source, minute = make_source(cast.alder), minute_of(now) - 1
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into rollups (source_id, minute, accepted, failed) values (%s, %s, 5940, 60), (0, %s, 0, 0)",
            [source.pk, minute, minute],
        )
        cursor.execute("insert into pace values (%s, 'eu-west-1', 100, now())", [environment.publisher_account])
    (place,) = [each for each in quota_use(now) if each.region == "eu-west-1"]
    assert place.entries_per_second == 100
    assert 100 <= place.calls_allowed < 110
    assert place.lowered_at is not None


def test_the_store_is_measured_by_its_days(store: None) -> None:
    sizes = {each.name: each for each in stored()}
    assert {"database", "events", "attempts", "settled", "idempotency", "pending", "retry", "dead"} <= sizes.keys()
    assert sizes["events"].tables >= 1
    assert sizes["events"].first
    assert len(sizes["events"].first) == 8
    assert sizes["database"].bytes > sizes["pending"].bytes


def test_the_store_is_measured_with_its_indexes_and_what_is_kept_beside_the_rows(store: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into dead (source_id, event_id, at, code, tries, message)"
            " select 1, gen_random_uuid(), now(), 0, 1, n::text from generate_series(1, 20000) as n"
        )
        cursor.execute("analyze dead")
        cursor.execute("select pg_total_relation_size('dead')")
        (bytes_of_files,) = cursor.fetchone()
    (dead,) = [each for each in stored() if each.name == "dead"]
    assert 0.95 * bytes_of_files < dead.bytes <= bytes_of_files  # which has a map of free space, too


def test_the_size_of_a_table_that_somebody_has_locked_is_known_without_waiting(db: None) -> None:
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"],
        dbname=settings["NAME"],
        user=settings["USER"],
        password=settings["PASSWORD"],
    ) as other:
        other.execute("lock table pending, rollups in access exclusive mode")
        with connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = '2s'")
        assert {"pending", "rollups"} <= {each.name for each in stored()}


def test_the_credentials_are_asked_for_on_a_page_of_their_own(
    support: Client, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def answer(*arguments: object) -> str:
        asked.append(arguments)
        return environment.publisher_account

    monkeypatch.setattr(diagnosis, "caller_identity", answer)
    page(support)
    assert asked == []
    for _ in range(2):
        assert f"Acts as {environment.publisher_account}" in page(support, "/operators/health/aws")
    assert len(asked) == 1


def test_a_refusal_of_aws_is_shown_with_what_to_do(
    support: Client, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise AwsError("ExpiredToken", "The token has expired.", operation="GetCallerIdentity")

    monkeypatch.setattr(diagnosis, "caller_identity", refuse)
    shown = page(support, "/operators/health/aws")
    assert "The token has expired." in shown
    assert f"<b>AWS: {environment.integration.slug} {environment.kind}</b>" in shown


def test_a_refresh_brings_the_region_alone(support: Client) -> None:
    body = support.get("/operators/health", headers=HTMX).content.decode()
    assert "<html" not in body
    assert "Store" not in body


def test_the_page_asks_at_most_twelve_questions(support: Client, cast: Cast, make_source: MakeSource) -> None:
    page(support)
    cache.delete_many(["health:findings", "overview:queued"])
    with CaptureQueriesContext(connection) as queries:
        page(support)
    assert len(queries) <= 12, [query["sql"][:80] for query in queries]
