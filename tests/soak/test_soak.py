"""Ten minutes at 1,500 events a second for 200 tenants; SOAK_SECONDS makes it shorter or longer."""

import os
import time

import psycopg
import pytest

from tests.benchmarks import aws
from tests.benchmarks.installation import Installation, running
from tests.benchmarks.latency import note_commits
from tests.soak.judging import CLOSED, OPENED, Course, complaints
from tests.soak.sampling import Sample, Sampler
from tests.soak.stream import EVENTS_PER_SECOND, Forgotten, flowing, posted_by
from tests.soak.telling import HEAD, line

SECONDS = 600.0
SAMPLES = 60
ACCEPTANCE_LIMIT = 120.0
RECORDED = "select count(*), count(distinct (source_id, event_id)) from attempts where code = 0"
STARTING = 1.0  # the first bodies cost more than all others


@pytest.mark.slow
def test_nothing_grows_under_a_steady_stream(capsys: pytest.CaptureFixture[str]) -> None:
    seconds = float(os.environ.get("SOAK_SECONDS") or SECONDS)
    with aws.standing_in() as stub, running(stub) as installation:
        note_commits(installation)
        made = installation.run("tests.soak.registering")
        with installation.connect() as connection, stub.behaving(logging=True):
            with flowing(installation, made["key"], list(made["sources"]), seconds + STARTING) as posters:
                time.sleep(STARTING)
                samples = watch(installation, connection, seconds, capsys)
                posted = posted_by(posters)
            stub.wait_for(posted, ACCEPTANCE_LIMIT)
            installation.wait_until_recorded(connection)
            recorded = connection.execute(RECORDED).fetchone()
        assert (stub.counts().accepted, recorded) == (posted, (posted, posted))
    assert complaints(Course(seconds, samples, EVENTS_PER_SECOND)) == []


def watch(
    installation: Installation, connection: psycopg.Connection, seconds: float, capsys: pytest.CaptureFixture[str]
) -> list[Sample]:
    """Take SAMPLES samples in so many seconds, with a forgotten transaction in the middle, and print each."""
    samples: list[Sample] = []
    forgotten = Forgotten(installation)
    sampler = Sampler(installation, connection)
    tell(f"\n{HEAD}", capsys)
    for number in range(1, SAMPLES + 1):
        forgotten.be(OPENED < number / SAMPLES * 10 <= CLOSED)
        time.sleep(max(0.0, number * seconds / SAMPLES - sampler.second))
        samples.append(sampler.take())
        tell(line(samples[-1]), capsys)
    return samples


def tell(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(text, flush=True)  # noqa: T201
