import pytest
from django.urls import reverse

from dashboard.web import navigation
from dashboard.web.counters import Count
from dashboard.web.navigation import MAIN, SET_UP, Entry, navigation_of
from tenants.models import StaffRole, User

SUPPORT = User(email="s@example.com", staff_role=StaffRole.SUPPORT)


def entries(monkeypatch: pytest.MonkeyPatch, *entries: Entry) -> None:
    monkeypatch.setattr(navigation, "ENTRIES", entries)


def labels(person: User, path: str = "/") -> list[str]:
    return [link.label for group in navigation_of(person, path) for link in group.links]


def test_a_page_is_offered_from_the_day_its_route_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    entries(monkeypatch, Entry(MAIN, "operator_audit", "history", "There"), Entry(MAIN, "to_come", "x", "To come"))
    assert labels(SUPPORT) == ["There"]


def test_people_are_offered_what_their_role_may_open(monkeypatch: pytest.MonkeyPatch) -> None:
    only_operations = Entry(SET_UP, "operator_audit", "key", "Keys", navigation.OPERATIONS)
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


def test_a_counter_is_asked_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counter() -> Count | None:
        asked.append(1)
        return Count("3", "need somebody", "bad")

    entries(monkeypatch, Entry(MAIN, "operator_audit", "history", "Log", counter=counter))
    for _ in range(3):
        (group,) = navigation_of(SUPPORT, reverse("operator_audit"))
        assert group.links[0].count == Count("3", "need somebody", "bad")
    assert len(asked) == 1
