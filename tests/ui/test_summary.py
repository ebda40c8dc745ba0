"""The end of a run tells what is stored, what is gone and why, and what to do next."""

from __future__ import annotations

import io
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from asyncdl.core.kinds import FailureKind
from asyncdl.core.progress import Snapshot
from asyncdl.ui.summary import Commands, summary

SnapshotOf = Callable[..., Snapshot]


def told(renderable: RenderableType) -> str:
    """What a log gets."""
    out = io.StringIO()
    Console(file=out, width=80, color_system=None).print(renderable, soft_wrap=True)
    return out.getvalue()


def test_the_end_of_a_run_with_everything_in_it(snapshot_of: SnapshotOf) -> None:
    assert told(summary(snapshot_of(note="stopped by Ctrl-C", is_over=True))) == (
        "500 of 1,000 segments stored (50.0 %), 100 failed, 100 open  stopped by Ctrl-C\n"
        "  this run  500 stored, 100 failed, 7 attempts repeated\n"
        "  time      1:02:03, 8.1 clips/min on average\n"
        "  disk      1.4 GB used, 120 GB free\n"
        "\n"
        "Gone: 60  asking again is of no use\n"
        "  60  removed             the video was removed\n"
        "\n"
        "Can be tried again: 40\n"
        "  40  network             connection failed or broke\n"
        "\n"
        "Rows of the lists\n"
        "   3 rejected  are no segments; asyncdl status --rejected shows them\n"
        "  12 repeated  name the segment of another row; stored once\n"
        "\n"
        "Next\n"
        "  asyncdl run           with the same lists goes on with 100 segments still open\n"
        "  asyncdl retry-failed  tries 40 segments again\n"
    )


def test_a_run_that_left_nothing_recommends_nothing_to_retry(snapshot_of: SnapshotOf) -> None:
    text = told(summary(snapshot_of(open=0, failed={"removed": 1}, rejected_rows=0, repeated_rows=0)))
    assert "retry-failed" not in text
    assert "asyncdl run" not in text
    assert "Rows of the lists" not in text
    assert "nothing is left to try" in text


def test_one_open_segment_is_one_segment(snapshot_of: SnapshotOf) -> None:
    assert "goes on with 1 segment still open" in told(summary(snapshot_of(open=1)))


def test_the_commands_are_those_that_the_user_typed(snapshot_of: SnapshotOf) -> None:
    commands = Commands(run="asyncdl run eval --out /data/[x]", retry="asyncdl retry-failed --out /data/[x]")
    text = told(summary(snapshot_of(), commands))
    assert "asyncdl run eval --out /data/[x]" in text
    assert "asyncdl retry-failed --out /data/[x]" in text


def test_an_empty_run_says_so_without_dividing_by_nothing(snapshot_of: SnapshotOf) -> None:
    text = told(summary(snapshot_of(expected=None, segments=0, stored=0, open=0, failed={}, elapsed_s=0.0)))
    assert text.startswith("0 of 0 segments stored, 0 failed, 0 open")


def test_a_kind_of_a_later_version_is_still_told(snapshot_of: SnapshotOf) -> None:
    text = told(summary(snapshot_of(failed={"eaten_by_whale": 2})))
    assert "2  eaten_by_whale      a message that asyncdl does not know" in text


def test_every_kind_stands_in_the_one_list_where_it_belongs(snapshot_of: SnapshotOf) -> None:
    text = told(summary(snapshot_of(failed={kind.value: 1 for kind in FailureKind})))
    gone, retryable = text.split("Can be tried again")
    for kind in FailureKind:
        assert (f"1  {kind.value} " in gone) is kind.is_permanent
        assert (f"1  {kind.value} " in retryable) is not kind.is_permanent


@given(st.text(max_size=40))
def test_no_note_steers_the_terminal(snapshot_of: SnapshotOf, note: str) -> None:
    assert all(line.isprintable() for line in told(summary(snapshot_of(note=note))).split("\n"))
