"""Which ffmpeg is taken, and what it is started with."""

from __future__ import annotations

import os
from pathlib import Path

import imageio_ffmpeg
import pytest

from asyncdl.errors import EnvironmentFault
from asyncdl.runtime.ffmpeg import child_env, find_ffmpeg


def program(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


async def test_the_wheels_static_build_is_the_default() -> None:
    found = await find_ffmpeg()
    assert found.path == imageio_ffmpeg.get_ffmpeg_exe()
    assert any(sign.isdigit() for sign in found.version)


async def test_a_named_one_wins(tmp_path: Path) -> None:
    mine = program(tmp_path / "mine", "echo ffmpeg version 12.3-mine Copyright")
    found = await find_ffmpeg(mine)
    assert (found.path, found.version) == (mine, "12.3-mine")


async def test_path_is_searched_where_the_wheel_holds_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = program(tmp_path / "ffmpeg", "echo ffmpeg version 5.1.9-0 Copyright")
    monkeypatch.setattr("asyncdl.runtime.ffmpeg._bundled", lambda: None)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert (await find_ffmpeg()).path == mine


async def test_none_at_all_is_a_fault_that_tells_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asyncdl.runtime.ffmpeg._bundled", lambda: None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EnvironmentFault, match="pip install imageio-ffmpeg"):
        await find_ffmpeg()


async def test_a_named_one_that_is_not_there_is_never_replaced_by_another(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="is not there"):
        await find_ffmpeg(str(tmp_path / "gone"))


@pytest.mark.parametrize("script", ["exit 1", "echo I am no ffmpeg", "echo broken library >&2; exit 127"])
async def test_a_program_that_is_no_ffmpeg_is_a_fault(script: str, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="no working ffmpeg"):
        await find_ffmpeg(program(tmp_path / "other", script))


async def test_a_file_of_another_machine_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "ffmpeg"
    path.write_bytes(b"\x7fELF junk")
    path.chmod(0o755)
    with pytest.raises(EnvironmentFault, match="does not start"):
        await find_ffmpeg(str(path))


def test_children_get_no_secrets_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://user:word@proxy")
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    assert set(child_env("run-1")) == {"PATH", "LC_ALL", "ASYNCDL_RUN_ID"}
