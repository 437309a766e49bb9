import pytest

from dashboard.web import navigation
from dashboard.web.doors import CONFIGURE
from dashboard.web.navigation import MAIN, SET_UP, Entry, navigation_of
from tenants.models import StaffRole, User

SUPPORT = User(email="s@example.com", staff_role=StaffRole.SUPPORT)


def entries(monkeypatch: pytest.MonkeyPatch, *entries: Entry) -> None:
    monkeypatch.setattr(navigation, "ENTRIES", entries)


def labels(person: User, path: str = "/") -> list[str]:
    return [link.label for group in navigation_of(person, path) for link in group.links]


def test_people_are_offered_what_their_role_may_open(monkeypatch: pytest.MonkeyPatch) -> None:
    only_operations = Entry(SET_UP, "operator_audit", "key", "Keys", CONFIGURE)
    entries(monkeypatch, only_operations)
    assert navigation_of(SUPPORT, "/") == []
    assert labels(User(email="o@example.com", staff_role=StaffRole.OPERATIONS)) == ["Keys"]
    assert labels(User(email="a@example.com", is_superuser=True)) == ["Keys"]


@pytest.mark.parametrize(
    ("path", "lit"),
    [
        ("/operators/audit-log", ["Log"]),
        ("/operators/audit-log/x", ["Log"]),
        ("/operators/audit-logs", []),
        ("/", ["Start"]),
        ("/elsewhere", []),
    ],
)
def test_the_page_at_hand_is_lit_and_so_is_what_lies_below(
    path: str, lit: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    entries(
        monkeypatch, Entry(MAIN, "status", "x", "Start", alone=True), Entry(MAIN, "operator_audit", "history", "Log")
    )
    assert [link.label for group in navigation_of(SUPPORT, path) for link in group.links if link.current] == lit
