"""Bodies to post: built once, and given fresh ids in place for each post, which costs the sender almost nothing."""

import json
from collections.abc import Sequence

DETAIL = json.dumps({"order": 1, "text": "x" * 980})  # 1 KB
NUMBER = "########"


class Body:
    """One body of events, spread evenly over the tenants; `fresh` makes every id in it new."""

    def __init__(self, prefix: str, tenants: Sequence[str], size: int, detail: str = DETAIL) -> None:
        events = [
            f'{{"tenant":"{tenants[number % len(tenants)]}","type":"order.created",'
            f'"id":"{prefix}-{NUMBER}-{number}","detail":{detail}}}'
            for number in range(size)
        ]
        text = events[0] if size == 1 else f'{{"events":[{",".join(events)}]}}'
        self._bytes = bytearray(text.encode())
        self._places = list(_places_of(NUMBER.encode(), bytes(self._bytes)))

    def fresh(self, number: int) -> bytearray:
        """Return the body with this number in each of its ids; it is the same object every time."""
        digits = b"%08d" % number
        for place in self._places:
            self._bytes[place : place + len(digits)] = digits
        return self._bytes


def _places_of(word: bytes, text: bytes) -> Sequence[int]:
    places, at = [], text.find(word)
    while at >= 0:
        places.append(at)
        at = text.find(word, at + 1)
    return places
