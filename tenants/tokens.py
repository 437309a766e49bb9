"""Secrets that travel in a link or a cookie: random, handed out once, known here by their hash alone."""

import hashlib
import secrets


def new_token() -> str:
    """Return 256 random bits as text that fits into a URL."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> bytes:
    """Return what is stored of a token. It has 256 bits of its own, so a slow hash would protect nothing."""
    return hashlib.sha256(token.encode(errors="replace")).digest()
