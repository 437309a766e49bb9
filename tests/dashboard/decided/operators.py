"""The pages of support staff and operations."""

from tests.dashboard.decisions import ALL_STAFF, Decisions

DECIDED: Decisions = {
    "operators/audit-log": ("GET", "/operators/audit-log", ALL_STAFF),
    "operators/style": ("GET", "/operators/style", ALL_STAFF),
}
