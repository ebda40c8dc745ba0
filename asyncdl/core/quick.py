"""The most frequent record read without parsing it: of a stored clip, what a replay needs stands in front.

This takes a third off a replay. A record written in another order or spelling is parsed like all others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeAlias

import orjson

from asyncdl.core.records import Fields

# Number in the file, durable number, source, line, key, round, size in bytes; the last is empty.
Stored: TypeAlias = tuple[bytes, ...]

_RECORD = re.compile(
    rb'\n(?:\{"q":([0-9]{1,15}),"d":([0-9]{1,15}),"e":"stored","s":([0-9]{1,9}),"i":([0-9]{1,9}),'
    rb'"k":"([A-Za-z0-9_-]{1,64})","r":([0-9]{1,9}),"n":[0-9]{1,9},"t":[0-9]{1,15},"b":([0-9]{1,15}),"h":'
    rb"|([^\n]*))"
)


def open_quickly(lines: list[bytes]) -> Sequence[Fields | Stored] | None:
    """Open lines that are all whole records; None where it takes more to tell."""
    found = _RECORD.findall(b"\n" + b"\n".join(lines))
    with suppress(orjson.JSONDecodeError):
        return [orjson.loads(one[-1]) if one[-1] else one for one in found]
    return None
