"""What the installed yt-dlp is and has, told by a child: importing it costs 40 MB and half a second."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import orjson

from asyncdl.core.finding import Finding, Level
from asyncdl.fetchers.ytdlp.bearing import nursery_env
from asyncdl.runtime.process import run_child

UPDATE = "python -m pip install --upgrade yt-dlp"
_PROGRAM = "asyncdl.fetchers.ytdlp.about_program"
_DEADLINE_S = 60.0
_VERSION = re.compile(r"([0-9]{4})\.([0-9]{1,2})\.([0-9]{1,2})\b")


@dataclass(frozen=True, slots=True)
class YtDlp:
    """What ``about_program`` tells; ``requests`` is None where yt-dlp cannot use it.

    ``ejs`` is the version of the scripts with which a JavaScript runtime solves YouTube's challenges,
    ``ejs_wanted`` the one that this yt-dlp knows.
    """

    version: str
    jsless_clients: tuple[str, ...] | None
    clients: tuple[str, ...] | None
    requests: str | None
    urllib3: str | None
    ejs_wanted: str | None
    ejs: str | None

    @property
    def released(self) -> date | None:
        """Its version is the day of its release."""
        found = _VERSION.match(self.version)
        try:
            return date(*map(int, found.groups())) if found else None
        except ValueError:
            return None

    @property
    def has_scripts(self) -> bool:
        """Whether yt-dlp would run these scripts: it compares the first two numbers, then a checksum."""
        if self.ejs_wanted is None:
            return True
        return self.ejs is not None and self.ejs.split(".")[:2] == self.ejs_wanted.split(".")[:2]


async def ask_yt_dlp() -> YtDlp | Finding:
    """Import yt-dlp in a child with the environment that fetch workers get; a finding where that fails."""
    argv = [sys.executable, "-P", "-m", _PROGRAM]
    done = await run_child(argv, deadline_s=_DEADLINE_S, env=nursery_env(Path("/nonexistent"), ""), cwd="/")
    if done.timed_out or done.returncode:
        last = done.error_text.rpartition("\n")[2] or f"no answer in {_DEADLINE_S:g} s"
        return Finding("yt-dlp", Level.FAULT, f"it does not start: {last}", UPDATE)
    told = orjson.loads(done.stdout)
    for name in ("jsless_clients", "clients"):
        told[name] = None if told[name] is None else tuple(told[name])
    return YtDlp(**told)
