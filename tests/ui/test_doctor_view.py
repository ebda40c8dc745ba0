"""What the doctor says, to people and to scripts."""

from __future__ import annotations

import io

import orjson
from rich.console import Console

from asyncdl.core.finding import Finding, Level
from asyncdl.ui.doctor_view import doctor_object, doctor_view

FINDINGS = (
    Finding("python", Level.OK, "CPython 3.11.7 on linux"),
    Finding(
        "yt-dlp", Level.WARNING, "2026.08.19; it is 94 days old", "python -m pip install --upgrade yt-dlp"
    ),
    Finding("ffmpeg", Level.FAULT, "no ffmpeg was found", "pip install imageio-ffmpeg"),
)


def told(*findings: Finding, width: int | None = None) -> str:
    out = io.StringIO()
    Console(file=out, width=width or 80, color_system=None).print(
        doctor_view(findings, width), soft_wrap=True
    )
    return out.getvalue()


def test_people_get_a_line_a_check_and_the_mend_under_it() -> None:
    assert told(*FINDINGS) == (
        "  ok       python  CPython 3.11.7 on linux\n"
        "  warning  yt-dlp  2026.08.19; it is 94 days old\n"
        "                   mend: python -m pip install --upgrade yt-dlp\n"
        "  FAULT    ffmpeg  no ffmpeg was found\n"
        "                   mend: pip install imageio-ffmpeg\n"
        "\n"
        "A run could not work: 1 fault, 1 warning.\n"
    )


def test_the_last_line_says_what_it_comes_to() -> None:
    assert told(FINDINGS[0]).endswith("\nNothing is in the way of a run.\n")
    assert told(*FINDINGS[:2]).endswith("\nA run can work, with 1 warning.\n")


def test_on_a_terminal_long_texts_wrap_under_themselves() -> None:
    text = told(Finding("yt-dlp", Level.NOTE, " ".join(["word"] * 20)), width=50)
    assert max(map(len, text.splitlines())) <= 50
    assert "\n" + " " * 19 + "word word" in text


def test_a_long_name_has_a_line_of_its_own() -> None:
    name = "cookies /a/folder/with/a/rather/long/name.txt"
    assert told(Finding(name, Level.NOTE, "fine")).startswith(f"  note     {name}\n{' ' * 41}fine\n")


def test_foreign_text_steers_nothing() -> None:
    assert "\x1b" not in told(Finding("a\x1b[2J", Level.NOTE, "b\x1b]0;x\x07c\nd", "e\x9b2J"))


def test_scripts_get_exactly_the_promised_object() -> None:
    assert orjson.loads(orjson.dumps(doctor_object(FINDINGS[:2]))) == {
        "level": "warning",
        "findings": [
            {"name": "python", "level": "ok", "what": "CPython 3.11.7 on linux", "mend": None},
            {
                "name": "yt-dlp",
                "level": "warning",
                "what": "2026.08.19; it is 94 days old",
                "mend": "python -m pip install --upgrade yt-dlp",
            },
        ],
    }
