"""The dashboard's picture: what it says, and that it keeps to its size whatever the texts hold."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from asyncdl.core.kinds import FailureKind
from asyncdl.core.printable import printable
from asyncdl.core.progress import IdentityView, InFlight, RecentFailure, Snapshot, Stage, keep_places
from asyncdl.ui.layout import layout
from asyncdl.ui.screen import screen
from asyncdl.ui.symbols import ASCII, UNICODE, Symbols, symbols_for
from asyncdl.ui.wire import decode, encode_message, encode_snapshot
from asyncdl.ui.wording import eta_text, progress_line, rate_text, share_text, size_text

SnapshotOf = Callable[..., Snapshot]
HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("[]/\\\x1b\x9b\n\r\t\x00\x07\u202e\u200d\ud800\udfff語é"),
    ),
    max_size=60,
)


def drawn(snapshot: Snapshot, width: int, height: int, symbols: Symbols = UNICODE) -> list[str]:
    """What the terminal shows, line by line."""
    console = Console(
        file=io.StringIO(),
        width=width,
        height=height,
        force_terminal=True,
        color_system=None,
        legacy_windows=False,
    )
    with console.capture() as capture:
        console.print(screen(snapshot, width=width, height=height, symbols=symbols))
    return capture.get().removesuffix("\n").split("\n")


def keys(places: Iterable[InFlight | None]) -> list[str | None]:
    return [None if each is None else each.key for each in places]


def test_a_usual_terminal_shows_everything(snapshot_of: SnapshotOf) -> None:
    text = "\n".join(drawn(snapshot_of(note="draining: 2 in flight"), 80, 24))
    for said in (
        "audioset: eval",
        "3 at a time · 1:02:03",
        "60.0 %",
        "600 of 1,000 settled · about 10 min left · 41.2 clips/min",
        "500 stored · 100 failed · 100 open · 2 wait for a retry · 3 rejected rows",
        "draining: 2 in flight",
        "1.4 GB used, 120 GB free",
        "◔ fetching --4gqARaEJE_0_10000",
        "try 2",
        "2:10",
        "60  removed             the video was removed",
        "✗ 0-iDWGCVlBk_5000_15000      removed             This video has",
        "↻ 0wOqzUkCb0A_30000_40000     network             connection reset",
    ):
        assert said in text


def test_the_bar_shows_stored_and_failed_as_shares(snapshot_of: SnapshotOf) -> None:
    bar = drawn(snapshot_of(), 109, 24)[1]
    assert bar == "━" * 50 + "╍" * 10 + "─" * 40 + "   60.0 %"


def test_the_bar_is_full_only_when_all_is_settled(snapshot_of: SnapshotOf) -> None:
    almost = drawn(snapshot_of(stored=99_999, failed={}, expected=100_000), 80, 24)[1]
    whole = drawn(snapshot_of(stored=100_000, failed={}, expected=100_000), 80, 24)[1]
    assert "─" in almost
    assert "99.9 %" in almost
    assert "─" not in whole
    assert "100.0 %" in whole


def test_an_unread_list_gives_no_share_and_no_total(snapshot_of: SnapshotOf) -> None:
    lines = drawn(snapshot_of(expected=None, eta_s=None), 80, 24)
    assert lines[1] == "─" * 80
    assert lines[2] == "600 settled so far · time left unknown · 41.2 clips/min"


@pytest.mark.parametrize(("width", "height"), [(120, 40), (80, 24), (40, 10), (20, 5), (10, 2), (1, 1)])
def test_every_size_is_kept_to(snapshot_of: SnapshotOf, width: int, height: int) -> None:
    crowd = tuple(InFlight(f"{n:011}_{n}_{n + 10}", Stage.FETCHING, 1, n) for n in range(64))
    snapshot = snapshot_of(
        in_flight=crowd,
        concurrency=64,
        failed={kind.value: 10 for kind in FailureKind},
        recent_failures=(RecentFailure("k", "network", "t" * 300, is_final=False),) * 20,
        identities=(IdentityView("n" * 90, "cooling", "w" * 300, 2e9, 900.0, 412, 9, 9, 9, 9),) * 40,
        note="cooling down until 14:05",
    )
    lines = drawn(snapshot, width, height)
    assert len(lines) <= max(height - 1, 1)
    assert max(map(cell_len, lines)) <= width


def test_a_tiny_terminal_shows_the_bar_first(snapshot_of: SnapshotOf) -> None:
    lines = drawn(snapshot_of(), 20, 5)
    assert [line.strip() for line in lines] == ["━━━━━╍─────   60.0 %", "600 of 1,000", "500 stored", ""]


def test_a_small_terminal_still_shows_segments_in_flight(snapshot_of: SnapshotOf) -> None:
    assert any("--4gqARaEJE_0_10000" in line for line in drawn(snapshot_of(), 40, 10))


def test_at_most_twenty_segments_in_flight_are_listed(snapshot_of: SnapshotOf) -> None:
    crowd = tuple(InFlight(f"key{n}", Stage.FETCHING, 1, n) for n in range(64))
    lines = drawn(snapshot_of(in_flight=crowd, concurrency=64), 120, 100)
    assert sum("fetching" in line for line in lines) == 20
    assert "In flight  64, 20 of them shown" in lines


def test_the_height_does_not_change_with_the_segments_in_flight(snapshot_of: SnapshotOf) -> None:
    heights = {
        len(drawn(snapshot_of(in_flight=snapshot_of().in_flight[:count]), 80, 24)) for count in range(3)
    }
    assert len(heights) == 1


def test_eight_at_a_time_fit_a_usual_terminal(snapshot_of: SnapshotOf) -> None:
    assert layout(24, snapshot_of(concurrency=8)).flight == 8


def test_the_last_picture_leaves_out_what_is_under_way(snapshot_of: SnapshotOf) -> None:
    text = "\n".join(drawn(snapshot_of(is_over=True), 80, 24))
    assert "600 of 1,000 settled" in text
    assert "In flight" not in text
    assert "left" not in text


def test_a_segment_keeps_its_row_while_it_is_under_way() -> None:
    a, b, c, d = (InFlight(key, Stage.FETCHING, 1, 9.0 - n) for n, key in enumerate("abcd"))
    first = keep_places((), (a, b, c), 3)
    assert first == (a, b, c)
    second = keep_places(keys(first), (b, c, d), 3)
    assert second == (d, b, c)
    third = keep_places(keys(second), (b,), 3)
    assert third == (None, b, None)


def test_fewer_rows_than_segments_show_the_oldest() -> None:
    crowd = [InFlight(str(age), Stage.FETCHING, 1, float(age)) for age in range(5)]
    assert keys(keep_places((), crowd, 2)) == ["4", "3"]


@given(text=HOSTILE, width=st.integers(1, 120), height=st.integers(1, 45))
@settings(max_examples=60, deadline=None)
def test_no_text_steers_the_terminal_or_leaves_its_line(
    snapshot_of: SnapshotOf, text: str, width: int, height: int
) -> None:
    snapshot = snapshot_of(
        title=text,
        note=text,
        failed={text: 3},
        in_flight=(InFlight(text, Stage.CUTTING, 2, 5.0),),
        recent_failures=(RecentFailure(text, text, text, is_final=True),),
        identities=(IdentityView(text, text, text, 2e9, 900.0, 412, 9, 9, 9, 9),) * 3,
    )
    lines = drawn(snapshot, width, height)
    assert len(lines) <= max(height - 1, 1)
    assert all(line.isprintable() for line in lines)
    assert max(map(cell_len, lines)) <= width


@given(HOSTILE)
def test_what_looks_like_markup_is_shown_as_it_is(snapshot_of: SnapshotOf, text: str) -> None:
    title = f"[bold]{printable(text)}[/bold]"[:60]
    assert drawn(snapshot_of(title=title), 100, 24)[0].startswith(title.rstrip())


@given(HOSTILE)
def test_printable_text_is_one_visible_line(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert printable(shown) == shown
    shown.encode("utf-8")


def test_colours_of_a_tool_vanish_whole() -> None:
    assert printable("\x1b[0;31mERROR:\x1b[0m gone\x1b]0;title\x07\n  now") == "ERROR: gone now"


def test_long_text_is_bounded() -> None:
    assert len(printable("x" * 10_000_000)) == 500


@given(HOSTILE)
def test_a_snapshot_survives_the_pipe(snapshot_of: SnapshotOf, text: str) -> None:
    view = IdentityView("direct", "running", text, 2e9, None, 412, 9, 8, 7, 6)
    snapshot = snapshot_of(note=text, identities=(view,))
    shown = (replace(view, why=printable(text)),)
    assert decode(encode_snapshot(snapshot)) == replace(snapshot, note=printable(text), identities=shown)


def test_a_message_keeps_its_lines_on_the_pipe() -> None:
    assert decode(encode_message("one\ntw\x1b[31mo\ud800")) == "one\ntwo\N{REPLACEMENT CHARACTER}"


def test_poor_terminals_get_ascii_only(snapshot_of: SnapshotOf) -> None:
    assert symbols_for("ascii") is ASCII
    assert symbols_for("UTF-8") is symbols_for("utf8") is UNICODE
    assert "\n".join(drawn(snapshot_of(), 80, 24, ASCII)).isascii()


@pytest.mark.parametrize(
    ("eta_s", "said"),
    [
        (None, "time left unknown"),
        (20, "less than 1 min left"),
        (700, "about 12 min left"),
        (3_590, "about 1 h left"),
        (15_000, "about 4 h 10 min left"),
        (50_000, "about 14 h left"),
        (86_300, "about 1 d left"),
        (190_000, "about 2 d 5 h left"),
        (1_300_000, "about 15 d left"),
    ],
)
def test_estimates_are_no_finer_than_they_can_be(eta_s: float | None, said: str) -> None:
    assert eta_text(eta_s) == said


def test_figures_in_words() -> None:
    assert [size_text(n) for n in (0, 999, 1000, 999_960, 31_234_000_000, 4_200_000_000_000)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "1.0 MB",
        "31.2 GB",
        "4.2 TB",
    ]
    assert [rate_text(n) for n in (0, 0.5, 41.23, 412.3)] == [
        "0.0 clips/min",
        "30 clips/h",
        "41.2 clips/min",
        "412 clips/min",
    ]
    assert share_text(9_999, 10_000) == "99.9 %"


def test_the_plain_line_says_all_that_matters(snapshot_of: SnapshotOf) -> None:
    assert progress_line(snapshot_of(note="draining"), 0.0) == (
        "[1:02:03] 600 of 1,000 settled (60.0 %) · 500 stored · 100 failed · 2 in flight · 41.2 clips/min"
        " · about 10 min left · 1.4 GB used, 120 GB free - draining"
    )


def test_a_picture_costs_little(snapshot_of: SnapshotOf) -> None:
    """A 64-row table takes 36 ms; four a second of that would be a seventh of a processor."""
    crowd = tuple(InFlight(f"{n:011}_{n}_{n + 10}", Stage.FETCHING, 1, n) for n in range(256))
    snapshot = snapshot_of(in_flight=crowd, concurrency=256)
    drawn(snapshot, 120, 40)
    begun = time.process_time()
    for _ in range(5):
        drawn(snapshot, 120, 40)
    assert (time.process_time() - begun) / 5 < 0.036
