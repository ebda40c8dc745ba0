# ruff: noqa: INP001 - a program run by hand, not a package
"""Make ``asyncdl/inputs/short_clips.tsv`` of AudioSet's own files.

    python docs/make_short_clips.py FOLDER

FOLDER holds the three weak lists (``unbalanced_train_segments.csv`` may be gzipped) and the ids of the strong
lists, one a line, in ``strong_train_segment_ids.txt`` (or ``.gz``) and ``strong_eval_segment_ids.txt``: what
stands in the first column of the two strong lists.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

TABLE = Path(__file__).parent.parent / "asyncdl" / "inputs" / "short_clips.tsv"
_HEAD = """\
# Clips of AudioSet's strong lists (train and eval) shorter than 10 s, and how many seconds they last.
# Made of facts from AudioSet's segment lists by Google, CC BY 4.0; this table is under CC BY 4.0.
"""
_WEAK = ("eval_segments.csv", "balanced_train_segments.csv", "unbalanced_train_segments.csv")
_STRONG = ("strong_train_segment_ids.txt", "strong_eval_segment_ids.txt")


def lines(folder: Path, name: str) -> Iterator[str]:
    """Read a file of the folder, gzipped or not."""
    path = folder / name
    text = path.read_bytes() if path.exists() else gzip.decompress((folder / f"{name}.gz").read_bytes())
    return iter(text.decode("ascii").splitlines())


def lengths(folder: Path) -> Iterator[tuple[str, Decimal]]:
    """Yield segment id and length in seconds of each short segment of the weak lists."""
    for name in _WEAK:
        for line in lines(folder, name):
            if not line.startswith("# "):
                ytid, start, end, _ = line.split(", ", 3)
                seconds = Decimal(end) - Decimal(start)
                if seconds != 10:
                    yield f"{ytid}_{int(Decimal(start) * 1000)}", seconds


def main() -> None:
    """Write the table."""
    folder = Path(sys.argv[1])
    strong = {line for name in _STRONG for line in lines(folder, name)}
    rows = sorted(f"{one}\t{seconds.normalize():f}" for one, seconds in lengths(folder) if one in strong)
    TABLE.write_text(_HEAD + "\n".join(rows) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
