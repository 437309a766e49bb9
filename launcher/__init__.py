"""Starts everything Partnerbus needs on one machine: PostgreSQL, Valkey, the AWS simulator, the web and the worker.

Standard library only, because it runs before anything is installed.
"""


class LaunchError(Exception):
    """What stands in the way, as a sentence that says what to do next."""
