"""Whether YouTube answers, and what it says the time is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from time import monotonic, time

import requests

from asyncdl.app.doctor.checkup import Target
from asyncdl.core.finding import Finding, Level, Remark, gather

_NO_CONTENT = 204
_MOST_OFF_S = 60
_MEND_CLOCK = "turn time synchronisation on: timedatectl set-ntp true"


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer; ``their_time_s`` is its Date header in seconds since 1970, ``our_time_s`` when it came."""

    status: int
    latency_ms: int
    our_time_s: float
    their_time_s: float | None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """None came, and why."""

    why: str


def ask(target: Target, timeout_s: float) -> Answered | Unanswered:
    """Send one request that brings no content; the environment's proxy is used, as a run does."""
    started = monotonic()
    with requests.Session() as session:
        session.trust_env = target.ca_file is None
        try:
            with session.get(
                target.url,
                timeout=timeout_s,
                allow_redirects=False,
                stream=True,
                verify=target.ca_file or True,
            ) as answer:
                latency_ms = round((monotonic() - started) * 1000)
                return Answered(answer.status_code, latency_ms, time(), _date(answer.headers.get("Date")))
        except requests.RequestException as error:
            return Unanswered(why(error))


def judge_reach(answer: Answered | Unanswered, *, has_proxies: bool) -> Finding:
    """Judge the direct way; where proxies are given, a run does not take it."""
    if isinstance(answer, Unanswered) and has_proxies:
        return Finding("youtube", Level.NOTE, f"no answer without the proxies given: {answer.why}")
    if isinstance(answer, Unanswered):
        return Finding(
            "youtube",
            Level.WARNING,
            f"no answer: {answer.why}",
            "connect this machine to the internet, or name a way with --proxy",
        )
    told = f"answers in {answer.latency_ms:,} ms"
    if answer.status != _NO_CONTENT:
        what = f"with HTTP {answer.status}, not {_NO_CONTENT}"
        mend = "see whether a login page or a filter of this network stands before it"
        return gather("youtube", told, [Remark(Level.WARNING, what, mend)])
    return Finding("youtube", Level.OK, told)


def judge_clock(answer: Answered | Unanswered | None, now_s: float, released: date | None) -> Finding:
    """Compare with the answer's time; without one, with the day of yt-dlp's release, which is past."""
    if isinstance(answer, Answered) and answer.their_time_s is not None:
        off_s = answer.our_time_s - answer.their_time_s
        told = f"{abs(off_s):,.0f} s {'ahead of' if off_s > 0 else 'behind'} YouTube's"
        is_off = abs(off_s) > _MOST_OFF_S
        return gather("clock", told, [Remark(Level.WARNING, "", _MEND_CLOCK)] if is_off else [])
    today = datetime.fromtimestamp(now_s, UTC).date()
    return gather("clock", f"{today:%Y-%m-%d}, with no other to compare", _sanity(today, released))


def _sanity(today: date, released: date | None) -> Iterator[Remark]:
    if released is not None and today < released:
        yield Remark(Level.WARNING, f"yt-dlp is from {released:%Y-%m-%d}, a day to come", _MEND_CLOCK)
    elif not 2026 <= today.year < 2100:
        yield Remark(Level.WARNING, "hardly the true year", _MEND_CLOCK)


def _date(header: str | None) -> float | None:
    try:
        return parsedate_to_datetime(header).timestamp() if header else None
    except ValueError:
        return None


def why(error: requests.RequestException) -> str:
    """In few words; the library's own may hold a proxy's address with its password."""
    kinds: tuple[tuple[type[requests.RequestException], str], ...] = (
        (requests.exceptions.ProxyError, "the proxy of the environment does not let through"),
        (requests.exceptions.SSLError, "its certificate is not trusted here"),
        (requests.exceptions.Timeout, "it took too long"),
        (requests.exceptions.ConnectionError, "no connection"),
    )
    return next((why for kind, why in kinds if isinstance(error, kind)), "the request failed")
