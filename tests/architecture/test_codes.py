"""Programs may rely on docs/api.md: it names every code with which `POST /events` answers, and every held reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

from integrations.sources.states import ShownState
from tests.architecture.sources import ROOT, modules, tree_of

PLACE_OF_CODE = {"Rejection": 0, "Problem": 1, "_unauthorized": 0}
KEYS = Path("integrations/registration/keys.py")
# Of other calls and pages: reading an event, issuing a key, trying a selection.
ELSEWHERE = {"pasted_invalid", "event_unknown", "scope_unknown", "rate_invalid"}


def codes_of(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PLACE_OF_CODE:
            argument = node.args[PLACE_OF_CODE[node.func.id]]
            literals = [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]
            yield from (node.value for node in literals if isinstance(node, ast.Constant))


def test_every_code_that_can_be_answered_to_a_post_is_documented() -> None:
    event_path = [path for path in modules("integrations") if path.parts[1] == "events"]
    codes = {code for path in [*event_path, KEYS] for code in codes_of(path)} - ELSEWHERE
    assert {"type_empty", "type_too_long", "event_too_large", "body_too_large", "key_expired"} <= codes
    documentation = (ROOT / "docs/api.md").read_text()
    assert {code for code in codes if f"`{code}`" not in documentation} == set()


def test_every_reason_for_holding_an_event_is_documented() -> None:
    reasons = {f"source_{state}" for state in ShownState if state != ShownState.ACTIVE}
    documentation = (ROOT / "docs/api.md").read_text()
    for reason in reasons | {"no_source", "source_opening", "source_suspect", "breaker:<code>"}:
        assert f"`{reason}`" in documentation, reason
