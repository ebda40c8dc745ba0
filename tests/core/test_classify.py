"""From the tools' words to a code: order, the second look into warnings, and curly apostrophes."""

from __future__ import annotations

import pytest

from asyncdl.core.classify import action_of, classify, failure, failure_for_status
from asyncdl.core.codes import Action, Code
from asyncdl.core.error_table import TABLE
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Failure

NO_ANSWER = "ERROR: [youtube] abcdefghijk: Failed to extract any player response"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ERROR: [youtube] x: Sign in to confirm you\u2019re not a bot. Use --cookies", Code.BOT_CHECK),
        ("ERROR: [youtube] x: Private video. Sign in if you've been granted access", Code.PRIVATE),
        ("ERROR: [youtube] x: Sign in to confirm your age. This video may be", Code.AGE),
        ("ERROR: Video unavailable. This content isn\u2019t available, try again later.", Code.SESSION_LIMIT),
        ("ERROR: [youtube] x: Video unavailable. This content isn't available.", Code.ACCOUNT_BLOCKED),
        ("ERROR: [youtube] x: Video unavailable. This video has been removed by the uploader", Code.REMOVED),
        ("ERROR: [youtube] x: Video unavailable", Code.UNAVAILABLE),
        ("ERROR: [youtube] x: This video is not available", Code.CLIENT_UNAVAIL),
        ("ERROR: [youtube] x: The uploader has not made this video available in your country\nx", Code.GEO),
        ("\x1b[0;31mERROR:\x1b[0m unable to download video data: HTTP Error 403: Forbidden", Code.HTTP_403),
        (f"WARNING: [youtube] HTTP Error 429: Too Many Requests\n{NO_ANSWER}", Code.HTTP_429),
        (f"WARNING: [youtube] HTTP Error 503: Service Unavailable\n{NO_ANSWER}", Code.HTTP_5XX),
        (f"WARNING: [youtube] Failed to resolve 'www.youtube.com'\n{NO_ANSWER}", Code.DNS),
        (NO_ANSWER, Code.NO_PLAYER),
        ("ERROR: [youtube] x: No video formats found!", Code.FORMAT_MISSING),
        ("something that nobody has ever seen", Code.UNKNOWN),
        ("", Code.UNKNOWN),
    ],
)  # fmt: skip
def test_messages_are_told_apart(text: str, code: Code) -> None:
    answer = classify(text)
    assert answer.code == code.value
    assert answer.kind is TABLE[code].kind
    assert answer.text == text


def test_a_warning_does_not_outweigh_a_clear_error() -> None:
    text = "WARNING: HTTP Error 503: Service Unavailable\nERROR: [youtube] x: Private video"
    assert classify(text).code == Code.PRIVATE


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, FailureKind.FORBIDDEN),
        (404, FailureKind.NETWORK),
        (429, FailureKind.RATE_LIMITED),
        (503, FailureKind.NETWORK),
    ],
)
def test_media_answers_are_judged_by_their_status(status: int, kind: FailureKind) -> None:
    answer = failure_for_status(status, "reason")
    assert answer.kind is kind
    assert not answer.kind.is_permanent


def test_every_code_has_a_row_and_every_kind_is_reached_or_known() -> None:
    assert set(TABLE) == set(Code)
    assert {row.kind for row in TABLE.values()} == set(FailureKind)


def test_throttle_signs_are_never_permanent() -> None:
    for code, row in TABLE.items():
        assert (row.action is Action.THROTTLE) == row.kind.is_throttle, code
        assert not (row.kind.is_throttle and row.kind.is_permanent)


def test_codes_of_a_newer_version_count_as_passing() -> None:
    assert action_of(Failure(FailureKind.UNKNOWN, "code_from_tomorrow", "")) is Action.TRANSIENT


def test_known_causes_keep_their_text() -> None:
    assert failure(Code.OUT_OF_RANGE, "starts at 100 s").kind is FailureKind.OUTSIDE_VIDEO
