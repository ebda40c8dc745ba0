"""How long the clips of AudioSet's strong lists last that are no 10 s: their ids do not tell.

The table beside is made by ``docs/make_short_clips.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def short_clips() -> Mapping[str, int]:
    """Read the package's own table, once: milliseconds by segment id, some 2,300 of them."""
    text = files("asyncdl.inputs").joinpath("short_clips.tsv").read_text(encoding="ascii")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {segment_id: int(seconds) * 1000 for segment_id, seconds in rows}
