"""Why one posted event is not stored: a stable code and a sentence. Its neighbours never suffer for it."""


class Rejection(Exception):
    """This event cannot be stored; `code` is for programs, the text says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
