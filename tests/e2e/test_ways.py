"""Identities at work, with real workers: paced apart, cooled down, benched, and never given away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from asyncdl.app.ways import known_pace
from asyncdl.core.breaker import LONGEST_WAIT_S
from asyncdl.core.events import PaceLearned
from asyncdl.core.identity import DIRECT, Identity
from asyncdl.core.ledger import Ledger
from asyncdl.core.pace_policy import PacePolicy
from asyncdl.core.pacing import Pace, permit_at
from asyncdl.core.proxy import ProxyScheme, ProxyUrl
from asyncdl.demo.budget import Budget
from asyncdl.errors import EnvironmentFault, ExitCode, UsageError
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.replay import replay
from asyncdl.settings import FetchSettings, WaySettings
from support.bench import Bench, ytids
from support.proxies import closed_port, connect_proxy, odd_listener

OpenBench = Callable[..., AbstractAsyncContextManager[Bench]]
HOUR_IN_S = 2.0


def _player_requests(bench: Bench) -> Counter[str]:
    return Counter(request.address for request in bench.site.requests if request.kind == "player")


async def test_each_source_address_is_an_identity_of_its_own(bench: Bench) -> None:
    way = WaySettings(source_addresses=("127.0.0.2", "127.0.0.3"))
    report = await bench.run(bench.write_list(ytids(12)), way=way, fetch=FetchSettings(concurrency=4))
    assert report.counts.stored == 12
    assert set(_player_requests(bench)) == {"127.0.0.2", "127.0.0.3"}
    assert {view.name for view in report.final.identities} == {"address 127.0.0.2", "address 127.0.0.3"}


async def test_a_limit_in_the_site_is_waited_out_and_fails_no_segment(open_bench: OpenBench) -> None:
    """The hours of the policy pass in seconds; the limit, the refusals and the workers are real."""
    budget = Budget(requests=25, pause_s=HOUR_IN_S * 0.9)
    async with open_bench(budget=budget) as bench:
        bench.speed = 3600 / HOUR_IN_S
        way = WaySettings(source_addresses=("127.0.0.2", "127.0.0.3"))
        report = await bench.run(bench.write_list(ytids(120)), way=way, fetch=FetchSettings(concurrency=4))
        asked = sum(_player_requests(bench).values())
    assert report.exit_code is ExitCode.DONE
    assert (report.counts.stored, report.counts.failed_total) == (120, 0)
    throttled = sum(view.throttled for view in report.final.identities)
    assert 2 <= throttled <= 20
    assert asked <= 120 + throttled


async def test_a_run_ended_in_a_cool_down_keeps_cooling_when_started_again(bench: Bench) -> None:
    rows = bench.write_list(["botcheck___", *ytids(20)])
    way = WaySettings(max_wait_s=60)
    first = await bench.run(rows, way=way, fetch=FetchSettings(concurrency=1))
    assert first.exit_code is ExitCode.ENVIRONMENT
    asked = len(bench.site.requests)
    second = await bench.run(rows, way=way, fetch=FetchSettings(concurrency=1))
    assert second.exit_code is ExitCode.ENVIRONMENT
    assert len(bench.site.requests) == asked
    (view,) = second.final.identities
    assert view.phase == "cooling"
    assert second.counts.failed_total == 0


async def test_a_dead_proxy_is_benched_and_named_while_another_works(bench: Bench) -> None:
    async with connect_proxy() as alive:
        dead_port = closed_port()
        way = WaySettings(
            proxies=(
                ProxyUrl(ProxyScheme.HTTP, "127.0.0.1", dead_port),
                ProxyUrl(ProxyScheme.HTTP, "127.0.0.1", alive.port),
            )
        )
        report = await bench.run(bench.write_list(ytids(8)), way=way, fetch=FetchSettings(concurrency=2))
    assert report.exit_code is ExitCode.DONE
    assert report.counts.stored == 8
    dead = next(view for view in report.final.identities if str(dead_port) in view.name)
    assert dead.phase == "benched"
    assert dead.why.startswith("proxy_down")


async def test_a_run_without_any_way_out_ends_and_fails_nothing(bench: Bench) -> None:
    bench.speed = 600
    way = WaySettings(proxies=(ProxyUrl(ProxyScheme.HTTP, "127.0.0.1", closed_port()),))
    report = await bench.run(bench.write_list(ytids(8)), way=way, fetch=FetchSettings(concurrency=2))
    assert report.exit_code is ExitCode.ENVIRONMENT
    assert isinstance(report.fault, EnvironmentFault)
    assert "No way out is left" in report.fault.what
    assert (report.counts.failed_total, report.counts.stored) == (0, 0)


async def test_a_proxy_that_hangs_up_is_to_blame_itself(bench: Bench) -> None:
    """No segment may fail, or lose a try, by a way out that brings nothing."""
    bench.speed = 600
    async with odd_listener(b"garbage\r\n") as mute, connect_proxy() as alive:
        ways = tuple(ProxyUrl(ProxyScheme.HTTP, "127.0.0.1", one.port) for one in (mute, alive))
        rows = bench.write_list(ytids(8))
        alone = await bench.run(rows, way=WaySettings(proxies=ways[:1]), fetch=FetchSettings(concurrency=4))
        assert alone.exit_code is ExitCode.ENVIRONMENT
        assert (alone.counts.failed_total, alone.counts.stored) == (0, 0)
        both = await bench.run(rows, way=WaySettings(proxies=ways), fetch=FetchSettings(concurrency=4))
    assert both.exit_code is ExitCode.DONE
    assert both.counts.stored == 8


async def test_the_same_way_is_not_taken_twice(bench: Bench) -> None:
    way = WaySettings(source_addresses=("127.0.0.2", "127.0.0.2"))
    with pytest.raises(UsageError, match="given twice"):
        await bench.run(bench.write_list(ytids(1)), way=way)


async def test_credentials_reach_neither_journal_nor_log_nor_screen(bench: Bench) -> None:
    secret = "hunter2-of-joe"
    async with connect_proxy(login=("joe", secret)) as proxy:
        right = ProxyUrl(ProxyScheme.HTTP, "127.0.0.1", proxy.port, "joe", secret)
        wrong = ProxyUrl(ProxyScheme.HTTP, "127.0.0.1", proxy.port, "joe", f"{secret}-wrong")
        log_file = bench.folder / "run.log"
        report = await bench.run(
            bench.write_list([*ytids(6), "http503once"]),
            way=WaySettings(proxies=(right, wrong)),
            log_file=log_file,
            fetch=FetchSettings(concurrency=2),
        )
    assert report.counts.stored == 7
    written = [path.read_bytes() for path in journal_of(bench.out).iterdir()]
    assert not any(secret.encode() in text for text in (*written, log_file.read_bytes()))
    assert secret not in repr(report.final)
    assert secret not in "".join(bench.told)


async def test_a_cookie_file_that_others_can_read_is_refused(bench: Bench) -> None:
    jar = bench.folder / "jar.txt"
    jar.write_text(
        "# Netscape HTTP Cookie File\n.youtube.com\tTRUE\t/\tTRUE\t1893456000\tLOGIN_INFO\tsecret-cookie\n"
    )
    jar.chmod(0o644)
    with pytest.raises(UsageError, match="others on this machine may read it") as told:
        await bench.run(bench.write_list(ytids(1)), way=WaySettings(cookies=(jar,)))
    assert "secret-cookie" not in str(told.value)
    assert not bench.out.exists()


async def test_an_account_works_with_copies_and_its_jar_stays_as_it_was(bench: Bench) -> None:
    jar = bench.folder / "jar.txt"
    text = "# Netscape HTTP Cookie File\n.youtube.com\tTRUE\t/\tTRUE\t1893456000\tLOGIN_INFO\tsecret-cookie\n"
    jar.write_text(text)
    jar.chmod(0o600)
    report = await bench.run(bench.write_list(ytids(2)), way=WaySettings(cookies=(jar,)))
    (view,) = report.final.identities
    assert view.name.startswith("account ~")
    assert jar.read_text() == text
    assert not any(b"secret-cookie" in path.read_bytes() for path in _all_files(bench.out))
    assert replay(journal_of(bench.out)).ledger.counts().segments == 2


def _all_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_strangers_pace_holds_no_run_for_longer_than_a_cool_down_can_be() -> None:
    ledger, now_s = Ledger(), 1_800_000_000.0
    breaker = {"phase": "cooling", "until_s": 1e300}
    ledger.apply(PaceLearned(DIRECT, 0, {"breaker": breaker, "next_s": 1e300, "seen_s": now_s}))
    pace = known_pace(ledger, Identity(DIRECT), now_s)
    assert permit_at(pace, PacePolicy(), now_s) == now_s + LONGEST_WAIT_S
    ledger.apply(PaceLearned(DIRECT, 1, {"seen_s": "inf"}))
    assert known_pace(ledger, Identity(DIRECT), now_s) == Pace()
