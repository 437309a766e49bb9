import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.registration.keys import issue_key
from integrations.registration.models import Environment
from tenants.audit import Actor
from tenants.identifiers import uuid7
from tests.dashboard.cast import Cast
from tests.dashboard.pages import HTMX, ClientOf, MakeSource, store_event

PATH = "/operators/search"


@pytest.fixture
def support(client_of: ClientOf) -> Client:
    return client_of("support")


def results(client: Client, words: str) -> str:
    answer = client.get(PATH, {"q": words}, headers=HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_tenant_is_found_by_name_and_by_the_id_of_the_saas_and_by_ours(support: Client, cast: Cast) -> None:
    for words in ("ald", cast.alder.external_id, str(cast.alder.public_id)):
        found = results(support, words)
        assert "Tenants" in found
        assert "<b>Alder</b>" in found
        assert "<b>Birch</b>" not in found


def test_a_source_is_found_by_name_arn_and_account_however_it_is_written(
    support: Client, cast: Cast, make_source: MakeSource
) -> None:
    source = make_source(cast.alder, arn="arn:aws:events:eu-west-1::event-source/aws.partner/x/alder/events")
    for words in (source.name[-12:], source.arn, "222222222222", "2222-2222-2222"):
        assert f"<b>{source.name}</b>" in results(support, words)


def test_an_event_is_found_by_our_id_and_opened_at_once(support: Client, cast: Cast, make_source: MakeSource) -> None:
    event = store_event(cast.alder, make_source(cast.alder))
    assert f"<b>{event}</b>" in results(support, event)
    answer = support.get(PATH, {"q": event})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/operators/events/{event}")


def test_an_event_is_found_by_awss_ids(support: Client, cast: Cast, make_source: MakeSource) -> None:
    source = make_source(cast.alder)
    event, aws_id, request_id = store_event(cast.alder, source), uuid7(), uuid7()
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into attempts"
            " (event_id, source_id, at, code, tries, ms, bytes, observed, aws_id, request_id, message)"
            " values (%s, %s, now(), 0, 1, 5, 10, 0, %s, %s, '')",
            [event, source.pk, aws_id, request_id],
        )
    for identifier in (aws_id, request_id):
        assert f"<b>{event}</b>" in results(support, str(identifier))


def test_a_key_is_found_by_its_prefix_and_never_by_its_secret(support: Client, environment: Environment) -> None:
    key, text = issue_key(environment=environment, name="backend", actor=Actor.system("t"), now=timezone.now())
    assert "<b>backend</b>" in results(support, key.prefix)
    assert text.split("_")[3] not in results(support, key.prefix)


def test_pages_are_offered_by_their_name_and_by_role(support: Client) -> None:
    assert 'href="/operators/audit-log"' in results(support, "audit")
    assert 'href="/operators/audit-log"' in results(support, "")


@pytest.mark.parametrize("words", ["zzzz", "%", "_", "\\", "'; drop table x", "<script>", "a" * 5_000, "\x00\x00"])
def test_whatever_is_asked_the_search_answers(words: str, support: Client) -> None:
    assert "<script>" not in results(support, words)
    assert support.get(PATH, {"q": words}).status_code == 200


@pytest.mark.parametrize("words", ["alder", "an-id-of-the-backend", "01890000-0000-7000-8000-000000000000"])
def test_a_search_asks_at_most_twelve_questions(
    words: str, support: Client, cast: Cast, make_source: MakeSource
) -> None:
    for number in range(20):
        make_source(cast.alder, label=f"s{number}")
    results(support, words)
    with CaptureQueriesContext(connection) as queries:
        results(support, words)
    asked = [query["sql"][:80] for query in queries if "SAVEPOINT" not in query["sql"]]  # of the test's transaction
    assert len(asked) <= 12, asked
