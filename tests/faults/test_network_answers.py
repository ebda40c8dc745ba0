"""Servers that drip, cut, lie and lead astray: each is one failed try, soon over, and nothing is stored."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import pytest

from asyncdl.core.events import ClipStored
from asyncdl.core.kinds import FailureKind as Kind
from asyncdl.core.retry import RetryPolicy
from asyncdl.demo.delivery import deliver
from asyncdl.demo.scenarios import Scenario
from asyncdl.demo.wire import Manner, Reply, Request
from asyncdl.errors import ExitCode
from asyncdl.fetchers.ytdlp import lines
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import iterate_outcomes
from asyncdl.runtime.replay import replay
from asyncdl.settings import FetchSettings
from support.bench import Bench, ytids
from support.hostile import Listener, listening
from support.invariants import check_invariants
from support.sources import noise_m4a
from support.witness import Witness

IMPATIENT = "--socket-timeout 1.2 --extractor-retries 0"
PAGE = b"<html><body>Your network wants you to sign in.</body></html>" * 50
NAMED = {
    Scenario.SLOW_LORIS: Kind.TIMED_OUT,
    Scenario.TRUNCATED: Kind.NETWORK,
    Scenario.ENDLESS: Kind.BAD_MEDIA,
}
Own = Callable[[Request], Reply]


def _redirected(target: str, request: Request) -> Reply:
    return Reply(302, headers=(("Location", target or f"{request.target}&again=1"),))


def _too_long(request: Request) -> Reply:
    """The right stretch under a Content-Length of 500 bytes more."""
    right = deliver(request, noise_m4a().data, "audio/mp4", Scenario.GOOD, None)
    told = len(right.body) + 500
    return Reply(206, right.body, "audio/mp4", right.headers, declared_bytes=told)


def _too_short(request: Request) -> Reply:
    """Half of the right stretch under a Content-Length that agrees, and a Content-Range that does not."""
    right = deliver(request, noise_m4a().data, "audio/mp4", Scenario.GOOD, None)
    told = len(right.body) // 2
    return Reply(206, right.body, "audio/mp4", right.headers, Manner.HALF_THEN_CLOSE, declared_bytes=told)


def _own(secret: str, stranger: Listener) -> dict[str, tuple[Own, set[Kind]]]:
    """Answers of a media server by video id, and the kinds that they may end with."""

    def page(request: Request) -> Reply:
        del request
        return Reply(200, PAGE, "text/html")

    def slow_head(request: Request) -> Reply:
        del request
        return Reply(206, b"x", "audio/mp4", manner=Manner.SLOW_HEAD)

    return {
        "WebPage000A": (page, {Kind.BAD_MEDIA}),
        "SlowHead00A": (slow_head, {Kind.TIMED_OUT}),
        "LocalFile0A": (partial(_redirected, f"file://{secret}"), {Kind.NETWORK, Kind.UNKNOWN}),
        "Elsewhere0A": (partial(_redirected, stranger.url()), {Kind.NETWORK, Kind.BAD_MEDIA}),
        "InCircles0A": (partial(_redirected, ""), {Kind.NETWORK}),
        "TooLong000A": (_too_long, {Kind.TIMED_OUT}),
        "TooShort00A": (_too_short, {Kind.NETWORK}),
    }


async def test_no_answer_of_a_server_is_stored_lasts_long_or_counts_as_the_videos_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "_PATIENCE_S", 0.3)
    secret = bench.folder / "secret.m4a"
    secret.write_bytes(noise_m4a().data)
    async with listening() as stranger:
        own = _own(str(secret), stranger)
        for ytid, (answer, _) in own.items():
            bench.site.own_media[ytid] = answer
        wanted = {str(name): {kind} for name, kind in NAMED.items()} | {k: v for k, (_, v) in own.items()}
        # Less than twenty in all, so that nobody takes them for a storm.
        rows = bench.write_list([*wanted, *ytids(4)])
        assert len(wanted) + 4 < 20
        witness, begun_s = Witness.of(bench, rows), time.monotonic()
        fetch = FetchSettings(8, IMPATIENT, deadline_s=1.6, max_file_bytes=20_000_000)
        report = await bench.run(rows, retry=RetryPolicy(max_attempts=1), fetch=fetch)
        assert time.monotonic() - begun_s < 20
    assert report.exit_code is ExitCode.RETRYABLE_LEFT
    told = check_invariants(bench.out, witness, concurrency=8)
    assert (told.stored, told.failed) == (4, len(wanted))
    found = _kinds(bench)
    assert {ytid: kind for ytid, kind in found.items() if kind not in wanted[ytid]} == {}
    assert not any(kind.is_permanent for kind in found.values())
    asked = sum(one.video_id == "InCircles0A" for one in bench.site.requests)
    assert asked < 40


def _kinds(bench: Bench) -> dict[str, Kind]:
    journal = journal_of(bench.out)
    outcomes = iterate_outcomes(journal, replay(journal).ledger)
    return {
        row.segment.ytid: outcome.failure.kind
        for row, outcome in outcomes
        if outcome is not None and not isinstance(outcome, ClipStored)
    }
