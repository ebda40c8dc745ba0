"""NeMo's JSON lines manifest: one stored clip per line, in the order of the lists.

A line also tells where its clip comes from: SHA-256, format, tools, date, padding. A run rewrites the
manifest where clips came or went; ``asyncdl export nemo`` refreshes one that an older asyncdl wrote.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from asyncdl.core import layout
from asyncdl.core.events import ClipStored
from asyncdl.core.export import Sizes
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import Clip, ClipSpec, Row, Segment
from asyncdl.errors import UsageError
from asyncdl.exporting.contract import Exporter, Terms
from asyncdl.exporting.foreign import date_of, words_of
from asyncdl.runtime.files import open_plain, replace_file
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import iterate_outcomes

if TYPE_CHECKING:  # every run imports this module, and those load numpy
    from asyncdl.exporting.finishing import Finish
    from asyncdl.exporting.table import Table

_BLOCK_BYTES = 1 << 20
_DATES = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS | orjson.OPT_APPEND_NEWLINE
# What a line holds beside what the journal has of its clip: names, the path, labels told twice.
_BESIDES = 640


def write(root: Path, ledger: Ledger, spec: ClipSpec) -> int:
    """Rewrite ``manifest.jsonl`` in one step; answer the number of clips in it.

    Raises ``DiskFull`` and ``EnvironmentFault``; the old manifest stays then.
    """
    written = 0

    def lines() -> Iterator[bytes]:
        nonlocal written
        for row, outcome in iterate_outcomes(journal_of(root), ledger):
            if isinstance(outcome, ClipStored):
                written += 1
                yield line_of(row, outcome, spec)

    replace_file(root / layout.MANIFEST, lines())
    return written


def line_of(row: Row, stored: ClipStored, spec: ClipSpec) -> bytes:
    """Make one line of the data set's own manifest."""
    path = layout.clip_path(row.segment, spec.extension)
    return _line(row.segment, stored.clip, path, stored.at_ms)


def _line(segment: Segment, clip: Clip, path: str, at_ms: int) -> bytes:
    """Make one line.

    NeMo's loaders want the string ``label`` and split it at blanks, so it holds ids; ``duration`` is that of
    the file. Paths are relative to the manifest, so that a data set can be moved.
    """
    yt_dlp, ffmpeg = _tools_of(clip.tool_version)
    line: dict[str, object] = {
        "audio_filepath": path,
        "duration": clip.samples / clip.sample_rate,
        "label": " ".join(words_of(segment.labels)),
        "labels": segment.labels,
        "ytid": segment.ytid,
        "start": segment.span.start_ms / 1000,
        "end": segment.span.end_ms / 1000,
        "split": segment.split,
        "sample_rate": clip.sample_rate,
        "channels": clip.channels,
        "padded_samples": clip.padded_samples,
        "sha256": clip.sha256,
        "format_id": clip.format_id,
        "source_rate": clip.source_rate,
        "yt_dlp_version": yt_dlp,
        "ffmpeg_version": ffmpeg,
        "date": date_of(at_ms),
    }
    if segment.columns:
        line |= {name: told for name, told in _columns_of(segment).items() if name not in line}
    if clip.padded_samples:
        line["short"] = clip.is_short
    if clip.is_silent:
        line["silent"] = True
    return orjson.dumps(line, option=_DATES)


@lru_cache(maxsize=64)
def _tools_of(tools: str) -> tuple[str | None, str | None]:
    """Answer the versions in ``yt-dlp 2026.10.26, ffmpeg 7.1``; None for a tool that is not named."""
    versions = dict(told.split(" ", 1) for told in tools.split(", ") if " " in told)
    return versions.get("yt-dlp"), versions.get("ffmpeg")


def _columns_of(segment: Segment) -> dict[str, str | list[str]]:
    """Give what else the rows said by name: a list where a name stands several times, as captions do."""
    texts: dict[str, list[str]] = {}
    for name, text in segment.columns:
        texts.setdefault(name, []).append(text)
    return {name: told if len(told) > 1 else told[0] for name, told in texts.items()}


def count_lines(root: Path) -> int:
    """Count the clips in the manifest; -1 where there is no plain file."""
    lines = 0
    try:
        with open_plain(root / layout.MANIFEST) as file:
            while block := file.read(_BLOCK_BYTES):
                lines += block.count(b"\n")
    except OSError:
        return -1
    return lines


def _clip_bytes(table: Table, _terms: Terms) -> Sizes:
    """Bound the lines by those of the table, which hold the same texts, labels once instead of twice."""
    return 2 * table.row_bytes + _BESIDES


def _finish(finish: Finish) -> None:
    """Write ``manifest.jsonl``; from another folder its paths lead to the data set's clips.

    Raises ``UsageError`` where it would take other splits' clips out of the data set's own manifest.
    """
    root, target = finish.place.root, finish.place.target
    if root == target and finish.terms.splits:
        raise UsageError(
            "--split would take the clips of other lists out of the data set's own manifest.",
            mend="Name another folder for the export with --to DIR.",
        )
    # Readers join a path to the manifest's folder if it has a folder part; each one has clips/ in it.
    way = "" if root == target else f"{os.path.relpath(root, target)}/"
    finish.write(
        layout.MANIFEST,
        (_line(clip.segment, clip.clip, way + clip.path, clip.at_ms) for clip in finish.clips()),
    )


EXPORTER = Exporter(
    name="nemo",
    summary="manifest.jsonl beside the clips: JSON lines with paths, labels and where each clip comes from",
    finish=_finish,
    clip_bytes=_clip_bytes,
    goes_to_root=True,
)
