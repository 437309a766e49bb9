"""The examples of the README run as they stand there."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import KEY
from scripted_server import Partnerbus, hang_up

from partnerbus_client import Client, Retries
from partnerbus_client.outbox.models import OutboxEvent

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture
def examples(partnerbus: Partnerbus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The README's Python, in its order, in an environment that leads to the test's server."""
    monkeypatch.setenv("PARTNERBUS_URL", partnerbus.url)
    monkeypatch.setenv("PARTNERBUS_KEY", KEY)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    return re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


@pytest.mark.django_db(transaction=True)
def test_the_examples_run(examples: list[str], partnerbus: Partnerbus, capsys: pytest.CaptureFixture[str]) -> None:
    orders = SimpleNamespace(objects=SimpleNamespace(create=lambda **fields: SimpleNamespace(pk=7)))
    names: dict[str, Any] = {"Order": orders}
    *before, relaying = examples
    for example in before:
        exec(compile(example, str(README), "exec"), names)  # noqa: S102 - that is what the examples are for
    assert len(partnerbus.stored) == 1 + 2_500 + 1
    assert b'"total":12.50' in partnerbus.requests[0].body
    names["place_order"](42, 12)
    assert OutboxEvent.objects.waiting().get().tenant == "42"
    exec(compile(relaying, str(README), "exec"), names)  # noqa: S102
    said = capsys.readouterr().out
    assert said.startswith("stored ")
    assert "2500 stored, 0 known before" in said
    assert said.endswith("1 0 None\n")


def test_the_example_of_sending_many_keeps_what_was_not_confirmed(
    examples: list[str], partnerbus: Partnerbus, capsys: pytest.CaptureFixture[str]
) -> None:
    first, many = examples[:2]
    names: dict[str, Any] = {}
    exec(compile(first, str(README), "exec"), names)  # noqa: S102
    names["client"] = Client.from_environment(retries=Retries(tries=1))
    partnerbus.always = hang_up
    exec(compile(many, str(README), "exec"), names)  # noqa: S102
    assert len(names["later"]) == 2_500
    assert "0 answered, 2500 not" in capsys.readouterr().out
