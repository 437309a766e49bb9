"""Why a pattern is refused, in the words EventBridge uses."""


class InvalidEventPattern(ValueError):
    """A pattern EventBridge would answer with InvalidEventPatternException.

    `reason` is event-ruler's wording; `message` is the whole sentence the service puts into its exception.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def message(self) -> str:
        return f"Event pattern is not valid. Reason: {self.reason}"

    def __str__(self) -> str:
        return self.message
