"""Cookie files: readable, private, well-formed, signed in, not about to end."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from asyncdl.core.cookies import CookieFacts, Login, read_cookies
from asyncdl.core.finding import Finding, Level, Remark, gather
from asyncdl.runtime.secret_file import NoSecret, Secret, read_secret

_DAY_S = 86_400
_SOON_DAYS = 7
_MOST_MISTAKES = 3
_EXPORT = "export the cookies of youtube.com again from a private window, then close it"


def check_cookies(path: Path, now_s: float) -> Finding:
    """Look at one file; nothing of its values is told."""
    name = f"cookies {path}"
    secret = read_secret(path)
    if isinstance(secret, NoSecret):
        return Finding(name, Level.FAULT, secret.why, "name a cookies.txt in Netscape's form")
    facts = read_cookies(secret.text)
    told = f"{facts.youtube_cookies} cookies of YouTube{_login_text(facts.login, now_s)}"
    return gather(name, told, [*_openness(path, secret), *_remarks(facts, now_s)])


def _openness(path: Path, secret: Secret) -> Iterator[Remark]:
    mode = secret.mode
    if secret.is_link or not secret.is_own:
        yield Remark(Level.FAULT, secret.exposure, "a run takes a plain file of your own only")
    if mode & 0o077:
        yield Remark(
            Level.FAULT,
            f"others can get at it (mode {mode:04o})",
            f"chmod 600 {shlex.quote(str(path))}; whoever has read it has the account",
        )


def _remarks(facts: CookieFacts, now_s: float) -> Iterator[Remark]:
    if facts.mistakes:
        shown = [str(mistake) for mistake in facts.mistakes[:_MOST_MISTAKES]]
        more = len(facts.mistakes) - len(shown)
        yield Remark(Level.FAULT, "; ".join([*shown, *([f"{more} more"] if more else [])]), _EXPORT)
    elif facts.login is None:
        yield Remark(Level.WARNING, "nobody is signed in: it is of no use", _EXPORT)
    elif facts.login.is_over(now_s):
        yield Remark(Level.WARNING, "the login has ended", _EXPORT)
    elif facts.login.is_over(now_s + _SOON_DAYS * _DAY_S):
        yield Remark(Level.WARNING, "the login ends soon", _EXPORT)


def _login_text(login: Login | None, now_s: float) -> str:
    if login is None or login.is_over(now_s):
        return ""
    if login.ends_s is None:
        return ", signed in for a session of unknown length"
    return f", signed in for {int(login.ends_s - now_s) // _DAY_S:,} days at most"
