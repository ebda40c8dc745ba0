"""NeMo's JSON lines manifest: one stored clip per line, in the order of the lists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson

from asyncdl.core import layout
from asyncdl.core.events import ClipStored
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import ClipSpec, Row, Segment
from asyncdl.runtime.files import open_plain, replace_file
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import iterate_outcomes

_BLOCK_BYTES = 1 << 20


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
    """Make one line.

    NeMo's loaders want the string ``label`` and split it at blanks, so it holds ids; ``duration`` is that of
    the file. Paths are relative to the manifest, so that a data set can be moved.
    """
    segment, clip = row.segment, stored.clip
    line: dict[str, object] = {
        "audio_filepath": layout.clip_path(segment, spec.extension),
        "duration": clip.samples / clip.sample_rate,
        "label": " ".join(segment.labels),
        "labels": segment.labels,
        "ytid": segment.ytid,
        "start": segment.span.start_ms / 1000,
        "end": segment.span.end_ms / 1000,
        "split": segment.split,
        "sample_rate": clip.sample_rate,
        "channels": clip.channels,
    }
    line |= {name: told for name, told in _columns_of(segment).items() if name not in line}
    if clip.padded_samples:
        line["padded_samples"] = clip.padded_samples
        line["short"] = clip.is_short
    if clip.is_silent:
        line["silent"] = True
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


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
