"""What a person reads at the end."""

import threading

from tests.smoke.books import Totals
from tests.smoke.reporting import Outcome, Progress, problem_list, story_line, table

TOTALS = Totals(events=5, sent=10, received=9, lost=1, duplicated=2, wrong_tenant=3, changed=4, nobodys=6)


def outcome(problems: list[str]) -> Outcome:
    return Outcome(TOTALS, 11, 7.25, problems, with_faults=False)


def test_the_table_has_one_number_under_each_name() -> None:
    names, _, numbers = table(outcome([])).splitlines()
    assert names.split("  ")[0].strip() == "events"
    assert numbers.split() == ["5", "10", "11", "9", "1", "2", "3", "4", "7.2"]
    assert len(names) == len(numbers)


def test_the_list_of_problems_is_bounded() -> None:
    lines = problem_list(outcome([f"problem {n}" for n in range(100)])).splitlines()
    assert len(lines) == 21
    assert lines[-1] == "  - ... and 81 more"


def test_a_missing_delivery_is_told_by_its_state_and_attempts() -> None:
    story = {
        "deliveries": [{"source": "s1", "state": "held", "reason": "source_pending"}],
        "attempts": [{"source": "s1", "code": "ThrottlingException"}, {"source": "s2", "code": "accepted"}],
    }
    assert story_line(story, "s1") == "held (source_pending); attempts: ThrottlingException"
    assert story_line(story, "s3") == "no such delivery; attempts: none"


def test_progress_is_told_again_and_again_until_the_end() -> None:
    said: list[str] = []
    twice = threading.Event()

    def speak(text: str) -> None:
        said.append(text)
        if len(said) == 2:
            twice.set()

    with Progress(lambda: TOTALS, speak, every_seconds=0.01):
        assert twice.wait(10)
    at_the_end = list(said)
    assert at_the_end[0].endswith("s: 9 of 10 deliveries arrived")
    assert said == at_the_end
