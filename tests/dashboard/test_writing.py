"""How moments, numbers and identifiers are written."""

from datetime import UTC, datetime, timedelta, timezone
from html import unescape

import pytest
import time_machine
from django.utils.html import strip_tags

from dashboard.web import standing
from dashboard.web.looks import AWS_SAYS, EVENT, SOURCE
from dashboard.web.templatetags import partnerbus
from integrations.sources.models import Observed
from integrations.sources.states import ShownState

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(), "now"),
        (timedelta(seconds=-4), "4 s ago"),
        (timedelta(seconds=-119), "1 min ago"),
        (timedelta(hours=-23, minutes=-59), "23 h ago"),
        (timedelta(days=-3, hours=-5), "3 d ago"),
        (timedelta(seconds=59), "in 59 s"),
        (timedelta(minutes=12), "in 12 min"),
        (timedelta(hours=5, minutes=30), "in 5 h 30 min"),
        (timedelta(days=4, hours=19), "in 4 d 19 h"),
    ],
)
def test_moments_are_written_relative_to_now(distance: timedelta, words: str) -> None:
    with time_machine.travel(NOW, tick=False):
        assert partnerbus.relative(NOW + distance) == words


def test_exact_moments_are_in_utc_wherever_they_come_from() -> None:
    berlin = NOW.astimezone(timezone(timedelta(hours=1)))
    assert partnerbus.utc(berlin) == "2026-11-23 14:05:00 UTC"
    assert partnerbus.iso(berlin) == "2026-11-23T14:05:00Z"
    assert partnerbus.clock(berlin) == "14:05:00"
    assert partnerbus.clock(None) == "\N{EN DASH}"


def test_counts_have_commas_and_say_where_counting_stopped() -> None:
    assert partnerbus.counted(262_48) == "26,248"
    assert partnerbus.counted(100_000) == "100,000+"


def test_a_sum_that_is_not_all_there_is_says_so() -> None:
    assert partnerbus.total(1_000, True) == "1,000"
    assert partnerbus.total(1_000, False) == "1,000+"
    assert partnerbus.total(0, False) == "0"


def test_an_account_is_written_as_the_console_of_aws_does() -> None:
    assert partnerbus.account("123456789012") == "1234-5678-9012"


def test_a_broken_identifier_is_still_the_same_text() -> None:
    arn = "arn:aws:events:eu-west-1::event-source/aws.partner/example.com/a&b/events"
    assert strip_tags(partnerbus.breakable(arn)).replace("&amp;", "&") == arn
    assert unescape(strip_tags(partnerbus.breakable_start(arn))) + partnerbus.last_piece(arn) == arn
    assert partnerbus.last_piece(arn) == "events"
    assert partnerbus.last_piece("") == ""
    assert "<script>" not in partnerbus.breakable("<script>") + partnerbus.breakable_start("<script>/a")


def test_every_state_has_a_word_an_icon_and_a_tone() -> None:
    of_the_moment = {standing.RESERVE, standing.OPENING, standing.CHECKING, standing.DETACHED}
    assert {*ShownState.values, *of_the_moment} == SOURCE.keys()
    assert set(Observed.values) == AWS_SAYS.keys()
    assert {"dead", "retrying", "held", "waiting", "accepted", "settled"} == EVENT.keys()
