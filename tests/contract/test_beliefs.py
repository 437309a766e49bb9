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


def beliefs() -> list[list[str]]:
    """Return the cells of every row of the tables that have a column for the test."""
    tables = re.split(r"^## ", TABLE.read_text(), flags=re.MULTILINE)
    told = [table for table in tables if "| belief | source | confidence | test |" in table]
    rows = [line.strip("|").split(" | ") for table in told for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows if row[0].strip() != "belief"]


def test_every_belief_has_a_source_a_confidence_and_a_test_of_its_own() -> None:
    assert len(beliefs()) > 60
    assert [row for row in beliefs() if len(row) != 4 or not all(row)] == []
    tests = [row[3] for row in beliefs()]
    assert [test for test in tests if not re.fullmatch(r"`tests/contract/test_\w+\.py::test_\w+`", test)] == []
    assert sorted(tests) == sorted(set(tests))


def test_every_test_named_in_the_table_exists() -> None:
    assert named_in_the_table() - existing_tests() == set()


def test_every_contract_test_states_a_belief_of_the_table() -> None:
    assert existing_tests() - named_in_the_table() == set()
    assert len(existing_tests()) > 50
