"""The table of beliefs and the tests that state them belong together."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
TABLE = HERE.parents[1] / "docs" / "aws-beliefs.md"


def named_in_the_table() -> set[str]:
    return set(re.findall(r"`tests/contract/(test_\w+\.py::test_\w+)`", TABLE.read_text()))


def existing_tests() -> set[str]:
    files = [file for file in HERE.glob("test_*.py") if file.name != Path(__file__).name]
    return {
        f"{file.name}::{node.name}"
        for file in files
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_test_named_in_the_table_exists() -> None:
    assert named_in_the_table() - existing_tests() == set()


def test_every_contract_test_states_a_belief_of_the_table() -> None:
    assert existing_tests() - named_in_the_table() == set()
    assert len(existing_tests()) > 50
