"""Storms of refusals and a network that is off: nothing fails for good, little is asked, all comes later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from asyncdl.core.retry import RetryPolicy
from asyncdl.core.storm import STORM_WINDOW
from asyncdl.demo.scenarios import GOOD, Cast, Plan, Scenario
from asyncdl.errors import ExitCode
from asyncdl.settings import FetchSettings
from support.bench import Bench, ytids
from support.children import until
from support.invariants import check_invariants
from support.witness import Witness

OpenBench = Callable[..., AbstractAsyncContextManager[Bench]]
CONCURRENCY = 4
FETCH = FetchSettings(CONCURRENCY, "--extractor-retries 0")
ONCE = RetryPolicy(max_attempts=1)
# A broadcast address of loopback: the kernel has no way there for TCP and sends nothing.
NOWHERE = "127.255.255.255:443"


@dataclass
class Weather:
    """What every video meets until the storm is over: after ``lasts`` questions, None for when told."""

    storm: Scenario
    lasts: int | None = None
    asked: int = 0

    def cast(self, video_id: str) -> Plan:
        del video_id
        self.asked += 1
        is_over = self.lasts is not None and self.asked > self.lasts
        return GOOD if is_over else Plan(self.storm)


@pytest.mark.parametrize("storm", [Scenario.HTTP503, pytest.param(Scenario.MEDIA403, marks=pytest.mark.slow)])
async def test_a_storm_of_errors_stops_the_run_and_the_next_one_has_everything(
    open_bench: OpenBench, storm: Scenario
) -> None:
    weather = Weather(storm)
    cast: Cast = weather.cast
    async with open_bench(cast) as bench:
        rows = bench.write_list(ytids(22))
        witness = Witness.of(bench, rows)
        first = await bench.run(rows, fetch=FETCH, retry=ONCE)
        assert first.exit_code is ExitCode.ENVIRONMENT
        assert first.counts.failed_total == first.counts.stored == 0
        asked = bench.fetched()
        # After a 403 a video is asked for anew, once.
        assert asked <= (STORM_WINDOW + CONCURRENCY) * (2 if storm is Scenario.MEDIA403 else 1)
        weather.lasts = 0
        second = await bench.run(rows, fetch=FETCH, retry=ONCE)
        assert (second.exit_code, second.counts.stored) == (ExitCode.DONE, 22)
        anew = asked // 2 if storm is Scenario.MEDIA403 else 0
        check_invariants(bench.out, witness, crashes=1, concurrency=anew)


async def test_a_storm_of_429_opens_the_breaker_and_fails_nothing(open_bench: OpenBench) -> None:
    """Hours of cooling down pass in seconds."""
    weather = Weather(Scenario.HTTP429, lasts=8)
    async with open_bench(weather.cast) as bench:
        bench.speed = 50_000
        rows = bench.write_list(ytids(12))
        witness = Witness.of(bench, rows)
        report = await bench.run(rows, fetch=FETCH)
        found = check_invariants(bench.out, witness, concurrency=CONCURRENCY)
    assert (report.exit_code, found.stored, found.failed) == (ExitCode.DONE, 12, 0)
    assert found.fetches == 12 + 8
    (view,) = report.final.identities
    assert view.throttled == 8


async def test_a_run_without_network_ends_soon_and_fails_nothing(bench: Bench) -> None:
    rows, there = bench.write_list(ytids(4)), bench.site.player_host
    witness, bench.speed = Witness.of(bench, rows), 1_000
    bench.site.player_host = NOWHERE
    first = await bench.run(rows, fetch=FETCH)
    assert first.exit_code is ExitCode.ENVIRONMENT
    assert (first.counts.failed_total, first.counts.open) == (0, 4)
    bench.site.player_host = there
    second = await bench.run(rows, fetch=FETCH)
    assert second.exit_code is ExitCode.DONE
    assert check_invariants(bench.out, witness, concurrency=CONCURRENCY).stored == 4


@dataclass
class Line:
    """The way to the site, which can be cut and mended; its port stays."""

    port: int = 0
    target: int = 0
    is_cut: bool = False
    ends: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        self.is_cut = True
        for writer in self.ends:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.ends.add(writer)
        try:
            if not self.is_cut:
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
                self.ends.add(far_writer)
                await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        except OSError:
            pass  # cut, or left by one end
        finally:
            writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while block := await reader.read(1 << 16):
        writer.write(block)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def _line_to(bench: Bench) -> AsyncIterator[Line]:
    line = Line(target=int(bench.site.player_host.rpartition(":")[2]))
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    async with server:
        line.port = server.sockets[0].getsockname()[1]
        bench.site.player_host = f"127.0.0.1:{line.port}"
        try:
            yield line
        finally:
            line.cut()


async def test_a_line_cut_in_mid_run_stops_it_and_the_next_run_has_the_rest(bench: Bench) -> None:
    rows = bench.write_list(ytids(26))
    witness = Witness.of(bench, rows)
    async with _line_to(bench) as line:
        running = asyncio.create_task(bench.run(rows, fetch=FETCH, retry=ONCE))
        await until(lambda: bench.fetched() >= 3)
        line.cut()
        first = await running
        assert first.exit_code is ExitCode.ENVIRONMENT
        assert first.counts.failed_total == 0
        assert 0 < first.counts.stored < 26
        line.is_cut = False
        second = await bench.run(rows, fetch=FETCH, retry=ONCE)
    assert (second.exit_code, second.counts.stored) == (ExitCode.DONE, 26)
    check_invariants(bench.out, witness, concurrency=CONCURRENCY)
