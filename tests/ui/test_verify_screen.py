"""What a verification shows on its way: a bar that fits the terminal, or plain lines."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from rich.cells import cell_len

from asyncdl.runtime.verifying import Verified
from asyncdl.ui.bar import bar_line
from asyncdl.ui.choose import ScreenMode
from asyncdl.ui.symbols import ASCII, UNICODE
from asyncdl.ui.verify_screen import LineVerifyScreen, open_verify_screen, progress_text


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_the_line_tells_share_rate_time_left_and_losses() -> None:
    assert (
        progress_text(Verified(1_233, 0), 20_550, 30.0, 3)
        == "[0:30] 1,233 of 20,550 clips (6.0 %) · 41 clips/s · about 8 min left · 3 lost"
    )


def test_nothing_is_promised_before_the_first_clip_and_nothing_divided_by_zero() -> None:
    assert (
        progress_text(Verified(), 0, 0.0, 0) == "[0:00] 0 of 0 clips (100 %) · 0 clips/s · time left unknown"
    )


@pytest.mark.parametrize("width", range(0, 160, 7))
def test_the_bar_is_never_wider_than_the_terminal(width: int) -> None:
    text = progress_text(Verified(500, 0), 1000, 30.0, 0)
    for symbols in (UNICODE, ASCII):
        assert cell_len(bar_line(500, 1000, text, width, symbols)) <= width


def test_the_bar_fills_from_the_left() -> None:
    assert bar_line(5, 10, "half", 25, ASCII) == "##########---------- half"
    assert bar_line(10, 10, "all", 24, ASCII) == "#################### all"


async def test_without_a_terminal_a_line_comes_each_half_minute(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    screen = LineVerifyScreen(100, is_bar=False, descriptor=writing)
    for second in range(29):
        screen.show(Verified(second, 0), float(second), 0)
    screen.note("looking")
    await screen.close(Verified(100, 0), 29.0, 1)
    assert os.read(reading, 4096).decode() == "[0:29] 100 of 100 clips (100.0 %) · 3 clips/s · 1 lost\n"


async def test_on_a_terminal_messages_and_the_last_line_stay_above_the_bar(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    screen = LineVerifyScreen(100, is_bar=True, descriptor=writing)
    screen.message("stopping\x1b[2J")
    await screen.close(Verified(100, 0), 10.0, 0)
    lines = os.read(reading, 4096).decode().split("\n")
    assert lines[0] == "\r\x1b[Kstopping"
    assert lines[1].startswith("\r\x1b[K[0:10] 100 of 100")


async def test_quiet_writes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    async with open_verify_screen(ScreenMode.QUIET, 10) as screen:
        screen.show(Verified(1, 1), 60.0, 0)
        screen.message("stopping")
        await screen.close(Verified(1, 1), 61.0, 0)
    assert capfd.readouterr().err == ""
