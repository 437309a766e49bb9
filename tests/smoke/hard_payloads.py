"""Payloads that naive code breaks: small ones as a file of the repository, big ones made when they are needed.

`python -m tests.smoke.hard_payloads > tests/data/hard-payloads.ndjson` writes the file anew.
"""

import sys

from tests.smoke.reading import Event

TENANTS = ("hard cases & söhne", "harte-fälle:2", "困难")
DEEP = 900
LARGE_BYTES = 240 * 1024
DIGITS = "123456789" * 4

# Raw JSON text, because most of it would not survive a parser that knows floats only.
DETAILS = {
    "empty": "{}",
    "empty-inside": '{"object":{},"list":[],"text":"","null":null,"":"the empty key"}',
    "integer-of-30-digits": '{"n":123456789012345678901234567890,"negative":-987654321098765432109876543210}',
    "integers-around-two-to-the-53": '{"n":[9007199254740991,9007199254740993,-9007199254740993,18446744073709551617]}',
    "decimals": f'{{"price":0.1,"exact":3.{DIGITS},"tiny":0.000000000000000000000000000001}}',
    "one-and-one-point-zero": '{"n":[1,1.0,1.00,10e-1,0.1e1],"zero":[0,-0,0.0,-0.0,0e5]}',
    "exponents": '{"n":[1e5,1E+5,1e-7,2.5e-324,1.7976931348623157e308,1e400,-1e400,1e-400]}',
    "emoji": '{"text":"\U0001f469\u200d\U0001f469\u200d\U0001f467 👍🏽 🇩🇪","in a key 🔑":true}',
    "right-to-left": '{"text":"\u05e9\u05dc\u05d5\u200f\u0645\u200e","key \u202egnihton\u202c":"\u202bin\u202c"}',
    "combining": '{"composed":"\u00e9","decomposed":"e\u0301","piled up":"Z' + "\u0351\u036b\u0343\u036a" * 20 + '"}',
    "other-planes": '{"text":"\U0001d518\U0001d52b\U0002070e\U0010fffd","last of the basic plane":"\ufffd\ue000"}',
    "separators-of-lines": '{"text":"a\u2028b\u2029c\u0085d"}',
    "escaped-nul": r'{"text":"before\u0000after","\u0000":"in a key"}',
    "escapes": r'{"text":"\"\\\/\b\f\n\r\t\u001f\u007f","slash":"<\/script>","pair":"\ud83d\ude00"}',
    "escaped-letters": r'{"\u0061":"\u0041\u00e9","a\u0020b":1}',
    "keys-that-look-alike": '{"a":1,"A":2,"a ":3," a":4,"\u0430":5,"a\u0301":6,"\u00e1":7,"a\u200b":8}',
    "looks-like-our-fields": '{"detail-type":"x","resources":["urn:partnerbus:event:0"],"Source":"aws.s3","detail":{}}',
    "looks-like-code": '{"sql":"\'; drop table events; --","html":"<script>alert(1)</script>","path":"../../passwd"}',
    "looks-like-json": r'{"text":"{\"a\":[1,2,{\"b\":null}]}","brackets":"]}]}{[{["}',
    "white-space": '  { "a" :  1 ,\t"b" : [ 1 , 2 ] ,  "c" : "  kept  " }  ',
    "literals": '{"values":[true,false,null,"true","null","NaN",""]}',
    "mixed-list": '{"list":[1,"1",1.0,[1],{"1":1},null,[[]],[{}],-1e2]}',
    "order-of-keys": '{"z":1,"y":2,"10":3,"9":4,"x":5,"a":6}',
    "long-key": f'{{"{"k" * 5_000}":"{"v" * 5_000}"}}',
    "many-keys": "{" + ",".join(f'"key {n}":{n}' for n in range(1_000)) + "}",
    "wide-list": f'{{"list":[{",".join("0" * 5_000)}]}}',
}
TYPES = ("Order Placed", "order.placed", "Bestellung geändert 🎉", "a" * 128, "x/y:z#?&=%20")


def small_events() -> list[Event]:
    """Return what the file holds: every detail, with every kind of tenant, type, time and resources."""
    events = [
        Event(TENANTS[number % len(TENANTS)], TYPES[number % len(TYPES)], f"hard/{name}", text.strip().encode())
        for number, (name, text) in enumerate(DETAILS.items())
    ]
    return [*events, *_deep_ones(), *_with_all_fields()]


def large_events() -> list[Event]:
    """Return details as large as a call to AWS carries, 240 kB each: too much for a file of the repository."""
    filler = "x" * (LARGE_BYTES - 20)
    letters = "é" * ((LARGE_BYTES - 20) // 2)
    numbers = ",".join(["123456789012345678901234567890.5"] * (LARGE_BYTES // 34))
    quotes = r"\"" * ((LARGE_BYTES - 20) // 2)  # twice as long again once it is a string inside a string
    details = {"text": f'"{filler}"', "letters": f'"{letters}"', "numbers": f"[{numbers}]", "quotes": f'"{quotes}"'}
    return [
        Event(TENANTS[0], "Large", f"large/{name}", f'{{"large":{text}}}'.encode()) for name, text in details.items()
    ]


def _deep_ones() -> list[Event]:
    inside = DEEP - 1
    objects = '{"a":' * inside + "{}" + "}" * inside
    lists = '{"a":' + "[" * inside + "]" * inside + "}"
    return [
        Event(TENANTS[0], "Deep", "hard/deep-objects", objects.encode()),
        Event(TENANTS[1], "Deep", "hard/deep-lists", lists.encode()),
    ]


def _with_all_fields() -> list[Event]:
    resources = ("arn:aws:s3:::bucket/key", "urn:example:ünï", "a" * 1_000)
    return [
        Event(TENANTS[2], "Timed", f"hard/{name}", b'{"timed":true}', time, resources)
        for name, time in {
            "time-in-utc": "2026-01-02T03:04:05Z",
            "time-with-offset": "2025-12-31T23:59:59.999+05:30",
            "time-before-1980": "1979-12-31T23:59:59Z",
            "time-to-come": "2199-01-01T00:00:00Z",
        }.items()
    ]


def text_of(events: list[Event]) -> str:
    """Return the events as NDJSON."""
    return "".join(f"{event.body.decode()}\n" for event in events)


if __name__ == "__main__":
    sys.stdout.write(text_of(small_events()))
