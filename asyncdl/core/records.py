"""One line of a run file: a JSON object that carries its own check sum.

``q`` is the record's number in its file, from 1; ``d`` the highest number known to be on disk when it was
written; ``c``, always the last member, the CRC-32 of all bytes before it. The check bytes are compared as
bytes: parsing them would accept more than one spelling.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeAlias
from zlib import crc32

import orjson

Fields: TypeAlias = dict[str, Any]

MAX_RECORD_BYTES = 1 << 20
_CHECK_BYTES = len(b',"c":"01234567"}')
_HEAD_BYTES = 64


def pack(fields: Mapping[str, object]) -> bytes:
    """Encode a record's members but ``q``, ``d`` and ``c``; raises ``ValueError`` beyond a mebibyte."""
    packed = dumps(fields)
    if len(packed) > MAX_RECORD_BYTES - _HEAD_BYTES:
        raise ValueError(f"a record of {len(packed)} bytes is too long")
    return packed


def dumps(value: object) -> bytes:
    """Encode plain values; what is no Unicode text is replaced."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return orjson.dumps(_without_surrogates(value))


def seal(packed: bytes, q: int, d: int) -> bytes:
    """Return what ``pack`` made as a numbered, signed line with its newline."""
    body = b'{"q":%d,"d":%d,' % (q, d) + packed[1:-1]
    return b'%b,"c":"%08x"}\n' % (body, crc32(body))


def open_record(line: bytes) -> Fields | None:
    """Return the members of a whole record, None for anything else.

    ``line`` comes without its newline; a line that never got one is no record, which the caller sees.
    """
    if line[-_CHECK_BYTES:] != b',"c":"%08x"}' % crc32(line[:-_CHECK_BYTES]):
        return None
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return fields if isinstance(fields, dict) else None


def are_whole(lines: list[bytes]) -> bool:
    """Whether each line carries its right check bytes; all are compared at once, which is faster."""
    sums = tuple([crc32(line[:-_CHECK_BYTES]) for line in lines])
    return b"".join([line[-_CHECK_BYTES:] for line in lines]) == b',"c":"%08x"}' * len(lines) % sums


def open_records(lines: list[bytes]) -> list[Fields]:
    """Answer as ``open_record`` for each line, with ``{}`` for None; faster where all are whole."""
    if are_whole(lines):
        with suppress(orjson.JSONDecodeError):
            records: list[Fields] = orjson.loads(b"[%b]" % b",".join(lines))
            # Lines may be values only together: as many, but not theirs.
            if len(records) == len(lines) and all(isinstance(one, dict) for one in records):
                return records
    return [open_record(line) or {} for line in lines]


def _without_surrogates(value: object) -> object:
    """Replace what is no Unicode text (halves of pairs, from names that the system could not decode)."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_without_surrogates(name): _without_surrogates(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(part) for part in value]
    return value
