"""The JavaScript runtime of the fuller extraction, looked for where yt-dlp looks."""

from __future__ import annotations

import os
import re
import shutil
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from asyncdl.app.doctor.ytdlp import YtDlp
from asyncdl.core.finding import Finding, Level, Remark, gather
from asyncdl.runtime.process import run_child

_DEADLINE_S = 20.0
_NAME = "javascript"
_MEND = "python -m pip install 'asyncdl[js]' brings deno and the scripts that fit"
_NUMBERS = re.compile(r"[0-9]+")
# What yt-dlp 2026.10.26 asks for; deno is the only one that it takes unasked.
_FLOORS = {"deno": (2, 3, 0), "node": (22, 0, 0)}
_TOLD = {"deno": re.compile(r"^deno (\S+)"), "node": re.compile(r"^v(\S+)")}


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime that was started once."""

    name: str
    version: str
    path: str

    @property
    def is_new_enough(self) -> bool:
        """Whether yt-dlp would take it."""
        return tuple(map(int, _NUMBERS.findall(self.version)[:3])) >= _FLOORS[self.name]

    def __str__(self) -> str:
        return f"{self.name} {self.version} at {self.path}"


async def find_runtimes(environ: Mapping[str, str]) -> tuple[Runtime, ...]:
    """Start deno and node, where they are; the Python environment's scripts come before PATH."""
    found = []
    for name in _FLOORS:
        path = shutil.which(name, path=sysconfig.get_path("scripts")) or _on_path(name, environ)
        runtime = await _start(name, path, environ) if path else None
        if runtime is not None:
            found.append(runtime)
    return tuple(found)


def judge_runtimes(runtimes: tuple[Runtime, ...], yt_dlp: YtDlp | None, *, has_cookies: bool) -> Finding:
    """Judge whether a fuller extraction can work: accounts cannot do without, other runs can."""
    without = Level.FAULT if has_cookies else Level.NOTE
    why = "accounts need it" if has_cookies else "only the fuller extraction needs it"
    able = [runtime for runtime in runtimes if runtime.is_new_enough]
    if not able:
        old = [f"{runtime} is older than {'.'.join(map(str, _FLOORS[runtime.name]))}" for runtime in runtimes]
        return Finding(_NAME, without, f"{'; '.join(old) or 'no deno, no node'}; {why}", _MEND)
    return gather(_NAME, str(able[0]), _scripts(yt_dlp, without))


def _scripts(yt_dlp: YtDlp | None, without: Level) -> list[Remark]:
    """Look for the scripts that the runtime runs: a package of exactly the version that yt-dlp knows."""
    if yt_dlp is None or yt_dlp.ejs_wanted in {None, yt_dlp.ejs}:
        return []
    there = f"found {yt_dlp.ejs}" if yt_dlp.ejs else "it is missing"
    return [Remark(without, f"yt-dlp wants yt-dlp-ejs {yt_dlp.ejs_wanted}: {there}", _MEND)]


def _on_path(name: str, environ: Mapping[str, str]) -> str | None:
    return shutil.which(name, path=environ.get("PATH", os.defpath))


async def _start(name: str, path: str, environ: Mapping[str, str]) -> Runtime | None:
    kept = {key: environ[key] for key in ("PATH", "HOME", "LD_LIBRARY_PATH") if key in environ}
    try:
        done = await run_child([path, "--version"], deadline_s=_DEADLINE_S, env=kept)
    except OSError:
        return None
    told = _TOLD[name].match(done.stdout.decode("utf-8", errors="replace"))
    return Runtime(name, told[1], str(Path(path))) if told and not done.returncode else None
