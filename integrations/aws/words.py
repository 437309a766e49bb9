"""AWS's words, fit to be stored: whatever a reply holds, it never stops the one who records it."""

CODE_CHARACTERS = 100
TEXT_CHARACTERS = 2_000


def storable(text: str, characters: int = TEXT_CHARACTERS) -> str:
    """Return the text without what PostgreSQL refuses (NUL, half a surrogate pair), cut to `characters`."""
    return text[:characters].replace("\x00", "\ufffd").encode(errors="replace").decode()
