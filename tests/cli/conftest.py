"""Commands of the CLI in this process, in an empty folder."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from asyncdl.cli import main
from support.bench import Ended

Command = Callable[..., Ended]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, with a cache of its own."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ASYNCDL_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def command(here: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Run a command as the shell would, and answer its exit code and what it printed."""
    before = signal.getsignal(signal.SIGINT)

    def run(*arguments: str) -> Ended:
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        told = capfd.readouterr()
        return Ended(int(left.value.code or 0), told.out, told.err)

    yield run
    signal.signal(signal.SIGINT, before)
