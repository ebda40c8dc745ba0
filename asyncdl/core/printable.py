"""Foreign text on a terminal: what children and lists say is data and must not steer anything."""

from __future__ import annotations

import re

_CSI = r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
_STRING = r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
_OTHER = r"\x1b[ -/]*[0-~]"
_SEQUENCE = re.compile(f"{_CSI}|{_STRING}|{_OTHER}")
_LONGEST_LINE = 4000
_MOST_LINES = 200
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def printable(text: str, limit: int = 500) -> str:
    """One line of at most ``limit`` visible characters.

    Terminal sequences vanish, white space becomes single blanks; other controls, lone surrogates and
    characters that change the direction of text become U+FFFD.
    """
    bare = " ".join(_SEQUENCE.sub("", text[: limit * 8]).split())
    return "".join(each if each.isprintable() else _REPLACEMENT for each in bare[:limit])


def printable_lines(text: str) -> str:
    """Make a message of several lines safe to print; only its line feeds are kept as they are."""
    return "\n".join(printable(line, _LONGEST_LINE) for line in text.splitlines()[:_MOST_LINES])
