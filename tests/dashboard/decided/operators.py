"""The pages of support staff and operations."""

from tests.dashboard.decisions import Decisions

DECIDED: Decisions = {}
