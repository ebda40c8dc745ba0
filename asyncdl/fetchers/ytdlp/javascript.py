"""The JavaScript runtime of the fuller extraction, looked for where yt-dlp looks, and on the user's PATH."""

from __future__ import annotations

import os
import re
import shutil
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from asyncdl.fetchers.ytdlp.about import YtDlp, ask_yt_dlp
from asyncdl.runtime.process import run_child

_DEADLINE_S = 20.0
_NUMBERS = re.compile(r"[0-9]+")
# What yt-dlp 2026.10.26 asks for; deno is the only one that it takes unasked.
FLOORS = {"deno": (2, 3, 0), "node": (22, 0, 0)}
_TOLD = {"deno": re.compile(r"^deno (\S+)"), "node": re.compile(r"^v(\S+)")}


@dataclass(frozen=True, slots=True)
class JsRuntime:
    """A runtime that was started once."""

    name: str
    version: str
    path: str

    @property
    def is_new_enough(self) -> bool:
        """Whether yt-dlp would take it."""
        return tuple(map(int, _NUMBERS.findall(self.version)[:3])) >= FLOORS[self.name]

    @property
    def option(self) -> str:
        """What ``WorkerConfig.js_runtime`` takes: workers have a PATH of their own."""
        return f"{self.name}:{self.path}"

    def __str__(self) -> str:
        return f"{self.name} {self.version} at {self.path}"


async def js_runtime(environ: Mapping[str, str] = os.environ) -> JsRuntime | None:
    """Find what a fuller extraction can run with: a runtime, and the scripts that this yt-dlp runs in it.

    None where either is missing. Starts children only, and costs this process nothing but the wait.
    """
    able = [runtime for runtime in await find_runtimes(environ) if runtime.is_new_enough]
    if not able:
        return None
    yt_dlp = await ask_yt_dlp()
    return able[0] if isinstance(yt_dlp, YtDlp) and yt_dlp.has_scripts else None


async def find_runtimes(environ: Mapping[str, str]) -> tuple[JsRuntime, ...]:
    """Start deno and node, where they are; the Python environment's scripts come before PATH."""
    found = []
    for name in FLOORS:
        path = shutil.which(name, path=sysconfig.get_path("scripts")) or _on_path(name, environ)
        runtime = await _start(name, path, environ) if path else None
        if runtime is not None:
            found.append(runtime)
    return tuple(found)


def _on_path(name: str, environ: Mapping[str, str]) -> str | None:
    return shutil.which(name, path=environ.get("PATH", os.defpath))


async def _start(name: str, path: str, environ: Mapping[str, str]) -> JsRuntime | None:
    kept = {key: environ[key] for key in ("PATH", "HOME", "LD_LIBRARY_PATH") if key in environ}
    try:
        done = await run_child([path, "--version"], deadline_s=_DEADLINE_S, env=kept)
    except OSError:
        return None
    told = _TOLD[name].match(done.stdout.decode("utf-8", errors="replace"))
    return JsRuntime(name, told[1], str(Path(path))) if told and not done.returncode else None
