"""The demo world: a small provider, three customers and their traffic, on one's own machine and the AWS simulator."""


class DemoRefused(Exception):
    """The demo world cannot be loaded; the text says what to do."""
