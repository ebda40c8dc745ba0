"""Values of file formats that know more than text, as cells of a table."""

from __future__ import annotations

import json

from asyncdl.core.table_rows import Cell


def cell_of(value: object) -> Cell:
    """Make a cell of what a file format gives: texts, lists of texts, and anything else as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return sound_text(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(sound_text(item) for item in value)
    return json.dumps(value, ensure_ascii=False, default=str)


def sound_text(text: str) -> str:
    """Replace halves of characters, which JSON can name and no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8").strip(" \t")
