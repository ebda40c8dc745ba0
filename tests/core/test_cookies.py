"""Cookie files: mistakes are told by line, a login is recognised, and no value is ever repeated."""

from __future__ import annotations

import io
from contextlib import redirect_stderr

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yt_dlp.cookies import YoutubeDLCookieJar

from asyncdl.core.cookies import Login, read_cookies

HEADING = "# Netscape HTTP Cookie File\n"
SECRET = "the-secret-value"


def a_cookie(name: str, ends: str = "1893456000", domain: str = ".youtube.com") -> str:
    dot = "TRUE" if domain.startswith(".") else "FALSE"
    return f"{domain}\t{dot}\t/\tTRUE\t{ends}\t{name}\t{SECRET}\n"


def test_a_signed_in_account_is_recognised_with_its_earliest_end() -> None:
    text = HEADING + a_cookie("LOGIN_INFO", "2000000000") + a_cookie("__Secure-3PAPISID", "1900000000")
    facts = read_cookies(text + a_cookie("VISITOR_INFO1_LIVE", "1800000000"))
    assert facts.login == Login(1_900_000_000)
    assert (facts.cookies, facts.youtube_cookies, facts.mistakes) == (3, 3, ())


def test_a_login_of_session_cookies_has_no_known_end() -> None:
    facts = read_cookies(HEADING + a_cookie("LOGIN_INFO", "0") + a_cookie("SAPISID", ""))
    assert facts.login == Login(None)
    assert not Login(None).is_over(9e9)


def test_a_login_is_over_from_its_last_second_on() -> None:
    assert not Login(100).is_over(99.9)
    assert Login(100).is_over(100)


@pytest.mark.parametrize(
    "names",
    [["LOGIN_INFO"], ["SAPISID", "SID"], ["LOGIN_INFO", "SID"], []],
    ids="+".join,
)
def test_a_guest_has_no_login(names: list[str]) -> None:
    assert read_cookies(HEADING + "".join(map(a_cookie, names))).login is None


def test_cookies_of_other_sites_sign_nobody_in() -> None:
    text = (
        HEADING + a_cookie("LOGIN_INFO", domain=".google.com") + a_cookie("SAPISID", domain="notyoutube.com")
    )
    facts = read_cookies(text)
    assert facts.login is None
    assert (facts.cookies, facts.youtube_cookies) == (2, 0)


def test_comments_blank_lines_crlf_and_http_only_are_read() -> None:
    text = HEADING + "# a comment\n\n#HttpOnly_" + a_cookie("LOGIN_INFO") + a_cookie("SAPISID")
    assert read_cookies(text.replace("\n", "\r\n")).login == Login(1_893_456_000)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f".youtube.com TRUE / TRUE 0 SID {SECRET}", "separated by blanks"),
        (f".youtube.com\tTRUE\t/\tTRUE\t0\t{SECRET}", "has 6 fields"),
        (f"youtube.com\tTRUE\t/\tTRUE\t0\tSID\t{SECRET}", "field 2"),
        (f".youtube.com\ttrue\t/\tTRUE\t0\tSID\t{SECRET}", "field 2"),
        (f".youtube.com\tTRUE\t/\tTRUE\tnever\tSID\t{SECRET}", "field 5"),
        (f".youtube.com\tTRUE\t/\tTRUE\t{'9' * 400}\tSID\t{SECRET}", "field 5"),
        (f"\tFALSE\t/\tTRUE\t0\tSID\t{SECRET}", "names no domain"),
        (f"#HttpOnly_#HttpOnly_.youtube.com\t{SECRET}", "twice"),
        (f" # {SECRET}", "has 1 fields"),
    ],
)
def test_a_line_that_is_no_cookie_is_told_by_its_number_and_not_repeated(line: str, why: str) -> None:
    (mistake,) = read_cookies(HEADING + "\n" + line).mistakes
    assert mistake.line == 3
    assert why in str(mistake)
    assert SECRET not in str(mistake)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not"),
        ("\n" + HEADING, "is not"),
        ('[{"name": "SID"}]', "JSON"),
        ("\ufeff" + HEADING, "byte order mark"),
        (a_cookie("SID"), "is not"),
    ],
)
def test_a_file_with_another_first_line_is_refused_whole(text: str, why: str) -> None:
    facts = read_cookies(text)
    assert why in facts.mistakes[0].what
    assert facts.mistakes[0].line == 1
    assert facts.cookies == 0


@given(st.text())
def test_any_text_gives_an_answer(text: str) -> None:
    read_cookies(text)
    read_cookies(HEADING + text)


FIELDS = st.sampled_from(
    [
        *(".youtube.com", "youtube.com", "TRUE", "FALSE", "true", "/", "0", "", "1893456000.5", "SID"),
        *("#", "$", " ", "#HttpOnly_", "\x0b", "\x85", "\u2028", "\r"),
    ]
)
LINES = st.lists(FIELDS, max_size=9).map("\t".join)
GOOD_LINES = st.builds(a_cookie, st.sampled_from(["A", "B", "C"]), st.sampled_from(["", "0", "4000000000"]))


@given(st.lists(st.one_of(LINES, GOOD_LINES, st.just("#HttpOnly_.a.b\tTRUE\t/\tTRUE\t0\tX\ty")), max_size=4))
def test_a_file_without_mistakes_is_taken_by_yt_dlp_and_says_nothing(lines: list[str]) -> None:
    """yt-dlp prints a line that it cannot read, with its secret: so none may reach it."""
    text = HEADING + "\n".join(lines)
    facts = read_cookies(text)
    if facts.mistakes:
        return
    jar, said = YoutubeDLCookieJar(io.StringIO(text, newline=None)), io.StringIO()
    with redirect_stderr(said):
        jar.load()
    assert not said.getvalue()
    assert len(jar) <= facts.cookies
