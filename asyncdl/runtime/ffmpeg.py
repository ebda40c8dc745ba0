"""Finding ffmpeg, and its environment."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from asyncdl.errors import EnvironmentFault
from asyncdl.runtime.process import RUN_ID_VARIABLE, run_child

MEND = (
    "Install the one that fits with: pip install imageio-ffmpeg\n"
    "or name another with --ffmpeg PATH or ASYNCDL_FFMPEG=PATH."
)
_VERSION = re.compile(r"^ffmpeg version (\S+)")
_VERSION_DEADLINE_S = 30.0
# What a dynamically linked ffmpeg of a cluster's module system cannot start without.
_KEPT = ("LD_LIBRARY_PATH",)


@dataclass(frozen=True, slots=True)
class Ffmpeg:
    """A program that has been started once: absolute path, version, the environment it gets."""

    path: str
    version: str
    env: Mapping[str, str]


async def find_ffmpeg(wanted: str | None = None, *, run_id: str = "") -> Ffmpeg:
    """Take ``wanted`` (a path or a name), else the wheel's static build, else the first one on PATH.

    Raises ``EnvironmentFault`` where there is none, or where it does not run.
    """
    path = _locate(wanted)
    if path is None:
        named = f"ffmpeg is not there: {wanted}" if wanted else "no ffmpeg was found"
        raise EnvironmentFault(named, mend=MEND)
    env = child_env(run_id)
    return Ffmpeg(path, await _version(path, env), env)


def child_env(run_id: str) -> dict[str, str]:
    """Build the whole environment of an ffmpeg child."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    marked = {RUN_ID_VARIABLE: run_id} if run_id else {}
    return {"PATH": os.defpath, "LC_ALL": "C", **kept, **marked}


def _locate(wanted: str | None) -> str | None:
    found = shutil.which(wanted) if wanted else _bundled() or shutil.which("ffmpeg")
    return str(Path(found).absolute()) if found else None


def _bundled() -> str | None:
    """Look for the static build of the wheel; it starts six times faster than a distribution's."""
    try:
        import imageio_ffmpeg  # noqa: PLC0415 - only here, and only when no other was named

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        return None


async def _version(path: str, env: Mapping[str, str]) -> str:
    try:
        done = await run_child([path, "-version"], deadline_s=_VERSION_DEADLINE_S, env=env)
    except OSError as error:
        raise EnvironmentFault(f"ffmpeg does not start: {path}: {error.strerror}", mend=MEND) from error
    found = _VERSION.search(done.stdout.decode("utf-8", errors="replace"))
    if done.returncode or found is None:
        raise EnvironmentFault(f"this is no working ffmpeg: {path}\n{done.error_text}".strip(), mend=MEND)
    return found[1]
