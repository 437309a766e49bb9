"""The seed: thousands of tenants and sources and millions of events, to see whether pages stay fast.

Everything belongs to one integration, which nothing of ours can send for: it names no publisher account, so AWS is
never asked about it, nothing is due, and what waits to be sent lies in a region under maintenance.
"""


class SeedRefused(Exception):
    """Why nothing is seeded or removed. The text is a sentence for the person at the terminal."""
