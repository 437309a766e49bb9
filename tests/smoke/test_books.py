"""The books find what is lost, doubled, changed, somebody else's or nobody's."""

import json

import pytest

from tests.smoke.backend import Source
from tests.smoke.books import Books, Totals
from tests.smoke.reading import Event
from tests.smoke.reporting import Outcome

ALDER_EU = Source("s1", "alder", "222222222222", "eu-west-1", "aws.partner/example.com.test/alder/events")
ALDER_US = Source("s2", "alder", "222222222222", "us-east-1", "aws.partner/example.com.test/alder/events")
BIRCH = Source("s3", "birch", "333333333333", "eu-west-1", "aws.partner/example.com.test/birch/events")
EVENT = Event("alder", "order.placed", "1", b'{"a":1}')
OF_BIRCH = Event("birch", EVENT.type, "2", b'{"a":1}')


def message(source: Source, event_id: str = "e1", detail: str = '{"a":1}') -> str:
    envelope = {
        "detail-type": EVENT.type,
        "source": source.name,
        "account": source.account,
        "region": source.region,
        "resources": [f"urn:partnerbus:event:{event_id}"],
    }
    return json.dumps(envelope)[:-1] + f',"detail":{detail}}}'


@pytest.fixture
def books() -> Books:
    books = Books([EVENT], [ALDER_EU, ALDER_US, BIRCH])
    books.promise(EVENT, "e1")
    return books


@pytest.fixture
def complete(books: Books) -> Books:
    books.arrive(ALDER_EU, message(ALDER_EU))
    books.arrive(ALDER_US, message(ALDER_US))
    return books


def is_good(books: Books, *, with_faults: bool = False) -> bool:
    return Outcome(books.totals(), 2, 1.0, books.problems, with_faults).good


def test_what_is_posted_later_is_owed_too(complete: Books) -> None:
    complete.expect([OF_BIRCH])
    assert (complete.totals().sent, complete.totals().lost) == (3, 1)
    assert complete.missing() == [(OF_BIRCH, BIRCH)]


def test_an_event_is_owed_to_every_source_of_its_tenant_and_no_other(complete: Books) -> None:
    assert complete.totals() == Totals(
        events=1, sent=2, received=2, lost=0, duplicated=0, wrong_tenant=0, changed=0, nobodys=0
    )
    assert complete.missing() == []
    assert is_good(complete)


def test_what_did_not_arrive_is_lost(books: Books) -> None:
    books.arrive(ALDER_EU, message(ALDER_EU))
    assert (books.totals().lost, books.missing()) == (1, [(EVENT, ALDER_US)])
    assert not is_good(books)


def test_a_duplicate_fails_a_run_without_faults_only(complete: Books) -> None:
    complete.arrive(ALDER_US, message(ALDER_US))
    assert (complete.totals().duplicated, complete.totals().lost) == (1, 0)
    assert not is_good(complete)
    assert is_good(complete, with_faults=True)


def test_a_duplicate_does_not_stand_in_for_a_lost_delivery(books: Books) -> None:
    books.arrive(ALDER_EU, message(ALDER_EU))
    books.arrive(ALDER_EU, message(ALDER_EU))
    assert (books.totals().duplicated, books.totals().lost) == (1, 1)
    assert not is_good(books, with_faults=True)


def test_another_tenants_event_is_found(complete: Books) -> None:
    complete.arrive(BIRCH, message(BIRCH))
    assert complete.totals().wrong_tenant == 1
    assert not is_good(complete, with_faults=True)


def test_a_changed_detail_is_found(complete: Books) -> None:
    complete.promise(OF_BIRCH, "e2")
    complete.arrive(BIRCH, message(BIRCH, "e2", detail='{"a":true}'))
    assert complete.totals().changed == 1
    assert not is_good(complete, with_faults=True)


def test_what_was_never_stored_is_lost_and_nothing_to_wait_for() -> None:
    books = Books([EVENT, OF_BIRCH], [ALDER_EU, ALDER_US, BIRCH])
    assert books.all_promises_kept()
    assert (books.totals().sent, books.totals().lost) == (3, 3)
    books.promise(OF_BIRCH, "e2")
    assert not books.all_promises_kept()
    books.arrive(BIRCH, message(BIRCH, "e2"))
    assert books.all_promises_kept()
    assert books.missing() == [(EVENT, ALDER_EU), (EVENT, ALDER_US)]


def test_an_arrival_waits_for_its_promise() -> None:
    books = Books([OF_BIRCH], [BIRCH])
    books.arrive(BIRCH, message(BIRCH, "e2"))
    assert books.totals().nobodys == 1
    books.promise(OF_BIRCH, "e2")
    books.claim_late()
    assert (books.totals().nobodys, books.totals().received) == (0, 1)


def test_a_message_that_nobody_posted_fails_the_run(complete: Books) -> None:
    complete.arrive(BIRCH, message(BIRCH, "never-promised"))
    complete.claim_late()
    assert complete.totals().nobodys == 1
    assert not is_good(complete, with_faults=True)


def test_a_noted_problem_and_an_empty_run_are_not_good(complete: Books) -> None:
    complete.note("rejected")
    assert not is_good(complete)
    assert not is_good(Books([], [BIRCH]))
