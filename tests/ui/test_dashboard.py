"""The dashboard on real pseudo-terminals: read, frozen, closed, tiny."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import threading
from asyncio.subprocess import PIPE
from collections.abc import Callable, Iterator

import pytest

from asyncdl.core.progress import Snapshot
from asyncdl.runtime.process import end_group, exit_of
from asyncdl.ui.dashboard import Dashboard
from asyncdl.ui.terminal import restore_cursor

SnapshotOf = Callable[..., Snapshot]
ENVIRON = {**os.environ, "TERM": "xterm-256color", "PYTHONUTF8": "1"}
HIDE, SHOW = b"\x1b[?25l", b"\x1b[?25h"


class Terminal:
    """A pseudo-terminal; ``seen`` is what a reader got of it, if there is one."""

    def __init__(self, columns: int, rows: int) -> None:
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.seen = b""
        self._reader: threading.Thread | None = None

    def read(self) -> None:
        """Have somebody read until all other ends are closed."""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        try:
            while block := os.read(self.master, 65536):
                self.seen += block
        except OSError:
            return

    def hang_up(self) -> None:
        """Close the side of the person."""
        os.close(self.master)
        self.master = -1

    @property
    def is_frozen(self) -> bool:
        """Whether a write would wait."""
        return not select.select([], [self.slave], [], 0)[1]

    async def sees(self, text: bytes) -> None:
        """Wait until ``text`` has been drawn."""
        async with asyncio.timeout(20):
            while text not in self.seen:
                await asyncio.sleep(0.005)

    def close(self) -> None:
        os.close(self.slave)
        if self._reader is not None:
            self._reader.join(10)
        if self.master >= 0:
            os.close(self.master)


@pytest.fixture
def open_terminal() -> Iterator[Callable[..., Terminal]]:
    """Make pseudo-terminals that are gone after the test."""
    opened: list[Terminal] = []

    def make(columns: int = 80, rows: int = 24) -> Terminal:
        opened.append(Terminal(columns, rows))
        return opened[-1]

    yield make
    for terminal in opened:
        terminal.close()


async def start(terminal: Terminal, **environ: str) -> Dashboard:
    return await Dashboard.start(environ={**ENVIRON, **environ}, terminal=terminal.slave, interval_s=0.0)


async def freeze(terminal: Terminal, dashboard: Dashboard, snapshot: Snapshot) -> float:
    """Draw until the unread terminal takes no more; the longest turn of the loop on the way, in seconds."""
    loop, longest_s = asyncio.get_running_loop(), 0.0
    async with asyncio.timeout(30):
        turns_left = 300
        while turns_left:
            begun_s = loop.time()
            dashboard.show(snapshot)
            dashboard.message("x" * 400)
            await asyncio.sleep(0)
            longest_s = max(longest_s, loop.time() - begun_s)
            turns_left -= terminal.is_frozen
    return longest_s


async def test_snapshots_and_messages_are_drawn(
    open_terminal: Callable[..., Terminal], snapshot_of: SnapshotOf
) -> None:
    terminal = open_terminal()
    terminal.read()
    dashboard = await start(terminal)
    dashboard.message("reading [eval] \x1b[31mnow")
    dashboard.show(snapshot_of())
    await terminal.sees(b"--4gqARaEJE_0_10000")
    assert b"reading [eval] now" in terminal.seen
    await dashboard.close(snapshot_of(stored=777, is_over=True))
    await terminal.sees(b"777 stored")
    assert terminal.seen.rindex(SHOW) > terminal.seen.rindex(HIDE)


async def test_the_newest_snapshot_wins(
    open_terminal: Callable[..., Terminal], snapshot_of: SnapshotOf
) -> None:
    terminal = open_terminal()
    terminal.read()
    dashboard = await Dashboard.start(environ=ENVIRON, terminal=terminal.slave, interval_s=1000.0)
    dashboard.show(snapshot_of(stored=111))
    await terminal.sees(b"111 stored")
    for stored in range(200, 300):
        dashboard.show(snapshot_of(stored=stored))
    await dashboard.close()
    await terminal.sees(b"299 stored")
    assert b"298 stored" not in terminal.seen


async def test_a_frozen_terminal_holds_up_neither_the_loop_nor_the_end(
    open_terminal: Callable[..., Terminal], snapshot_of: SnapshotOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asyncdl.ui.dashboard._PATIENCE_S", 0.1)
    terminal = open_terminal()
    dashboard = await start(terminal)
    assert await freeze(terminal, dashboard, snapshot_of()) < 0.5
    async with asyncio.timeout(3):
        await dashboard.close(snapshot_of())


async def test_a_terminal_that_thaws_shows_the_present(
    open_terminal: Callable[..., Terminal], snapshot_of: SnapshotOf
) -> None:
    terminal = open_terminal()
    dashboard = await start(terminal)
    await freeze(terminal, dashboard, snapshot_of())
    terminal.read()
    dashboard.show(snapshot_of(stored=777))
    await terminal.sees(b"777 stored")
    await dashboard.close()


async def test_a_terminal_closed_midway_ends_the_screen_and_nothing_else(
    open_terminal: Callable[..., Terminal], snapshot_of: SnapshotOf
) -> None:
    terminal = open_terminal()
    dashboard = await start(terminal)
    dashboard.show(snapshot_of())
    terminal.hang_up()
    async with asyncio.timeout(20):
        while dashboard.is_alive:
            dashboard.show(snapshot_of())
            await asyncio.sleep(0.005)
    dashboard.show(snapshot_of())
    dashboard.message("nobody there")
    await dashboard.close(snapshot_of())


async def test_a_killed_child_ends_the_screen_and_gives_the_cursor_back(
    open_terminal: Callable[..., Terminal], snapshot_of: SnapshotOf
) -> None:
    terminal = open_terminal()
    terminal.read()
    dashboard = await start(terminal)
    dashboard.show(snapshot_of())
    await terminal.sees(HIDE)
    dashboard._process.kill()
    await exit_of(dashboard._process)
    dashboard.show(snapshot_of())
    dashboard.message("nobody there")
    await dashboard.close(snapshot_of())
    await terminal.sees(SHOW)


async def test_sigterm_gives_the_cursor_back_and_sigint_is_not_for_the_screen(
    open_terminal: Callable[..., Terminal], snapshot_of: SnapshotOf
) -> None:
    terminal = open_terminal()
    terminal.read()
    dashboard = await start(terminal)
    dashboard.show(snapshot_of())
    await terminal.sees(b"500 stored")
    dashboard._process.send_signal(signal.SIGINT)
    dashboard.show(snapshot_of(stored=555))
    await terminal.sees(b"555 stored")
    dashboard._process.terminate()
    assert await exit_of(dashboard._process) == 0
    await terminal.sees(SHOW)
    await dashboard.close()


async def test_sigterm_ends_a_child_that_waits_for_a_frozen_terminal(
    open_terminal: Callable[..., Terminal], snapshot_of: SnapshotOf
) -> None:
    terminal = open_terminal()
    dashboard = await start(terminal)
    await freeze(terminal, dashboard, snapshot_of())
    dashboard._process.terminate()
    async with asyncio.timeout(3):
        assert await exit_of(dashboard._process) == 0
    await dashboard.close()


async def test_twenty_by_five_cells_are_enough(
    open_terminal: Callable[..., Terminal], snapshot_of: SnapshotOf
) -> None:
    terminal = open_terminal(20, 5)
    terminal.read()
    dashboard = await start(terminal, COLUMNS="200", LINES="50")
    dashboard.show(snapshot_of())
    await terminal.sees(b"500 stored")
    await dashboard.close(snapshot_of(is_over=True))
    assert b"removed" not in terminal.seen


async def test_a_resized_terminal_is_drawn_anew(
    open_terminal: Callable[..., Terminal], snapshot_of: SnapshotOf
) -> None:
    terminal = open_terminal(80, 24)
    terminal.read()
    dashboard = await start(terminal)
    dashboard.show(snapshot_of())
    await terminal.sees(b"3 at a time")
    fcntl.ioctl(terminal.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 40, 0, 0))
    dashboard.show(snapshot_of(title="small now"))
    await terminal.sees(b"small now")
    assert b"\x1b[H\x1b[2J" in terminal.seen
    await dashboard.close()


async def test_no_color_means_no_colours(
    open_terminal: Callable[..., Terminal], snapshot_of: SnapshotOf
) -> None:
    terminal = open_terminal()
    terminal.read()
    plain = await start(terminal, NO_COLOR="1")
    plain.show(snapshot_of())
    await plain.close()
    await terminal.sees(b"500 stored")
    assert b"\x1b[32m" not in terminal.seen
    coloured = await start(terminal)
    coloured.show(snapshot_of())
    await coloured.close()
    await terminal.sees(b"\x1b[32m")


async def test_the_child_ends_when_the_main_process_is_gone(
    open_terminal: Callable[..., Terminal],
) -> None:
    terminal = open_terminal()
    terminal.read()
    argv = [sys.executable, "-m", "asyncdl.ui.dashboard_program"]
    child = await asyncio.create_subprocess_exec(
        *argv, stdin=PIPE, stderr=terminal.slave, env=ENVIRON, start_new_session=True
    )
    assert child.stdin is not None
    child.stdin.write(b'{"snapshot": {"title": "torn li')
    child.stdin.close()
    try:
        async with asyncio.timeout(20):
            assert await exit_of(child) == 0
    finally:
        await end_group(child)
    await terminal.sees(SHOW)


def test_a_lost_terminal_is_no_fault_when_the_cursor_is_given_back() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    restore_cursor(writing)
    os.close(writing)
    restore_cursor(writing)
