"""The JavaScript runtime of the fuller extraction, as ``fetchers.ytdlp.javascript`` finds it."""

from __future__ import annotations

from asyncdl.core.finding import Finding, Level, Remark, gather
from asyncdl.fetchers.ytdlp.about import YtDlp
from asyncdl.fetchers.ytdlp.javascript import FLOORS, JsRuntime

_NAME = "javascript"


def judge_runtimes(runtimes: tuple[JsRuntime, ...], yt_dlp: YtDlp | None, *, has_cookies: bool) -> Finding:
    """Judge whether a fuller extraction can work: accounts cannot do without, other runs can."""
    without = Level.FAULT if has_cookies else Level.NOTE
    why = "accounts need it" if has_cookies else "only the fuller extraction needs it"
    able = [runtime for runtime in runtimes if runtime.is_new_enough]
    if not able:
        old = [f"{runtime} is older than {'.'.join(map(str, FLOORS[runtime.name]))}" for runtime in runtimes]
        return Finding(_NAME, without, f"{'; '.join(old) or 'no deno, no node'}; {why}", _mend(yt_dlp))
    return gather(_NAME, str(able[0]), _scripts(yt_dlp, without))


def _scripts(yt_dlp: YtDlp | None, without: Level) -> list[Remark]:
    """Look for the scripts that the runtime runs: a package of a version that yt-dlp knows."""
    if yt_dlp is None or yt_dlp.has_scripts:
        return []
    there = f"found {yt_dlp.ejs}" if yt_dlp.ejs else "it is missing"
    return [Remark(without, f"yt-dlp wants yt-dlp-ejs {yt_dlp.ejs_wanted}: {there}", _mend(yt_dlp))]


def _mend(yt_dlp: YtDlp | None) -> str:
    """Keep this yt-dlp: where an index lacks what yt-dlp[default] asks for, the extra brings an older one."""
    if yt_dlp is None or yt_dlp.ejs_wanted is None:
        return "python -m pip install 'asyncdl[js]'"
    return f"python -m pip install 'yt-dlp[deno]' yt-dlp-ejs=={yt_dlp.ejs_wanted}"
