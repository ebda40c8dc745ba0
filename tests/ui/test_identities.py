"""What people and scripts are told of identities: which works, which waits, until when, and why."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from asyncdl.core.ledger import Counts
from asyncdl.core.progress import IdentityView, Snapshot
from asyncdl.ui.identities import identities_view
from asyncdl.ui.identity_text import until_text
from asyncdl.ui.layout import layout
from asyncdl.ui.screen import screen
from asyncdl.ui.status_view import status_object, status_view
from asyncdl.ui.summary import summary
from asyncdl.ui.symbols import ASCII, UNICODE, Symbols
from asyncdl.ui.wording import progress_line

SnapshotOf = Callable[..., Snapshot]
DAY_S = 86_400
NOON_S = 20_000 * DAY_S + 12 * 3_600.0  # 2024-10-04, UTC
LATER_S = NOON_S + 2 * 3_600 + 5 * 60
COUNTS = Counts(
    segments=1_000,
    stored=500,
    open=500,
    failed={},
    failed_total=0,
    retryable=0,
    rejected_rows=0,
    repeated_rows=0,
    stored_bytes=1_400_000_000,
    attempts=700,
)


@pytest.fixture(autouse=True, scope="module")
def in_utc() -> Iterator[None]:
    """Local clocks differ; these tests read one that does not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def running(name: str = "direct", **changes: object) -> IdentityView:
    values = {
        "name": name,
        "phase": "running",
        "why": "",
        "until_s": None,
        "allowed_per_h": 900.0,
        "last_hour": 412,
        "fetched": 1_234,
        "failed": 5,
        "throttled": 0,
        "held": 3,
    }
    return IdentityView(**{**values, **changes})  # type: ignore[arg-type] # values of the fields' own types


def cooling(name: str = "proxy a:1", **changes: object) -> IdentityView:
    told = {"phase": "cooling", "why": "bot_check", "until_s": LATER_S, "throttled": 2, "held": 0}
    return running(name, **{**told, **changes})


def benched(name: str = "proxy b:2") -> IdentityView:
    return cooling(name, phase="benched", why="proxy_down: refused", until_s=LATER_S + 60, throttled=0)


def told(renderable: RenderableType, width: int = 110) -> str:
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(renderable, soft_wrap=True)
    return out.getvalue()


def drawn(snapshot: Snapshot, width: int = 110, height: int = 40, symbols: Symbols = UNICODE) -> list[str]:
    picture = screen(snapshot, width=width, height=height, symbols=symbols, now_s=NOON_S)
    return [line.rstrip() for line in told(picture, width).splitlines()]


def section(lines: list[str]) -> list[str]:
    """The heading of the identities and what stands under it."""
    begin = next((n for n, line in enumerate(lines) if line.startswith("Identities")), len(lines))
    end = next((n for n in range(begin, len(lines)) if not lines[n]), len(lines))
    return lines[begin:end]


def test_each_identity_has_a_row_and_those_that_wait_come_first(snapshot_of: SnapshotOf) -> None:
    views = (running("ip 192.0.2.7"), cooling(), cooling("proxy c:3", phase="probing"), benched())
    assert section(drawn(snapshot_of(identities=views), 120)) == [
        "Identities  4: 1 cooling, 1 probing, 1 benched, 1 running",
        "  ◌ proxy a:1     cooling until 14:05  412 of 900/h  bot_check · 1,234 fetched · throttled 2 times",
        "  ◎ proxy c:3     probing              412 of 900/h  bot_check · 1,234 fetched · throttled 2 times",
        "  ⊘ proxy b:2     benched until 14:06  412 of 900/h  proxy_down: refused · 1,234 fetched",
        "  ● ip 192.0.2.7  running              412 of 900/h  1,234 fetched · 3 held",
    ]


def test_one_identity_that_runs_needs_no_section(snapshot_of: SnapshotOf) -> None:
    assert not section(drawn(snapshot_of(identities=(running(),))))


def test_one_identity_that_waits_has_a_section(snapshot_of: SnapshotOf) -> None:
    assert len(section(drawn(snapshot_of(identities=(cooling("direct"),))))) == 2


def test_of_many_identities_eight_lines_are_shown_and_the_rest_counted(snapshot_of: SnapshotOf) -> None:
    views = (*(running(f"proxy {n}:1") for n in range(18)), cooling())
    lines = section(drawn(snapshot_of(identities=views), height=60))
    assert len(lines) == 1 + 8
    assert lines[1].startswith("  ◌ proxy a:1")
    assert lines[-1] == "    and 12 more running"


def test_hidden_ones_that_wait_are_counted_apart(snapshot_of: SnapshotOf) -> None:
    views = (running(), *(cooling(f"proxy {n}:1") for n in range(10)))
    assert section(drawn(snapshot_of(identities=views), height=60))[-1] == (
        "    and 3 more not running, 1 running"
    )


def test_without_a_bound_the_last_hour_alone_is_told(snapshot_of: SnapshotOf) -> None:
    views = (running(allowed_per_h=None), running("b"))
    assert "412 in 1 h" in section(drawn(snapshot_of(identities=views)))[1]


def test_a_narrow_terminal_shows_names_and_states(snapshot_of: SnapshotOf) -> None:
    lines = section(drawn(snapshot_of(identities=(cooling(), running())), width=44))
    assert lines[1] == "  ◌ proxy a:1  cooling until 14:05"


@pytest.mark.parametrize("height", range(6, 60))
def test_the_section_takes_nothing_that_others_need(snapshot_of: SnapshotOf, height: int) -> None:
    without = layout(height, snapshot_of(concurrency=8))
    given_way = layout(height, snapshot_of(concurrency=8, identities=(cooling(), *[running()] * 30)))
    if given_way.identities:
        assert min(given_way.flight, 3) == min(without.flight, 3)
        assert min(given_way.kinds, given_way.recent) >= 2
    else:
        assert given_way == without


def test_a_usual_terminal_has_room_for_the_section(snapshot_of: SnapshotOf) -> None:
    lines = drawn(snapshot_of(identities=(cooling(), running(), running("b"))), 80, 24)
    assert len(section(lines)) == 4
    assert "Latest failures" in "\n".join(lines)


def test_poor_terminals_get_signs_in_ascii(snapshot_of: SnapshotOf) -> None:
    views = (running(), cooling(), cooling(phase="probing"), benched())
    assert "\n".join(drawn(snapshot_of(identities=views), symbols=ASCII)).isascii()


def test_names_are_shown_as_they_are_and_steer_nothing(snapshot_of: SnapshotOf) -> None:
    text = "\n".join(drawn(snapshot_of(identities=(cooling("[red]x\x1b[2J\n"), running()))))
    assert "[red]x  " in text
    assert "\x1b" not in text


@given(until_s=st.floats(allow_nan=False), now_s=st.floats(0, 1e10))
@settings(max_examples=50, deadline=None)
def test_any_time_of_a_journal_can_be_told(until_s: float, now_s: float) -> None:
    assert ":" in until_text(until_s, now_s)


def test_a_wait_is_told_by_the_clock_and_with_the_day_when_it_is_another() -> None:
    assert until_text(LATER_S, NOON_S) == "14:05"
    assert until_text(LATER_S + 1, NOON_S) == "14:06", "never told too early"
    assert until_text(LATER_S + 3 * DAY_S, NOON_S) == "7 Oct 14:05"


def test_the_clock_is_the_local_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XYZ-5:30")
    time.tzset()
    try:
        assert until_text(LATER_S, NOON_S) == "19:35"
    finally:
        monkeypatch.setenv("TZ", "UTC")
        time.tzset()


def test_when_everything_waits_the_note_says_until_when(snapshot_of: SnapshotOf) -> None:
    assert drawn(snapshot_of(identities=(cooling("direct"),)))[4].startswith(
        "stands still until 14:05: bot_check"
    )
    note = drawn(snapshot_of(identities=(benched(), cooling())))[4]
    assert note.startswith("stands still until 14:05: all 2 identities wait")


def test_the_runs_own_note_comes_before_it(snapshot_of: SnapshotOf) -> None:
    assert drawn(snapshot_of(note="draining", identities=(cooling(),)))[4].startswith("draining  ")


@pytest.mark.parametrize("other", [running(), cooling(phase="probing"), cooling(until_s=None)])
def test_while_one_may_send_nothing_stands_still(snapshot_of: SnapshotOf, other: IdentityView) -> None:
    assert "still" not in "\n".join(drawn(snapshot_of(identities=(cooling(), other))))


def test_the_last_picture_waits_for_nothing(snapshot_of: SnapshotOf) -> None:
    over = snapshot_of(identities=(cooling(),), is_over=True)
    assert "still" not in "\n".join(drawn(over))
    assert "still" not in progress_line(over, NOON_S)


@pytest.mark.parametrize(
    ("views", "said"),
    [
        ((running(), running("b")), "120 GB free"),
        ((running(), cooling()), "120 GB free · 1 of 2 identities waits until 14:05"),
        ((running(), cooling(), benched()), "120 GB free · 2 of 3 identities wait, the first until 14:05"),
        ((benched(), cooling()), "120 GB free - stands still until 14:05: all 2 identities wait"),
    ],
)
def test_a_plain_line_mentions_who_waits(
    snapshot_of: SnapshotOf, views: tuple[IdentityView, ...], said: str
) -> None:
    assert progress_line(snapshot_of(identities=views), NOON_S).endswith(said)


def test_the_end_names_those_that_were_held_up(snapshot_of: SnapshotOf) -> None:
    views = (running(), running("proxy c:3", throttled=1), cooling(), benched())
    lines = told(summary(snapshot_of(identities=views), now_s=NOON_S)).splitlines()
    begin = lines.index("Identities that YouTube or their way out held up")
    assert lines[begin + 1 : begin + 5] == [
        "  proxy a:1  cooling until 14:05  412 of 900/h, 1,234 fetched, throttled 2 times  bot_check",
        "  proxy b:2  benched until 14:06  412 of 900/h, 1,234 fetched  proxy_down: refused",
        "  proxy c:3  running              412 of 900/h, 1,234 fetched, 3 held, throttled once",
        "",
    ]


def test_an_undisturbed_end_names_none(snapshot_of: SnapshotOf) -> None:
    views = (running(), running("b"))
    assert "Identities" not in told(summary(snapshot_of(identities=views), now_s=NOON_S))


def test_an_end_with_hundreds_of_them_stays_short(snapshot_of: SnapshotOf) -> None:
    views = tuple(cooling(f"proxy {n}:1") for n in range(300))
    assert "  and 280 more\n" in told(summary(snapshot_of(identities=views), now_s=NOON_S))


def test_status_shows_what_each_has_learned() -> None:
    views = (running("direct", fetched=0, held=0, allowed_per_h=612.4), cooling(fetched=0))
    assert told(identities_view(views, NOON_S)) == (
        "\n"
        "Identities\n"
        "  proxy a:1  cooling until 14:05  412 of 900/h, throttled 2 times  bot_check\n"
        "  direct     running              412 of 612/h\n"
    )


def test_status_without_identities_says_nothing_of_them() -> None:
    assert told(identities_view(())).strip() == ""
    assert "Identities" not in told(status_view(COUNTS))


def test_status_tells_them_before_what_to_do_next() -> None:
    text = told(status_view(COUNTS, identities=(cooling(),), now_s=NOON_S))
    assert text.index("Identities") < text.index("Next")


def test_scripts_get_an_object_for_each() -> None:
    assert orjson.loads(orjson.dumps(status_object(COUNTS, (cooling(), running()))))["identities"] == [
        {
            "name": "proxy a:1",
            "phase": "cooling",
            "why": "bot_check",
            "until_s": LATER_S,
            "allowed_per_h": 900.0,
            "last_hour": 412,
            "fetched": 1_234,
            "failed": 5,
            "throttled": 2,
            "held": 0,
        },
        {
            "name": "direct",
            "phase": "running",
            "why": None,
            "until_s": None,
            "allowed_per_h": 900.0,
            "last_hour": 412,
            "fetched": 1_234,
            "failed": 5,
            "throttled": 0,
            "held": 3,
        },
    ]
