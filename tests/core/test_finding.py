"""Findings: the worst level wins, and every remark is told."""

from __future__ import annotations

from asyncdl.core.finding import Finding, Level, Remark, gather, worst


def test_nothing_to_remark_is_ok() -> None:
    assert gather("disk", "room enough") == Finding("disk", Level.OK, "room enough")


def test_remarks_are_joined_with_the_worst_first() -> None:
    found = gather(
        "disk", "1 kB", [Remark(Level.NOTE, "slow", "wait"), Remark(Level.FAULT, "full", "free some")]
    )
    assert found == Finding("disk", Level.FAULT, "1 kB; full; slow", "free some; wait")


def test_levels_are_ordered_from_ok_to_fault() -> None:
    assert worst([]) is Level.OK
    assert worst([Finding("a", Level.WARNING, ""), Finding("b", Level.NOTE, "")]) is Level.WARNING
    assert sorted(Level, key=lambda level: level.rank) == [Level.OK, Level.NOTE, Level.WARNING, Level.FAULT]
