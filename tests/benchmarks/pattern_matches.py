"""Matches per second of a typical event pattern against a GitHub webhook of about 2 KB, on one core.

Run with `python -m tests.benchmarks.pattern_matches`.
"""

import json
import time
from typing import Any

from integrations.patterns import compile_pattern
from tests.benchmarks.extent import Extent
from tests.benchmarks.results import Result
from tests.benchmarks.scenario import Report, watched

PATTERN = {
    "source": ["aws.partner/github.example/octo-org/events"],
    "detail-type": ["issues.opened", "issues.edited", "issues.labeled", "issues.closed"],
    "detail": {
        "repository": {"full_name": [{"prefix": "octo-org/"}]},
        "issue": {"number": [{"numeric": [">", 0, "<=", 5000]}], "state": [{"anything-but": ["locked", "deleted"]}]},
    },
}
_USER = {"login": "Codertocat", "id": 21031067, "type": "User", "site_admin": False}
_LABEL = {"id": 1362934389, "name": "bug", "color": "d73a4a", "default": True, "description": None}
_URL = "https://api.github.com/repos/octo-org/hello-world"
EVENT: dict[str, Any] = {
    "version": "0",
    "id": "6d7b2b1e-6f0a-4c1c-9e58-8f2b8a6f3c11",
    "detail-type": "issues.labeled",
    "source": "aws.partner/github.example/octo-org/events",
    "account": "123456789012",
    "time": "2026-03-01T12:00:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail": {
        "action": "labeled",
        "issue": {
            "url": f"{_URL}/issues/1",
            "labels_url": f"{_URL}/issues/1/labels{{/name}}",
            "comments_url": f"{_URL}/issues/1/comments",
            "number": 1,
            "title": "Spelling error in the README file",
            "user": _USER,
            "labels": [_LABEL, _LABEL | {"id": 1362934390, "name": "documentation"}],
            "state": "open",
            "locked": False,
            "assignee": _USER,
            "assignees": [_USER, _USER | {"id": 6752317, "login": "octocat"}],
            "milestone": {"number": 1, "title": "v1.0", "creator": _USER, "open_issues": 1, "closed_issues": 0},
            "comments": 0,
            "created_at": "2026-03-01T11:58:40Z",
            "closed_at": None,
            "body": "It looks like you accidentally spelled 'commit' with two 't's.",
        },
        "label": _LABEL,
        "repository": {
            "id": 186853002,
            "name": "hello-world",
            "full_name": "octo-org/hello-world",
            "private": False,
            "owner": _USER | {"login": "octo-org", "type": "Organization"},
            "url": _URL,
            "issues_url": f"{_URL}/issues{{/number}}",
            "default_branch": "main",
            "topics": ["education", "git"],
        },
        "sender": _USER,
    },
}


def measure(seconds: float = 1.0) -> float:
    """Matches per second over about `seconds` of wall time; the event matches, so no field is spared."""
    pattern = compile_pattern(PATTERN)
    event = json.loads(json.dumps(EVENT))
    matched = 0
    started = time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        for _ in range(1_000):
            matched += pattern.matches(event)
    return matched / elapsed


def measure_all(extent: Extent, report: Report) -> None:
    """Measure a second for each run."""
    runs = [watched(measure) for _ in range(extent.pattern_runs)]
    rates, foreign = zip(*runs, strict=True)
    report(Result("pattern_matches_per_s", "matches/s", "higher", rates, foreign=foreign))


if __name__ == "__main__":
    print(f"{measure():,.0f} matches/s against an event of {len(json.dumps(EVENT)):,} bytes")  # noqa: T201
