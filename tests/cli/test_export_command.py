"""``asyncdl export`` and ``asyncdl reanchor``: what they take, tell and refuse."""

from __future__ import annotations

import asyncio
import csv
import fcntl
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import asyncdl.exporters as registry
from asyncdl.core.model import AudioFormat, ClipSpec
from asyncdl.errors import EnvironmentFault
from asyncdl.exporters import load_exporter, require_modules
from asyncdl.exporting.steps import STATE
from support.bench import Ended
from support.exports import Sounding, make_data_set, stored_clips

Command = Callable[..., Ended]
MANY = Sounding(count=40, splits=("eval",))


def make(root: Path, sounding: Sounding | None = None) -> None:
    asyncio.run(make_data_set(root, sounding))


def test_clips_that_rotted_are_named_and_the_exit_code_tells(here: Path, command: Command) -> None:
    root = here / "audioset"
    make(root)
    victim = stored_clips(root)[2]
    (root / victim.path).write_bytes(b"fLaC and no more")
    done = command("export", "webdataset")
    assert done.code == 3
    assert victim.path in done.stdout
    assert "asyncdl verify" in done.stdout
    target = root / "exports" / "webdataset"
    with (target / "left_out.csv").open() as file:
        assert [row["key"] for row in csv.DictReader(file)] == [victim.key]
    assert victim.path in (target / "README.md").read_text()


def test_a_dry_run_tells_shards_and_disk_and_writes_nothing(here: Path, command: Command) -> None:
    root = here / "audioset"
    make(root, MANY)
    before = sorted(here.rglob("*"))
    done = command("export", "hdf5", "--dry-run", "--json")
    told: dict[str, Any] = done.json()
    assert told["clips"] == 40
    assert told["most_bytes"] >= 40 * (160_000 * 4 + 527)
    assert sorted(here.rglob("*")) == before
    assert "eval  40 clips" in (command("export", "parquet", "--dry-run")).stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["webdatset"], "webdataset"),
        (["webdataset", "--split", "trian"], "Splits: eval, balanced_train"),
        (["nemo", "--fast"], "It is for cochleagram"),
        (["webdataset", "--max-shard-size", "0"], "--max-shard-size"),
        (["webdataset", "--max-shard-size", "1k"], "--max-shard-size is too small"),
        (["layout"], "--like"),
        (["layout", "--like", "walnet", "--by", "magic"], "hardlink, symlink, copy"),
        (["ast", "--root", "here"], "absolute"),
        (["kaldi", "--wav", "7"], "--wav 7"),
        (["webdataset", "--to", "audioset/clips/x"], "--to"),
        (["webdataset", "--to", "audioset"], "--to"),
        (["strong"], "events"),
    ],
)
def test_a_command_that_cannot_be_meant_so_says_what_would_do(
    arguments: list[str], words: str, here: Path, command: Command
) -> None:
    make(here / "audioset")
    done = command("export", *arguments)
    assert done.code == 2
    assert words in done.stderr
    assert not (here / "audioset" / "clips" / "x").exists()


def test_a_folder_keeps_its_format_and_one_export_at_a_time(here: Path, command: Command) -> None:
    make(here / "audioset")
    assert (command("export", "webdataset", "--to", "out")).code == 0
    other = command("export", "kaldi", "--to", "out")
    assert other.code == 2
    assert "as webdataset" in other.stderr
    with (here / "out" / STATE / "lock").open() as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        locked = command("export", "webdataset", "--to", "out")
    assert locked.code == 5
    assert "another export" in locked.stderr


def test_absolute_paths_follow_an_export_that_was_moved(here: Path, command: Command) -> None:
    make(here / "audioset")
    assert (command("export", "ast", "--to", "out")).code == 0
    (here / "out").rename(here / "moved")
    done = command("reanchor", "moved", "--json")
    assert done.json() == {"format": "ast", "root": str(here / "moved"), "paths": 8}
    for path in (here / "moved").glob("*.json"):
        for one in json.loads(path.read_text())["data"]:
            assert Path(one["wav"]).is_file()
    assert (command("export", "webdataset", "--to", "tars")).code == 0
    refused = command("reanchor", "tars")
    assert refused.code == 2
    assert "can be moved as it is" in refused.stderr


def test_formats_are_listed_with_what_they_need(here: Path, command: Command) -> None:
    told = command("export")
    assert "webdataset" in told.stdout
    found = [json.loads(line) for line in (command("export", "--json")).stdout.splitlines()]
    assert [one["format"] for one in found] == registry.exporter_names()


def test_a_missing_library_is_an_error_that_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda _name: None)
    with pytest.raises(EnvironmentFault, match=r"asyncdl\[hdf5\]"):
        require_modules(load_exporter("hdf5"))


def test_no_split_is_lost_because_another_one_is_asked_for(here: Path, command: Command) -> None:
    make(here / "audioset")
    assert command("export", "webdataset", "--split", "eval").code == 0
    refused = command("export", "webdataset", "--split", "balanced_train")
    assert refused.code == 2
    assert "--split eval --split balanced_train" in refused.stderr
    both = command("export", "webdataset", "--split", "balanced_train", "--split", "eval", "--json").json()
    assert (both["splits"], both["kept_shards"]) == ({"eval": 4, "balanced_train": 4}, 1)
    assert command("export", "webdataset", "--split", "eval", "--to", "other").code == 0


@pytest.mark.parametrize("arguments", [["layout"], ["strong"], ["panns", "--max-shard-size", "1k"]])
def test_a_refused_export_leaves_nothing(arguments: list[str], here: Path, command: Command) -> None:
    make(here / "audioset")
    refused = command("export", *arguments)
    assert refused.code == 2
    assert "clips" not in refused.stdout
    assert sorted(path.name for path in (here / "audioset").iterdir()) == ["clips", "journal"]


def test_cochleagrams_come_of_clips_and_of_their_hdf5_file_alike(here: Path, command: Command) -> None:
    make(here / "audioset", Sounding(count=3, splits=("eval",)))
    assert command("export", "cochleagram", "--fast", "--to", "of_clips").code == 0
    assert command("export", "hdf5", "--to", "rows").code == 0
    source = ("export", "cochleagram", "--fast", "--source", "rows/eval.hdf5")
    (here / "audioset").rename(here / "elsewhere")
    assert "--to" in command(*source).stderr
    assert "eval  3 clips" in command(*source, "--to", "of_rows", "--dry-run").stdout
    done = command(*source, "--to", "of_rows")
    assert done.code == 0, done.stderr
    assert "3 clips as cochleagram" in done.stdout
    for name in ("eval_Coch.hdf5", "eval_average.npy"):
        assert (here / "of_rows" / name).read_bytes() == (here / "of_clips" / name).read_bytes()


def test_the_folder_of_the_settings_counts_and_the_seed_of_a_selection_does_not(
    here: Path, command: Command
) -> None:
    make(here / "mine")
    make(here / "other")
    (here / "asyncdl.toml").write_text('[run]\nout = "mine"\n[selection]\nseed = 7\n')
    done = command("export", "nemo", "--json")
    assert done.code == 0, done.stderr
    assert done.json()["target"] == str(here / "mine")


def test_a_disk_that_is_not_mounted_is_no_loss_of_all_clips(here: Path, command: Command) -> None:
    make(here / "audioset")
    (here / "audioset" / "clips").rename(here / "unmounted")
    done = command("export", "nemo")
    assert done.code == 4
    assert "is its disk mounted?" in done.stderr


def test_somebody_elses_readme_is_left_alone_and_that_is_said(here: Path, command: Command) -> None:
    make(here / "audioset")
    (here / "out").mkdir()
    (here / "out" / "README.md").write_text("mine")
    done = command("export", "parquet", "--to", "out")
    assert (here / "out" / "README.md").read_text() == "mine"
    assert "is not asyncdl's and was left alone" in done.stderr
    assert (here / "out" / "README.asyncdl.md").read_text().startswith("---\n")


def test_links_to_clips_that_are_gone_are_seen_by_the_next_export(here: Path, command: Command) -> None:
    root = here / "audioset"
    asyncio.run(make_data_set(root, spec=ClipSpec(format=AudioFormat.WAV)))
    exported = ("export", "layout", "--like", "perib", "--by", "symlink")
    assert command(*exported).code == 0
    links = [path for path in (root / "exports").rglob("*.wav") if path.is_symlink()]
    assert len(links) == 8
    victim = links[1].resolve()
    victim.unlink()
    done = command(*exported)
    assert done.code == 3
    assert victim.name in done.stdout
    assert sum(path.is_symlink() for path in links) == 7


def test_clips_that_a_format_cuts_are_counted(here: Path, command: Command) -> None:
    make(here / "audioset", Sounding(count=2, seconds=10.5, rate=8000, channels=1, splits=("eval",)))
    done = command("export", "hdf5", "--json")
    assert done.json()["cut"] == {"eval": 2}
    assert "2 clips are longer" in (here / "audioset" / "exports" / "hdf5" / "README.md").read_text()


def test_a_damaged_list_is_not_reanchored_in_silence(here: Path, command: Command) -> None:
    make(here / "audioset")
    assert command("export", "ast", "--to", "out").code == 0
    path = next((here / "out").glob("*.json"))
    path.write_bytes(path.read_bytes()[:60])
    assert command("reanchor", "out").code == 2


def test_a_size_that_is_none_is_told_by_its_own_flag(here: Path, command: Command) -> None:
    make(here / "audioset")
    assert (
        "--max-shard-size '1X' is no size" in command("export", "webdataset", "--max-shard-size", "1X").stderr
    )
