"""``asyncdl demo``: the same job through the same code, against the embedded stand-in for YouTube."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from asyncdl.app.opening import Surroundings
from asyncdl.app.report import RunReport
from asyncdl.app.run import run
from asyncdl.core import layout
from asyncdl.core.events import ClipStored
from asyncdl.demo.listen import NEEDED_S, heard_start_ms, sound_delay_ms
from asyncdl.demo.media import Content, Masters, Recipe, Shape, default_folder
from asyncdl.demo.menu import LONG_S
from asyncdl.demo.scenarios import Scenario
from asyncdl.demo.show import SEED, SHARES, demo_list
from asyncdl.errors import EnvironmentFault
from asyncdl.fetchers.ytdlp.config import Endpoint
from asyncdl.runtime.ffmpeg import find_ffmpeg
from asyncdl.runtime.files import replace_file
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import iterate_outcomes
from asyncdl.runtime.process import end_group, exit_of, shielded, start_child
from asyncdl.runtime.replay import replay
from asyncdl.settings import RunSettings

LIST_NAME = "demo_segments.csv"
# AAC's encoder starts a little late; what the demo's media have of it is measured, not assumed.
_M4A_ITAG = "140"
_READY_S = 600.0
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Heard:
    """What listening to the stored clips brought; errors in milliseconds."""

    clips: int
    largest_error_ms: float
    worst: str


@dataclass(frozen=True, slots=True)
class DemoReport:
    """A run's report, and what was heard."""

    run: RunReport
    heard: Heard


async def demo(settings: RunSettings, surroundings: Surroundings, segments: int) -> DemoReport:
    """Run the demo's list, or the given lists, against the embedded site; then listen to every clip."""
    with tempfile.TemporaryDirectory(prefix="asyncdl-demo-") as folder:
        async with embedded_site(Path(folder), SHARES, surroundings) as endpoint:
            if not settings.sources:
                settings = replace(settings, sources=(str(write_list(settings.out, segments)),))
            report = await run(settings, replace(surroundings, endpoint=endpoint))
    return DemoReport(report, await listen(settings))


def write_list(out: Path, segments: int) -> Path:
    """Write the demo's list into the data set folder, the same rows every time."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / LIST_NAME
    replace_file(path, [demo_list(segments).encode("ascii")])
    return path


@asynccontextmanager
async def embedded_site(
    folder: Path, shares: Mapping[Scenario, float], surroundings: Surroundings
) -> AsyncIterator[Endpoint]:
    """Serve in a process of its own for the length of the block; it also ends when this program does."""
    surroundings.tell("starting the embedded site; its media are made once, which takes some seconds")
    words = {scenario.value: share for scenario, share in shares.items()}
    argv = [sys.executable, "-m", "asyncdl.demo.site", "--folder", str(folder), "--until-eof"]
    argv += ["--seed", str(SEED), "--shares", json.dumps(words)]
    process = await start_child(argv, env=os.environ, stdin=PIPE, stderr=None)
    try:
        yield await _endpoint(folder, process)
    finally:
        await shielded(end_group(process))


async def _endpoint(folder: Path, process: asyncio.subprocess.Process) -> Endpoint:
    """Wait until the site has written where it is."""
    ready = folder / "site.json"
    async with asyncio.timeout(_READY_S):
        while not ready.exists():
            if process.returncode is not None:
                code = await exit_of(process)
                raise EnvironmentFault(f"The embedded site could not be started (exit code {code}).")
            await asyncio.sleep(_POLL_S)
    told = json.loads(ready.read_bytes())
    return Endpoint(told["player_host"], told["ca_file"])


async def listen(settings: RunSettings) -> Heard:
    """Hear where every stored clip starts, by the pitch that encodes time."""
    ffmpeg = await find_ffmpeg(settings.ffmpeg)
    masters = Masters(default_folder(), settings.ffmpeg)
    try:
        delay_ms = await sound_delay_ms(
            await masters.get(Recipe(Content.CHIRP, Shape.M4A, LONG_S)), ffmpeg.path
        )
    finally:
        await masters.close()
    return await asyncio.to_thread(_listen_to_all, settings.out, delay_ms)


def _listen_to_all(root: Path, delay_ms: float) -> Heard:
    ledger = replay(journal_of(root)).ledger
    extension = ledger.spec.extension if ledger.spec else "flac"
    clips, worst_ms, worst = 0, 0.0, ""
    for row, outcome in iterate_outcomes(journal_of(root), ledger):
        segment = row.segment
        if not isinstance(outcome, ClipStored) or segment.span.duration_ms < NEEDED_S * 1000:
            continue
        late_ms = delay_ms if outcome.clip.format_id == _M4A_ITAG else 0.0
        heard_ms = heard_start_ms(root / layout.clip_path(segment, extension), delay_ms=late_ms)
        clips += 1
        if abs(heard_ms - segment.span.start_ms) > abs(worst_ms):
            worst_ms, worst = heard_ms - segment.span.start_ms, segment.key
    return Heard(clips, worst_ms, worst)
