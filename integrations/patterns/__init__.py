"""Amazon EventBridge event patterns: compiled once, matched against any number of events, without a call to AWS.

The semantics are those of EventBridge rules, for which github.com/aws/event-ruler is the reference. Where the
service cannot be followed to the letter, the module concerned says so.

    >>> pattern = compile_pattern('{"source": ["aws.partner/acme"], "detail": {"amount": [{"numeric": [">", 9]}]}}')
    >>> pattern.matches({"source": "aws.partner/acme", "detail": {"amount": 10}})
    True
"""

from integrations.patterns.compilation import compile_pattern
from integrations.patterns.cost import MatchTooCostly
from integrations.patterns.matching import EventPattern
from integrations.patterns.refusal import InvalidEventPattern

__all__ = ["EventPattern", "InvalidEventPattern", "MatchTooCostly", "compile_pattern"]
