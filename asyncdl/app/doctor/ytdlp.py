"""yt-dlp: there, safe, young, and with the network library that keeps connections alive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from asyncdl.core.finding import Finding, Level, Remark, gather
from asyncdl.fetchers.ytdlp.about import UPDATE, YtDlp

# Older ones have published security holes (CVE-2026-55404 was the last to be closed).
_SAFE_SINCE = date(2026, 7, 4)
_OLD_AFTER_DAYS = 60


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
        yield Remark(Level.WARNING, "its age cannot be told from this version", UPDATE)
    elif released < _SAFE_SINCE:
        yield Remark(Level.FAULT, f"it has security holes that {_SAFE_SINCE:%Y.%m.%d} closed", UPDATE)
    elif (days := (today - released).days) > _OLD_AFTER_DAYS:
        yield Remark(Level.WARNING, f"it is {days} days old, and YouTube changes often", UPDATE)


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
