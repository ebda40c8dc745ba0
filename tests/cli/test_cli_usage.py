"""What the command line refuses, how it says so, and that a refused command leaves nothing behind."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup, TyperOption

from asyncdl import __version__
from asyncdl.cli.commands import make_app
from asyncdl.core.kinds import FailureKind
from support.bench import Ended

Command = Callable[..., Ended]

GROUP = typer.main.get_command(make_app())
assert isinstance(GROUP, TyperGroup)
COMMANDS = sorted(GROUP.commands)
ROWS = '# made for a test\naaaaaaaaaaa, 0.000, 10.000, "/m/09x0r"\n'


@pytest.fixture(name="rows")
def _rows(here: Path) -> str:
    """A good list that no refused command ever comes to read."""
    (here / "rows.csv").write_text(ROWS)
    return "rows.csv"


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _data_set(folder: Path, name: str) -> None:
    (folder / name / "journal").mkdir(parents=True)


def test_run_without_a_list_is_refused(command: Command, here: Path) -> None:
    ended = command("run")
    assert ended.code == 2
    assert "SOURCE" in ended.stderr
    assert ended.stdout == ""
    assert _names(here) == []


@pytest.mark.parametrize(
    "name", ["nowhere.csv", "", "-", "https://example.org/list.csv", "strong_trian", "."]
)
def test_what_is_no_list_is_refused_before_a_folder_is_made(command: Command, here: Path, name: str) -> None:
    ended = command("run", name)
    assert ended.code == 2
    assert ended.stderr.startswith("asyncdl: ")
    assert ended.stdout == ""
    assert _names(here) == []


def test_a_good_list_beside_a_missing_one_does_not_begin_a_run(
    command: Command, here: Path, rows: str
) -> None:
    ended = command("run", rows, "nowhere.csv")
    assert (ended.code, _names(here)) == (2, [rows])
    assert "nowhere.csv" in ended.stderr


def test_a_misspelt_name_of_a_known_list_is_answered_with_the_right_one(command: Command) -> None:
    assert "Did you mean balanced_train?" in command("run", "balanced-train").stderr


def test_all_mistakes_in_options_are_told_at_once(command: Command, here: Path, rows: str) -> None:
    wrong = {
        "--sample-rate": "1",
        "--bitrate": "100000",
        "--concurrency": "0",
        "--limit": "0",
        "--max-height": "1",
        "--url-template": "http://example.org/{ytid}",
    }
    ended = command("run", rows, *(word for pair in wrong.items() for word in pair))
    assert ended.code == 2
    assert [name for name in wrong if name in ended.stderr] == list(wrong)
    assert _names(here) == [rows]


@pytest.mark.parametrize(
    "options",
    [
        ["--format", "opus", "--sample-rate", "44100"],
        ["--format", "wav", "--bitrate", "128"],
        ["--video", "--format", "wav"],
        ["--format", "aiff"],
        ["--limit", "some"],
        ["--no-such-option"],
    ],
    ids=" ".join,
)
def test_options_that_contradict_each_other_or_mean_nothing_are_refused(
    command: Command, here: Path, rows: str, options: list[str]
) -> None:
    ended = command("run", rows, *options)
    assert (ended.code, _names(here)) == (2, [rows])
    assert any(word in ended.stderr for word in options if word.startswith("--"))
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "text",
    [
        "--exec 'touch pwned'",
        "--config-locations .",
        "--downloader wget",
        "--no-check-certificates",
        "--cookies-from-browser firefox",
        "--proxy http://127.0.0.1:1",
        "--no-such-option",
        "https://www.youtube.com/watch?v=aaaaaaaaaaa",
        "'unbalanced",
    ],
)
def test_dangerous_options_for_yt_dlp_are_refused_before_a_folder_is_made(
    command: Command, here: Path, rows: str, text: str
) -> None:
    ended = command("run", rows, "--yt-dlp-args", text)
    assert ended.code == 2
    assert "--yt-dlp-args" in ended.stderr
    assert _names(here) == [rows]


@pytest.mark.parametrize(
    "template",
    [
        "http://www.youtube.com/watch?v={ytid}",
        "https://www.youtube.com/watch?v=",
        "https://www.youtube.com/{ytid}/{ytid}",
        "https://youtube.com.example.org/watch?v={ytid}",
        "https://www.youtube.com@example.org/{ytid}",
        "file:///etc/passwd?{ytid}",
    ],
)
def test_addresses_that_are_not_youtubes_are_refused(
    command: Command, here: Path, rows: str, template: str
) -> None:
    ended = command("run", rows, "--url-template", template)
    assert (ended.code, _names(here)) == (2, [rows])
    assert template in ended.stderr


@pytest.mark.parametrize("name", ["status", "retry-failed"])
class TestFindingTheDataSet:
    """``status`` and ``retry-failed`` without a folder."""

    def test_none_is_refused(self, command: Command, here: Path, name: str) -> None:
        ended = command(name)
        assert (ended.code, _names(here)) == (2, [])
        assert "no data set here" in ended.stderr

    def test_several_are_named(self, command: Command, here: Path, name: str) -> None:
        _data_set(here, "one")
        _data_set(here, "two")
        (here / "three").mkdir()
        ended = command(name)
        assert ended.code == 2
        assert "one, two." in ended.stderr
        assert "--out" in ended.stderr

    def test_a_named_folder_that_is_none_is_refused(self, command: Command, here: Path, name: str) -> None:
        (here / "three").mkdir()
        ended = command(name, "--out", "three")
        assert (ended.code, _names(here / "three")) == (2, [])
        assert "three is no data set" in ended.stderr

    def test_the_only_one_is_taken_whatever_its_name(self, command: Command, here: Path, name: str) -> None:
        _data_set(here, "mine")
        (here / "three").mkdir()
        ended = command(name, "--json")
        assert ended.code == 0, ended.stderr
        assert ended.json()["segments"] == 0
        assert _names(here) == ["mine", "three"]


@pytest.mark.parametrize("number", ["0", "-5", "5000"])
def test_another_round_is_refused_what_a_run_is_refused(command: Command, here: Path, number: str) -> None:
    _data_set(here, "audioset")
    ended = command("retry-failed", "--concurrency", number)
    assert ended.code == 2
    assert "--concurrency" in ended.stderr
    assert _names(here / "audioset") == ["journal"]


def test_status_takes_the_usual_folder_where_there_are_several(command: Command, here: Path) -> None:
    _data_set(here, "audioset")
    _data_set(here, "other")
    assert command("status").code == 0


def test_status_changes_nothing(command: Command, here: Path) -> None:
    _data_set(here, "audioset")
    command("status")
    command("status", "--rejected", "--json")
    assert _names(here / "audioset") == ["journal"]
    assert _names(here / "audioset" / "journal") == []


def test_status_speaks_the_kinds_words(command: Command, here: Path) -> None:
    _data_set(here, "audioset")
    told = command("status", "--json").json()
    assert set(told) >= {
        *("segments", "stored", "open", "failed", "failed_total", "rejected_rows", "repeated_rows", "bytes")
    }
    assert set(told["failed"]) <= set(FailureKind)


def test_the_version_is_one_line(command: Command) -> None:
    ended = command("--version")
    assert (ended.code, ended.stdout) == (0, f"asyncdl {__version__}\n")


def test_asyncdl_alone_shows_its_help(command: Command) -> None:
    ended = command()
    assert ended.code == 2
    assert all(name in ended.stdout + ended.stderr for name in COMMANDS)


def test_python_m_asyncdl_is_the_same_command(here: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "asyncdl", "--version"], capture_output=True, check=True, cwd=here, text=True
    )
    assert shown.stdout == f"asyncdl {__version__}\n"


def test_the_commands_are_those_of_the_contract() -> None:
    assert {"run", "status", "retry-failed", "demo"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_command_explains_itself_in_one_line_and_each_option_too(
    command: Command, name: str, flag: str
) -> None:
    ended = command(name, flag)
    assert (ended.code, ended.stderr) == (0, "")
    assert f"Usage: asyncdl {name}" in ended.stdout
    assert isinstance(GROUP, TyperGroup)
    one = GROUP.commands[name]
    summary = (one.help or "").split("\n\n")[0]
    assert re.fullmatch(r"[A-Z][^\n]{20,110}\.", summary)
    for option in one.params:
        assert not isinstance(option, TyperOption) or option.help, option.name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_refuses_what_it_does_not_know(command: Command, here: Path, name: str) -> None:
    ended = command(name, "--no-such-option")
    assert (ended.code, _names(here)) == (2, [])
