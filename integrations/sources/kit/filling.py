"""Filling templates: files beside this module, with `<<name>>` where a value stands."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_HOLE = re.compile(r"<<([a-z_]+)>>")
_TEXTS = Path(__file__).parent / "texts"


@cache
def template(file: str) -> str:
    """Return a template as it stands."""
    return (_TEXTS / file).read_text(encoding="utf-8")


def fill(file: str, values: Mapping[str, str]) -> str:
    """Return the template with its values; a hole without a value is a mistake of ours and raises KeyError."""
    return _HOLE.sub(lambda hole: values[hole[1]], template(file))
