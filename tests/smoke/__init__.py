"""The main job without a person: a foreign SaaS and its tenants on a stack of their own, every event counted."""


class BrokenOff(Exception):
    """The run cannot go on; the text says what happened."""
