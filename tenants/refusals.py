"""Why a use case of this package refuses, as a sentence for people and a code for programs."""


class Refusal(ValueError):
    """Nothing was changed. `code` is stable; the text says what to do."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
