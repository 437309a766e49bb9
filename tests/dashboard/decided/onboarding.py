"""The pages of partner managers."""

from tests.dashboard.decisions import Decisions

DECIDED: Decisions = {}
