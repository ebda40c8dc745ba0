"""yt-dlp: there, safe, young, and with the network library that keeps connections alive."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import orjson

from asyncdl.core.finding import Finding, Level, Remark, gather
from asyncdl.fetchers.ytdlp.bearing import nursery_env
from asyncdl.runtime.process import run_child

_PROGRAM = "asyncdl.app.doctor.ytdlp_program"
_DEADLINE_S = 60.0
# Older ones have published security holes (CVE-2026-55404 was the last to be closed).
_SAFE_SINCE = date(2026, 7, 4)
_OLD_AFTER_DAYS = 60
_UPDATE = "python -m pip install --upgrade yt-dlp"
_VERSION = re.compile(r"([0-9]{4})\.([0-9]{1,2})\.([0-9]{1,2})\b")


@dataclass(frozen=True, slots=True)
class YtDlp:
    """What ``ytdlp_program`` tells; ``requests`` is None where yt-dlp cannot use it."""

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


async def ask_yt_dlp() -> YtDlp | Finding:
    """Import yt-dlp in a child with the environment that fetch workers get; a finding where that fails."""
    argv = [sys.executable, "-P", "-m", _PROGRAM]
    done = await run_child(argv, deadline_s=_DEADLINE_S, env=nursery_env(Path("/nonexistent"), ""), cwd="/")
    if done.timed_out or done.returncode:
        last = done.error_text.rpartition("\n")[2] or f"no answer in {_DEADLINE_S:g} s"
        return Finding("yt-dlp", Level.FAULT, f"it does not start: {last}", _UPDATE)
    told = orjson.loads(done.stdout)
    for name in ("jsless_clients", "clients"):
        told[name] = None if told[name] is None else tuple(told[name])
    return YtDlp(**told)


def judge_yt_dlp(yt_dlp: YtDlp, today: date) -> Finding:
    """Judge its age, and tell in whose name it asks."""
    return gather("yt-dlp", f"{yt_dlp.version}{_clients_text(yt_dlp)}", _age(yt_dlp.released, today))


def judge_network_library(yt_dlp: YtDlp) -> Finding:
    """Judge what carries yt-dlp's requests."""
    told = f"requests {yt_dlp.requests or '?'}, urllib3 {yt_dlp.urllib3 or '?'}"
    if yt_dlp.requests and yt_dlp.urllib3:
        return Finding("requests", Level.OK, told)
    return Finding(
        "requests",
        Level.WARNING,
        "yt-dlp cannot use requests, and opens a connection for every request",
        "python -m pip install --upgrade requests urllib3",
    )


def _age(released: date | None, today: date) -> Iterator[Remark]:
    if released is None:
        yield Remark(Level.WARNING, "its age cannot be told from this version", _UPDATE)
    elif released < _SAFE_SINCE:
        yield Remark(Level.FAULT, f"it has security holes that {_SAFE_SINCE:%Y.%m.%d} closed", _UPDATE)
    elif (days := (today - released).days) > _OLD_AFTER_DAYS:
        yield Remark(Level.WARNING, f"it is {days} days old, and YouTube changes often", _UPDATE)


def _clients_text(yt_dlp: YtDlp) -> str:
    texts = [
        f"{way} {', '.join(clients)}"
        for way, clients in (
            ("asks YouTube as", yt_dlp.jsless_clients),
            ("with JavaScript as", yt_dlp.clients),
        )
        if clients
    ]
    return f", {', '.join(texts)}" if texts else ""
