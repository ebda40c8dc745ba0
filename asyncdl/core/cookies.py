"""Reads the text of a cookie file in Netscape's form and says what it is good for; values are passed over.

A line that yt-dlp cannot read is printed by it as it stands, secret included, or makes it refuse the file.
So the rules here are those of yt-dlp's reader (``cookies.YoutubeDLCookieJar``, on top of Python's
``http.cookiejar.MozillaCookieJar``), and a file with a mistake should not be handed on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADING = re.compile(r"#( Netscape)? HTTP Cookie File")
_HTTP_ONLY = "#HttpOnly_"
_FIELDS = 7
_SECONDS = re.compile(r"[0-9]{1,15}(\.[0-9]+)?")
_YOUTUBE = frozenset({"youtube.com", "www.youtube.com"})
_LOGIN_INFO = "LOGIN_INFO"
# yt-dlp signs its requests with one of these; without any of them it counts as signed out.
_SIGNING = frozenset({"SAPISID", "__Secure-1PAPISID", "__Secure-3PAPISID"})
_SESSION = frozenset({"SID", "__Secure-1PSID", "__Secure-3PSID", "HSID", "SSID", "APISID"})


@dataclass(frozen=True, slots=True)
class CookieMistake:
    """A line (from 1) that is no cookie, and why; the line itself is never repeated."""

    line: int
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


@dataclass(frozen=True, slots=True)
class Login:
    """The cookies of an account are there; ``ends_s`` is when the first of them ends, in seconds since 1970.

    None where all of them last as long as the browser's session, which no file tells.
    """

    ends_s: int | None

    def is_over(self, now_s: float) -> bool:
        """Whether a cookie of the login has ended."""
        return self.ends_s is not None and self.ends_s <= now_s


@dataclass(frozen=True, slots=True)
class CookieFacts:
    """What a cookie file is good for. ``login`` is None for a file without a signed-in YouTube account."""

    cookies: int
    youtube_cookies: int
    mistakes: tuple[CookieMistake, ...]
    login: Login | None


@dataclass(frozen=True, slots=True)
class _Cookie:
    """A cookie without its value; ``ends_s`` is None for one of the session."""

    domain: str
    name: str
    ends_s: int | None

    @property
    def is_of_youtube(self) -> bool:
        return self.domain.removeprefix(".").lower() in _YOUTUBE


def read_cookies(text: str) -> CookieFacts:
    """Read the whole text of a cookie file; mistakes are told in order of their lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if (mistake := _mistake_in_heading(lines[0])) is not None:
        return CookieFacts(0, 0, (mistake,), None)
    cookies: list[_Cookie] = []
    mistakes: list[CookieMistake] = []
    for number, line in enumerate(lines[1:], start=2):
        read = _read_line(line)
        if isinstance(read, str):
            mistakes.append(CookieMistake(number, read))
        elif read is not None:
            cookies.append(read)
    of_youtube = [cookie for cookie in cookies if cookie.is_of_youtube]
    return CookieFacts(len(cookies), len(of_youtube), tuple(mistakes), _login(of_youtube))


def _mistake_in_heading(line: str) -> CookieMistake | None:
    if _HEADING.match(line):
        return None
    if line.startswith("\ufeff"):
        return CookieMistake(1, "begins with a byte order mark; save it as UTF-8 without one")
    if line.lstrip()[:1] in {"{", "["}:
        return CookieMistake(1, "is JSON; export the cookies in Netscape's form (cookies.txt)")
    return CookieMistake(1, 'is not "# Netscape HTTP Cookie File"')


def _read_line(line: str) -> _Cookie | str | None:
    """Answer a cookie, why it is none, or None for a line that need not be one."""
    line = line.removeprefix(_HTTP_ONLY)
    if line.startswith(_HTTP_ONLY):
        return f"is marked {_HTTP_ONLY} twice"
    if not line.strip() or line.startswith("#"):
        return None
    fields = line.split("\t")
    if len(fields) != _FIELDS:
        is_blanks = len(fields) == 1 and len(line.split()) >= _FIELDS
        return (
            "its fields are separated by blanks, not by TABs"
            if is_blanks
            else f"has {len(fields)} fields, not {_FIELDS} separated by TABs"
        )
    # What comes seventh is the secret, and nobody here needs it.
    domain, with_subdomains, _path, _secure, ends, name = fields[:-1]
    return _mistake_in_fields(domain, with_subdomains, ends) or _Cookie(
        domain, name, int(float(ends or 0)) or None
    )


def _mistake_in_fields(domain: str, with_subdomains: str, ends: str) -> str:
    if domain.lstrip()[:1] in {"#", "$"}:
        return "is neither a comment nor a cookie"
    if not domain.strip("."):
        return "names no domain"
    if (with_subdomains == "TRUE") != domain.startswith("."):
        return "field 2 is TRUE for a domain with a leading dot, else FALSE"
    if ends and not _SECONDS.fullmatch(ends):
        return "field 5, the expiry, is no number of seconds"
    return ""


def _login(cookies: list[_Cookie]) -> Login | None:
    names = {cookie.name for cookie in cookies}
    if _LOGIN_INFO not in names or not names & _SIGNING:
        return None
    carrying = _SIGNING | _SESSION | {_LOGIN_INFO}
    ends = [cookie.ends_s for cookie in cookies if cookie.name in carrying and cookie.ends_s is not None]
    return Login(min(ends, default=None))
