"""What one field of a pattern asks of an event: a list of alternatives, any of which may be met."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

# A leaf of an event. Objects and arrays are never leaves.
Scalar = str | int | float | bool | None
Test = Callable[[Scalar], bool]


def absent(_value: Scalar) -> bool:
    """The test of `{"exists": false}`: no value that is present meets it."""
    return False


@dataclass(frozen=True, slots=True)
class Condition:
    accepts: Test
    absence_suffices: bool


def condition(tests: Sequence[Test]) -> Condition:
    """The condition met by a value that passes any of `tests`, or by no value at all if `absent` is among them."""
    return Condition(any_of([test for test in tests if test is not absent]), absent in tests)


def any_of(tests: Sequence[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def passes_any(value: Scalar) -> bool:
        for test in tests:  # noqa: SIM110 - a generator in any() takes twice the time
            if test(value):
                return True
        return False

    return passes_any


def none_of(tests: Sequence[Test]) -> Test:
    passes_any = any_of(tests)
    return lambda value: not passes_any(value)
