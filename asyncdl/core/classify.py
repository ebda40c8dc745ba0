"""From what the tools say to a failure value: the one place that looks into message texts.

Rules (their reasons stand in docs/design.md): the ERROR lines of an attempt decide, by the table's order;
where they say nothing, or only that there was no answer or no format, the warnings tell the cause. Where an
account is asked for, a warning that the given one has been signed out is the cause.
"""

from __future__ import annotations

import re

from asyncdl.core.codes import Action, Code
from asyncdl.core.error_table import TABLE
from asyncdl.core.model import Failure

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_BLANKS = re.compile(r"[ \t\u00a0]+")
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'"})

# These only say that nothing came of it; the cause stands in another line.
_VAGUE = frozenset({Code.NO_PLAYER, Code.FORMAT_MISSING, Code.FFMPEG_FAILED})
_NOT_A_CAUSE = _VAGUE | {Code.LOGIN_GENERIC}
# What a guest is told of these says nothing once the account's cookies have run out on the way.
_ASKS_FOR_ACCOUNT = {code for code, row in TABLE.items() if row.action is Action.LOGIN} | {Code.PRIVATE}


def classify(text: str) -> Failure:
    """Name the cause in all text of one attempt: ERROR lines, WARNING lines, then a child's stderr."""
    plain = normalise(text)
    code = _first_code(_error_lines(plain), frozenset())
    if code is None or code in _VAGUE:
        code = _first_code(plain, _NOT_A_CAUSE) or code
    if code in _ASKS_FOR_ACCOUNT and _says(plain, Code.COOKIES_ROTATED):
        code = Code.COOKIES_ROTATED
    return failure(code or Code.UNKNOWN, text)


def failure(code: Code, text: str, *, retry_after_s: float | None = None) -> Failure:
    """Make the value for a cause that is known already."""
    return Failure(TABLE[code].kind, code.value, text, retry_after_s)


def failure_for_status(status: int, text: str, *, retry_after_s: float | None = None) -> Failure:
    """Name the cause of an HTTP answer of a media server by its status alone."""
    return failure(_code_of_status(status), f"HTTP Error {status}: {text}", retry_after_s=retry_after_s)


def action_of(cause: Failure) -> Action:
    """Look up what a failure asks for; codes of a newer version count as transient."""
    try:
        return TABLE[Code(cause.code)].action
    except ValueError:
        return Action.TRANSIENT


def telling_line(cause: Failure) -> str:
    """Quote the line that names the cause: with yt-dlp that is often one of its warnings."""
    lines = [line for line in cause.text.strip().splitlines() if line.strip()]
    telling = [line for line in lines if classify(line).code == cause.code]
    return [*telling, *lines, ""][0][:300]


def normalise(text: str) -> str:
    """Drop colours, straighten apostrophes, make blanks single."""
    return _BLANKS.sub(" ", _COLOUR.sub("", text).translate(_QUOTES))


def _code_of_status(status: int) -> Code:
    exact = {402: Code.HTTP_402, 403: Code.HTTP_403, 416: Code.HTTP_416, 429: Code.HTTP_429}
    if status in exact:
        return exact[status]
    return Code.HTTP_5XX if status >= 500 else Code.HTTP_404


def _error_lines(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.startswith("ERROR"))


def _first_code(text: str, passed_over: frozenset[Code]) -> Code | None:
    return next((code for code in TABLE if code not in passed_over and _says(text, code)), None)


def _says(text: str, code: Code) -> bool:
    pattern = TABLE[code].pattern
    return pattern is not None and pattern.search(text) is not None
