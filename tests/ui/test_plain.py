"""Plain lines, where there is no terminal; and which screen is chosen where."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from asyncdl.core.progress import Snapshot
from asyncdl.ui.choose import QuietScreen, ScreenMode, choose_mode, is_terminal, open_screen
from asyncdl.ui.dashboard import Dashboard
from asyncdl.ui.plain import PlainScreen
from asyncdl.ui.terminal import wants_colour

SnapshotOf = Callable[..., Snapshot]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Reading and writing end; a test may close either."""
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


async def lag_while(work: Callable[[], object], turns: int = 50) -> float:
    """The longest turn of the loop, in seconds."""
    loop, longest_s = asyncio.get_running_loop(), 0.0
    for _ in range(turns):
        begun_s = loop.time()
        work()
        await asyncio.sleep(0)
        longest_s = max(longest_s, loop.time() - begun_s)
    return longest_s


def fill(writing: int) -> None:
    """Leave no room in a pipe."""
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)


def one_line(reading: int) -> str:
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(reading, 1)
    return line.decode()


def lines_of(reading: int, writing: int) -> list[str]:
    os.close(writing)
    with open(reading, encoding="utf-8", closefd=False) as stream:
        return stream.read().splitlines()


async def test_one_line_each_half_minute_and_one_at_the_end(
    pipe: tuple[int, int], snapshot_of: SnapshotOf
) -> None:
    screen = PlainScreen(pipe[1], interval_s=30)
    for second in range(29):
        screen.show(snapshot_of(elapsed_s=float(second)))
    await screen.close(snapshot_of(elapsed_s=29.0, is_over=True))
    assert [line[:6] for line in lines_of(*pipe)] == ["[0:29]"]


async def test_the_line_is_that_of_its_half_minute(pipe: tuple[int, int], snapshot_of: SnapshotOf) -> None:
    screen = PlainScreen(pipe[1], interval_s=30)
    screen.show(snapshot_of(elapsed_s=31.0))
    assert one_line(pipe[0]).startswith("[0:31]")
    screen.show(snapshot_of(elapsed_s=60.0))
    screen.show(snapshot_of(elapsed_s=61.0))
    assert one_line(pipe[0]).startswith("[1:01]")
    await screen.close()


async def test_messages_come_whole_and_in_order(pipe: tuple[int, int]) -> None:
    screen = PlainScreen(pipe[1])
    for n in range(10):
        screen.message(f"message {n} \x1b[31m[red]\nsecond \ud800 line")
    await screen.close()
    expected = [
        line for n in range(10) for line in (f"message {n} [red]", "second \N{REPLACEMENT CHARACTER} line")
    ]
    assert lines_of(*pipe) == expected


async def test_a_pipe_that_nobody_reads_does_not_hold_the_loop(
    pipe: tuple[int, int], snapshot_of: SnapshotOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asyncdl.ui.plain._PATIENCE_S", 0.05)
    fill(pipe[1])
    screen = PlainScreen(pipe[1], interval_s=0)
    snapshot = snapshot_of()

    def tell() -> None:
        screen.show(snapshot)
        screen.message("x" * 400)

    assert await lag_while(tell) < 0.5
    await screen.close(snapshot)
    os.close(pipe[0])  # lets the thread go: EPIPE


async def test_a_closed_pipe_ends_the_lines_and_nothing_else(
    pipe: tuple[int, int], snapshot_of: SnapshotOf
) -> None:
    os.close(pipe[0])
    screen = PlainScreen(pipe[1], interval_s=0)
    for _ in range(100):
        screen.show(snapshot_of())
        screen.message("hello")
    await screen.close(snapshot_of())


async def test_a_descriptor_made_non_blocking_by_others_loses_nothing(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[1], False)
    screen = PlainScreen(pipe[1])
    reader = asyncio.create_task(asyncio.to_thread(_read_to_end, pipe[0]))
    for n in range(60):
        screen.message(f"{n} " + "x" * 490)
    await screen.close()
    os.close(pipe[1])
    assert [line.split()[0] for line in (await reader).splitlines()] == [str(n) for n in range(60)]


def _read_to_end(reading: int) -> str:
    with open(reading, encoding="utf-8", closefd=False) as stream:
        return stream.read()


async def test_closing_twice_says_the_end_once(pipe: tuple[int, int], snapshot_of: SnapshotOf) -> None:
    screen = PlainScreen(pipe[1])
    await screen.close(snapshot_of())
    await screen.close(snapshot_of())
    assert len(lines_of(*pipe)) == 1


@pytest.mark.parametrize(
    ("terminal", "environ", "quiet", "mode"),
    [
        (True, {"TERM": "xterm"}, False, ScreenMode.DASHBOARD),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, False, ScreenMode.DASHBOARD),
        (True, {"TERM": "dumb"}, False, ScreenMode.PLAIN),
        (True, {}, False, ScreenMode.PLAIN),
        (False, {"TERM": "xterm", "FORCE_COLOR": "1"}, False, ScreenMode.PLAIN),
        (True, {"TERM": "xterm"}, True, ScreenMode.QUIET),
        (False, {}, True, ScreenMode.QUIET),
    ],
)
def test_the_screen_fits_the_terminal(
    terminal: bool, environ: dict[str, str], quiet: bool, mode: ScreenMode
) -> None:
    assert choose_mode(is_terminal=terminal, environ=environ, quiet=quiet) is mode


@pytest.mark.parametrize(
    ("terminal", "environ", "coloured"),
    [
        (True, {"TERM": "xterm"}, True),
        (True, {"TERM": "dumb"}, False),
        (False, {"TERM": "xterm"}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (True, {"TERM": "xterm", "NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (True, {"TERM": "xterm", "NO_COLOR": ""}, True),
    ],
)
def test_colours_are_for_those_who_want_them(terminal: bool, environ: dict[str, str], coloured: bool) -> None:
    assert wants_colour(is_terminal=terminal, environ=environ) is coloured


def test_a_pipe_and_a_closed_descriptor_are_no_terminals(pipe: tuple[int, int]) -> None:
    assert not is_terminal(pipe[1])
    os.close(pipe[1])
    assert not is_terminal(pipe[1])


async def test_quiet_says_nothing(pipe: tuple[int, int], snapshot_of: SnapshotOf) -> None:
    async with open_screen(ScreenMode.QUIET, environ={}, descriptor=pipe[1]) as screen:
        assert isinstance(screen, QuietScreen)
        screen.show(snapshot_of(elapsed_s=1e6))
        screen.message("hello")
    assert lines_of(*pipe) == []


async def test_an_opened_screen_is_closed_with_its_newest_state(
    pipe: tuple[int, int], snapshot_of: SnapshotOf
) -> None:
    async with open_screen(ScreenMode.PLAIN, environ={}, descriptor=pipe[1]) as screen:
        screen.show(snapshot_of(elapsed_s=5.0))
    assert [line[:6] for line in lines_of(*pipe)] == ["[0:05]"]


async def test_a_dashboard_that_cannot_start_becomes_plain_lines(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    async with open_screen(ScreenMode.DASHBOARD, environ=os.environ, descriptor=pipe[1]) as screen:
        assert not isinstance(screen, Dashboard)
        screen.message("hello")
    assert lines_of(*pipe) == ["hello"]


def test_the_main_process_does_not_load_rich() -> None:
    modules = "asyncdl.ui.choose, asyncdl.ui.dashboard, asyncdl.ui.plain"
    code = f"import sys, {modules}; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0
