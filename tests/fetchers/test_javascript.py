"""Whether this installation can do what the second tier needs."""

from __future__ import annotations

import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest

from asyncdl.fetchers.ytdlp.about import YtDlp, ask_yt_dlp
from asyncdl.fetchers.ytdlp.javascript import JsRuntime, js_runtime

YT_DLP = YtDlp("2026.10.26", ("visionos",), ("tv", "web"), "2.34.2", "2.8.0", "0.8.0", "0.8.0")


def a_program(folder: Path, name: str, says: str) -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return program


@pytest.fixture(autouse=True)
def _no_scripts_of_this_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path / "nothing"))


async def test_a_runtime_counts_only_with_the_scripts_of_this_yt_dlp(tmp_path: Path) -> None:
    deno = a_program(tmp_path, "deno", "deno 2.9.8 (stable)")
    yt_dlp = await ask_yt_dlp()
    assert isinstance(yt_dlp, YtDlp)
    expected = JsRuntime("deno", "2.9.8", str(deno)) if yt_dlp.has_scripts else None
    assert await js_runtime({"PATH": str(tmp_path)}) == expected


@pytest.mark.parametrize(("name", "says"), [("deno", "deno 2.2.9"), ("node", "v20.20.2"), ("qjs", "2026")])
async def test_what_is_too_old_or_of_another_kind_does_not_count(
    tmp_path: Path, name: str, says: str
) -> None:
    a_program(tmp_path, name, says)
    assert await js_runtime({"PATH": str(tmp_path)}) is None


@pytest.mark.parametrize(
    ("there", "is_enough"),
    [("0.8.0", True), ("0.8.1", True), ("0.7.0", False), ("0.80.0", False), (None, False)],
)
def test_scripts_fit_by_their_first_two_numbers(there: str | None, is_enough: bool) -> None:
    assert replace(YT_DLP, ejs=there).has_scripts is is_enough


def test_a_yt_dlp_that_does_not_tell_what_it_wants_is_trusted() -> None:
    assert replace(YT_DLP, ejs_wanted=None, ejs=None).has_scripts


def test_the_option_names_runtime_and_path() -> None:
    assert JsRuntime("node", "24.1.0", "/opt/node").option == "node:/opt/node"
