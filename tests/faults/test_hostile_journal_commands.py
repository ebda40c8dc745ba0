"""Each command over a journal from a stranger, in this process."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from asyncdl.cli import main
from asyncdl.errors import ExitCode
from support.bench import Ended
from support.strange_journals import EVENTS, plant, sound, with_member


@pytest.fixture(name="typed")
def _typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Ended]]:
    """Type a command beside the data set ``audioset``, in this process."""
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGINT)

    def typed(*arguments: str) -> Ended:
        with pytest.raises(SystemExit) as left:
            main(list(arguments))
        told = capfd.readouterr()
        return Ended(int(left.value.code or 0), told.out, told.err)

    yield typed
    signal.signal(signal.SIGINT, before)


COMMAND_LINES = [
    *(["status"], ["status", "--json"], ["status", "--rejected"], ["retry-failed"], ["verify"]),
    *(["journal", "check"], ["journal", "repair"], ["journal", "compact"]),
    *(["export", "nemo"], ["export", "webdataset"], ["diff", "audioset", "audioset"]),
]


@pytest.mark.parametrize("command", COMMAND_LINES)
def test_every_command_refuses_a_strangers_journal_by_name(
    tmp_path: Path, typed: Callable[..., Ended], command: list[str]
) -> None:
    records = with_member("row", ("rows", 0, 0), 2**60)
    records["rejected"]["ft"] = "\x1b[2J"
    plant(tmp_path / "audioset", records)
    ended = typed(*command)
    assert ended.code == ExitCode.JOURNAL, ended.stderr
    assert EVENTS in ended.stderr
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["audioset"]


def test_what_a_stranger_wrote_steers_no_terminal(tmp_path: Path, typed: Callable[..., Ended]) -> None:
    steering = "a\x1b[2Jb\x9b31mc\x1b]0;owned\x07\u202e"
    records = deepcopy(sound())
    records["rejected"] |= {"why": steering, "ft": steering}
    records["source"]["name"] = steering
    records["pace"]["who"] = steering
    records["gave_up"] |= {"fk": "unknown", "ft": steering}
    plant(tmp_path / "audioset", records)
    for options in ([], ["--json"], ["--rejected"], ["--rejected", "--json"]):
        ended = typed("status", *options)
        assert ended.code == 0, ended.stderr
        assert not set("\x1b\x9b\x07\u202e") & set(ended.stdout + ended.stderr)
    records["start"]["v"] = steering
    plant(tmp_path / "audioset", records)
    ended = typed("status")
    assert ended.code == ExitCode.JOURNAL
    assert not set("\x1b\x9b\x07\u202e") & set(ended.stderr)
