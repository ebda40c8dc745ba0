"""asyncdl between a folder and the embedded site: in this process, or as the command that users type."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from asyncdl.app.opening import Surroundings
from asyncdl.app.report import RunReport
from asyncdl.app.run import run
from asyncdl.core.retry import RetryPolicy
from asyncdl.demo.site import Site
from asyncdl.fetchers.ytdlp.config import Endpoint
from asyncdl.settings import RunSettings
from asyncdl.ui.choose import ScreenMode

QUICK = RetryPolicy(first_delay_s=0.01, max_delay_s=0.02)


@dataclass
class Ended:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        return json.loads(self.stdout)


@dataclass
class Bench:
    """A folder, a site, and asyncdl between them."""

    folder: Path
    site: Site
    told: list[str] = field(default_factory=list)
    speed: float = 1.0

    @property
    def out(self) -> Path:
        return self.folder / "audioset"

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.site.player_host, str(self.site.ca_file))

    def write_list(self, ytids: Sequence[str], name: str = "eval_segments.csv", start_s: int = 30) -> str:
        """Write rows of ten seconds in the form of AudioSet's lists."""
        head = "# Segments csv created for a test\n# YTID, start_seconds, end_seconds, positive_labels\n"
        rows = "".join(
            f'{ytid}, {start_s}.000, {start_s + 10}.000, "/m/09x0r,/t/dd00088"\n' for ytid in ytids
        )
        (self.folder / name).write_text(head + rows)
        return str(self.folder / name)

    async def run(self, *sources: str, **changes: Any) -> RunReport:
        """Run in this process, with retries that do not wait."""
        settings = RunSettings(out=self.out, sources=sources, retry=QUICK)
        around = Surroundings(
            ScreenMode.QUIET, endpoint=self.endpoint, speed=self.speed, tell=self.told.append
        )
        return await run(replace(settings, **changes), around)

    def argv(self, *arguments: str) -> list[str]:
        """The command line that works against the site."""
        ready = self.folder / "site.json"
        ready.write_text(
            json.dumps({"player_host": self.site.player_host, "ca_file": str(self.site.ca_file)})
        )
        return [sys.executable, "-m", "asyncdl.cli.against", str(ready), *arguments]

    async def start(self, *arguments: str, stderr: int = PIPE, **environ: str) -> Process:
        """Start the command in the folder, as a user would."""
        return await self.start_program(self.argv(*arguments), stderr=stderr, **environ)

    async def start_program(self, argv: Sequence[str], *, stderr: int = PIPE, **environ: str) -> Process:
        """Start a program in the folder, such as a shell around the command."""
        env = {**os.environ, "ASYNCDL_CACHE": str(self.folder / "cache"), **environ}
        return await asyncio.create_subprocess_exec(
            *argv, cwd=self.folder, env=env, stdout=PIPE, stderr=stderr
        )

    async def command(self, *arguments: str) -> Ended:
        """Run the command to its end."""
        return await self.ended(await self.start(*arguments))

    async def script(self, script: str, *arguments: str, wrapper: Sequence[str] = ()) -> Ended:
        """Run a shell script, perhaps by a wrapper, in which ``"$@"`` is the command with ``arguments``."""
        argv = [*wrapper, "sh", "-c", script, "sh", *self.argv(*arguments)]
        return await self.ended(await self.start_program(argv))

    async def ended(self, process: Process) -> Ended:
        """Wait for a program's end."""
        stdout, stderr = await process.communicate()
        return Ended(process.returncode or 0, stdout.decode(), (stderr or b"").decode())

    def fetched(self, ytid: str | None = None) -> int:
        """How many player requests the site has seen, of one video or of all."""
        return sum(
            request.kind == "player" and ytid in {None, request.video_id} for request in self.site.requests
        )


def ytids(count: int) -> list[str]:
    """Valid, distinct ids that mean nothing special to the site."""
    return [f"Video{number:05d}A" for number in range(count)]
