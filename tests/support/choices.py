"""Lists whose rows bear labels, and candidates without any list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from asyncdl.core.choosing import Candidates
from asyncdl.inputs.sources import ListFile, resolve

Labelled = tuple[str, Sequence[str]]


def weak_line(ytid: str, labels: Sequence[str], start_s: int = 30, length_s: int = 10) -> bytes:
    """A row of AudioSet's own form, without its line feed."""
    return f'{ytid}, {start_s}.000, {start_s + length_s}.000, "{",".join(labels)}"'.encode()


def write_weak(path: Path, rows: Sequence[Labelled]) -> ListFile:
    path.write_bytes(b"".join(weak_line(ytid, labels) + b"\n" for ytid, labels in rows))
    return resolve(str(path), path.parent)


def candidates_of(label_sets: Sequence[Sequence[int]], label_count: int, offset: int = 1) -> Candidates:
    """Candidates with made-up hashes, by their labels."""
    hashes = np.array(
        [(n + offset) * 0x9E3779B97F4A7C15 % 2**64 for n in range(len(label_sets))], dtype=np.uint64
    )
    starts = np.zeros(len(label_sets) + 1, dtype=np.int32)
    starts[1:] = np.cumsum([len(labels) for labels in label_sets])
    labels = np.array([label for one in label_sets for label in one], dtype=np.uint16)
    return Candidates(hashes, starts, labels, label_count)
