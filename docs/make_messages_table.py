# ruff: noqa: INP001, E501 - a program run by hand, not a package; a paragraph of Markdown is one line
"""Write docs/messages.md: every message that asyncdl understands, and the test that has it said for real.

    PYTHONPATH=tests python docs/make_messages_table.py

The rows are those of the tests (``tests/support/message_rows.py``).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from support.message_rows import MESSAGES
from support.messages import EXPECTED, By, Message

PAGE = Path(__file__).with_name("messages.md")
_INTRO = """# What the tools say, and what follows

Written by `docs/make_messages_table.py` from the rows that the tests run; a test sees to it that this page is current. Most rows are said in their test by the real extractor and downloader of yt-dlp, asked against the embedded site or listeners on loopback, or by the real ffmpeg. YouTube's words are those that are known of it, some of them in part only. Where only another machine or disk could make a fault (no route, no resolver, a quota), the system's own error is raised at the call. A code without a row fails a test, and so does an alternative of a pattern in `asyncdl/core/error_table.py` that no row says.

- *stands in the source*: not provoked; the test finds the sentence in the source of the installed yt-dlp.
- *not provoked*: words of other versions and systems; the test has them understood, nobody says them.

" … " stands for whatever comes between. What an action brings about is told in [failures.md](failures.md) for the kind.
"""
_HOW = {By.SOURCE: "stands in the source", By.FORMERLY: "not provoked"}


def page() -> str:
    """Make the whole text of the page."""
    rows = sorted(MESSAGES, key=lambda message: list(EXPECTED).index(message.code))
    head = ("| text | code | kind | action | test |", "|---|---|---|---|---|")
    return "\n".join((_INTRO, _counts(), "", *head, *map(_row, rows))) + "\n"


def _counts() -> str:
    by = Counter(message.by for message in MESSAGES)
    real = len(MESSAGES) - by[By.SOURCE] - by[By.FORMERLY]
    codes = {message.code for message in MESSAGES if message.by not in _HOW}
    return (
        f"{len(MESSAGES)} messages of {len(EXPECTED)} codes: {real} provoked, of {len(codes)} codes;"
        f" {by[By.SOURCE]} found in the source; {by[By.FORMERLY]} not provoked. Each row is a test of its own:"
        " as long as they pass, 0 are misclassified."
    )


def _row(message: Message) -> str:
    kind, action = EXPECTED[message.code]
    told = f" ({_HOW[message.by]})" if message.by in _HOW else ""
    file, _, test = message.by.value.rpartition("/")[2].partition("::")
    cells = (
        _cell(message.says),
        f"`{message.code}`",
        f"`{kind}`",
        action.value,
        f"`{file}::{test}[{_cell(message.name)}]`{told}",
    )
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
