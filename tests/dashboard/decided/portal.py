"""The pages of tenants, and those that are opened by a link alone."""

from tests.dashboard.decisions import Decisions

DECIDED: Decisions = {}
