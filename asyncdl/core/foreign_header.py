"""Tells a header whose names are not known: what stands below must not be read by AudioSet's own order."""

from __future__ import annotations

import re

from asyncdl.core.columns import (
    END_NAMES,
    ID_NAMES,
    LABEL_NAMES,
    MAX_HEADER_CHARACTERS,
    OTHER_SEPARATORS,
    START_NAMES,
    UnreadableHeader,
    fields_of,
)
from asyncdl.core.forms import YTID
from asyncdl.core.table_columns import DURATION_NAMES

_NAME = re.compile(r"[^\W\d][\w .()\[\]:-]{0,63}").fullmatch
_WORD = re.compile(r"[^\W\d]\w{0,63}").fullmatch
_KNOWN = frozenset({*ID_NAMES, *START_NAMES, *END_NAMES, *DURATION_NAMES, *LABEL_NAMES})
_FEW = 3
_NEEDED = {
    "the video id": ID_NAMES,
    "the start": START_NAMES,
    "the end or the duration": (*END_NAMES, *DURATION_NAMES),
}


def foreign_header(text: str) -> UnreadableHeader | None:
    """Refuse a first line that names columns without those that are needed; None for any other line.

    A comment is taken for a header only where its first word is a name of the id.
    """
    if len(text) > MAX_HEADER_CHARACTERS:
        return None
    bare = text.lstrip('#" \t')
    for separator in (",", *OTHER_SEPARATORS):
        names = [name.strip('" ') for name in fields_of(bare, separator)] if separator in bare else []
        if _are_names(names, is_comment=text.lstrip('" \t').startswith("#")):
            return _refused(names)
    return None


def _are_names(names: list[str], *, is_comment: bool) -> bool:
    named = [name for name in names if name]
    if is_comment:
        return len(named) >= _FEW and named[0].lower() in ID_NAMES and all(map(_WORD, named))
    if len(named) < 2 or not all(map(_NAME, named)):
        return False
    is_any_known = any(name.lower() in _KNOWN for name in named)
    return is_any_known or (len(named) >= _FEW and not any(map(YTID.fullmatch, named[:2])))


def _refused(names: list[str]) -> UnreadableHeader | None:
    low = {name.lower() for name in names}
    missing = [what for what, usual in _NEEDED.items() if not low.intersection(usual)]
    if not missing:
        return None
    shown = ", ".join(ascii(name)[1:-1] for name in names if name)[:200]
    return UnreadableHeader(
        f"its header names no column that is known for {', for '.join(missing)} (it names: {shown})",
        "Say which column is what, for example --columns id=youtube_id,start=start_time,duration=10; times "
        "are read as seconds, so others must be converted first.",
    )
