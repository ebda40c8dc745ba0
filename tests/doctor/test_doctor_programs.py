"""The doctor's look at Python, yt-dlp, ffmpeg and JavaScript runtimes."""

from __future__ import annotations

import os
import re
import sysconfig
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import yt_dlp.version

from asyncdl.app.doctor.ffmpeg import check_ffmpeg, judge_ffmpeg
from asyncdl.app.doctor.interpreter import check_python, judge_python
from asyncdl.app.doctor.javascript import judge_runtimes
from asyncdl.app.doctor.ytdlp import judge_network_library, judge_yt_dlp
from asyncdl.core.finding import Level
from asyncdl.fetchers.ytdlp.about import YtDlp, ask_yt_dlp
from asyncdl.fetchers.ytdlp.javascript import JsRuntime, find_runtimes

YT_DLP = YtDlp("2026.10.26", ("visionos",), ("tv", "web"), "2.34.2", "2.8.0", "0.8.0", "0.8.0")
ENCODERS = frozenset({"flac", "pcm_s16le", "libopus", "aac", "libmp3lame", "libx264"})
DENO = JsRuntime("deno", "2.9.8", "/bin/deno")


def a_program(folder: Path, name: str, says: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\n")
    path.chmod(0o755)
    return str(path)


def test_this_python_is_good_enough() -> None:
    assert check_python().level is Level.OK


@pytest.mark.parametrize(("version", "system"), [((3, 10, 9), "linux"), ((3, 12, 0), "darwin")])
def test_an_old_python_or_another_system_is_a_fault(version: tuple[int, ...], system: str) -> None:
    assert judge_python(version, system, "CPython").level is Level.FAULT


async def test_the_real_yt_dlp_is_asked_in_a_child() -> None:
    """A release that renames the private list of clients is no fault, but is seen here."""
    told = await ask_yt_dlp()
    assert isinstance(told, YtDlp)
    assert told.version == yt_dlp.version.__version__
    assert told.released is not None
    assert told.jsless_clients
    assert judge_network_library(told).level is Level.OK


@pytest.mark.parametrize(
    ("version", "age_days", "level"),
    [
        ("2026.10.26", 0, Level.OK),
        ("2026.10.26", 60, Level.OK),
        ("2026.10.26", 61, Level.WARNING),
        ("2026.11.01.232827", 5, Level.OK),
        ("2026.07.04", 0, Level.OK),
        ("2026.7.4", 61, Level.WARNING),
        ("2026.07.03", 0, Level.FAULT),
        ("2025.12.31", 400, Level.FAULT),
    ],
)
def test_yt_dlp_must_be_safe_and_should_be_young(version: str, age_days: int, level: Level) -> None:
    year, month, day = map(int, version.split(".")[:3])
    found = judge_yt_dlp(replace(YT_DLP, version=version), date(year, month, day) + timedelta(age_days))
    assert found.level is level
    assert bool(found.mend) is (level is not Level.OK)


@pytest.mark.parametrize("version", ["master", "2026.13.40", ""])
def test_a_version_that_is_no_day_is_told(version: str) -> None:
    assert judge_yt_dlp(replace(YT_DLP, version=version), date(2026, 11, 1)).level is Level.WARNING


def test_clients_are_shown_where_they_are_known() -> None:
    today = date(2026, 11, 1)
    assert "as visionos, with JavaScript as tv, web" in judge_yt_dlp(YT_DLP, today).what
    unknown = replace(YT_DLP, jsless_clients=None, clients=None)
    assert judge_yt_dlp(unknown, today).what == "2026.10.26"


def test_without_requests_connections_are_not_kept() -> None:
    assert judge_network_library(replace(YT_DLP, requests=None)).level is Level.WARNING


async def test_the_ffmpeg_of_the_install_has_all_encoders() -> None:
    found = await check_ffmpeg(None)
    assert found.level is Level.OK, found


async def test_an_ffmpeg_that_is_not_there_or_is_none_is_a_fault(tmp_path: Path) -> None:
    assert (await check_ffmpeg(str(tmp_path / "none"))).level is Level.FAULT
    assert (await check_ffmpeg(a_program(tmp_path, "ffmpeg", "no"))).level is Level.FAULT


async def test_encoders_are_read_from_what_a_foreign_ffmpeg_says(tmp_path: Path) -> None:
    listing = (
        "ffmpeg version 5.1.9\nEncoders:\n V..... = Video\n ------\n A....D flac   FLAC\n V....D libx264  H"
    )
    found = await check_ffmpeg(a_program(tmp_path, "ffmpeg", listing))
    assert found.level is Level.WARNING
    assert "cannot encode libopus (--format opus)" in found.what
    assert not re.search(r"encode (flac|libx264)", found.what)
    assert "not the static build" in found.what


def test_without_the_default_format_no_run_can_work() -> None:
    found = judge_ffmpeg("5.1", "/f", ENCODERS - {"flac"}, is_of_wheel=True)
    assert (found.level, "--format flac" in found.what) == (Level.FAULT, True)


def test_another_build_is_worth_a_note_only() -> None:
    assert judge_ffmpeg("5.1", "/f", ENCODERS, is_of_wheel=False).level is Level.NOTE
    assert judge_ffmpeg("5.1", "/f", ENCODERS, is_of_wheel=True).level is Level.OK


async def test_runtimes_are_found_in_the_environment_first_and_then_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts, bin_folder = tmp_path / "scripts", tmp_path / "bin"
    for folder in (scripts, bin_folder):
        folder.mkdir()
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(scripts))
    deno = a_program(scripts, "deno", "deno 2.9.8 (stable)\nv8 14")
    a_program(bin_folder, "deno", "deno 1.0.0")
    node = a_program(bin_folder, "node", "v22.1.0")
    environ = {"PATH": f"{bin_folder}:{os.defpath}"}
    assert await find_runtimes(environ) == (
        JsRuntime("deno", "2.9.8", deno),
        JsRuntime("node", "22.1.0", node),
    )


async def test_what_is_no_runtime_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    a_program(tmp_path, "node", "hello")
    (tmp_path / "deno").write_text("not a program")
    (tmp_path / "deno").chmod(0o755)
    assert await find_runtimes({"PATH": str(tmp_path)}) == ()


@pytest.mark.parametrize(
    ("runtime", "is_enough"),
    [
        (JsRuntime("deno", "2.3.0", "/d"), True),
        (JsRuntime("deno", "2.2.14", "/d"), False),
        (JsRuntime("node", "22.0.0", "/n"), True),
        (JsRuntime("node", "20.20.2", "/n"), False),
        (JsRuntime("deno", "10.0.0-rc.1+abc", "/d"), True),
    ],
)
def test_runtimes_have_a_least_version(runtime: JsRuntime, is_enough: bool) -> None:
    found = judge_runtimes((runtime,), YT_DLP, has_cookies=False)
    assert found.level is (Level.OK if is_enough else Level.NOTE)
    assert bool(found.mend) is not is_enough


def test_accounts_cannot_do_without_javascript() -> None:
    assert judge_runtimes((), YT_DLP, has_cookies=False).level is Level.NOTE
    assert judge_runtimes((), YT_DLP, has_cookies=True).level is Level.FAULT
    assert "yt-dlp-ejs==0.8.0" in judge_runtimes((), YT_DLP, has_cookies=True).mend
    assert "asyncdl[js]" in judge_runtimes((), None, has_cookies=True).mend


@pytest.mark.parametrize("there", [None, "0.7.0"])
def test_the_scripts_must_be_those_that_yt_dlp_knows(there: str | None) -> None:
    found = judge_runtimes((DENO,), replace(YT_DLP, ejs=there), has_cookies=True)
    assert found.level is Level.FAULT
    assert "yt-dlp-ejs 0.8.0" in found.what
    assert "yt-dlp-ejs==0.8.0" in found.mend
    unknown = replace(YT_DLP, ejs_wanted=None, ejs=there)
    assert judge_runtimes((DENO,), unknown, has_cookies=True).level is Level.OK
