"""Killed at each step of publish and journal: nothing false is recorded, nothing acknowledged is lost."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from asyncdl.core.layout import clip_path
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.replay import replay
from support.crash_program import ORDERS, SEGMENTS
from support.invariants import recorded_events, stored_clips

TESTS = Path(__file__).parents[1]


def _run(mode: str, order: str, folder: Path, step: int = 1) -> None:
    argv = [sys.executable, "-m", "support.crash_program", mode, order, str(folder), str(step)]
    subprocess.run(argv, check=True, env={**os.environ, "PYTHONPATH": str(TESTS)}, timeout=50)


def _false_clips(root: Path) -> int:
    """Count records of stored clips that their files do not bear out."""
    return sum(
        not _is_true(root / clip_path(row.segment, "flac"), told.clip.sha256)
        for row, told in stored_clips(root)
    )


def _is_true(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _unrecorded(root: Path) -> list[str]:
    """List acknowledged events that are not in the journal, each as often as it is missing."""
    acks = root.with_suffix(".acks")
    acknowledged = acks.read_text().splitlines() if acks.exists() else []
    for event in recorded_events(root):
        line = f"{type(event).__name__} {getattr(event, 'key', '')}"
        if line in acknowledged:
            acknowledged.remove(line)
    return acknowledged


def test_a_crash_at_any_step_leaves_no_false_record_and_the_next_run_completes(tmp_path: Path) -> None:
    _run("die", "right", tmp_path)
    roots = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert len(roots) > 50
    states = set()
    for root in roots:
        replayed = replay(journal_of(root))
        assert not replayed.damage, root.name
        assert not _false_clips(root), root.name
        assert not _unrecorded(root), root.name
        counts = replayed.ledger.counts()
        states.add((counts.segments, counts.stored))
    assert states >= {(0, 0), (1, 0), (1, 1), (2, 1), (2, 2)}
    _run("finish", "right", tmp_path)
    for root in roots:
        assert replay(journal_of(root)).ledger.counts().stored == len(SEGMENTS), root.name
        assert not _false_clips(root), root.name
        assert not [path for path in root.rglob("*") if path.name.endswith(".part")], root.name
        assert not (root / ".parts").exists(), root.name


@pytest.mark.parametrize("order", sorted({*ORDERS} - {"right"}))
def test_a_wrong_order_of_work_is_found(order: str, tmp_path: Path) -> None:
    """Recorded before it is published; replaced without taking the old record back."""
    _run("die", order, tmp_path, step=4)
    assert sum(_false_clips(path) for path in tmp_path.iterdir() if path.is_dir()) > 0
