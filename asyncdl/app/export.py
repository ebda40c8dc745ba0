"""``asyncdl export``: turns a data set into what training code loads."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

from asyncdl.app.export_opening import ExportSettings, choose, clips_of, open_export
from asyncdl.app.export_target import held
from asyncdl.app.export_worker import job_of
from asyncdl.app.export_workers import Hearing, make_shards
from asyncdl.app.opening import Surroundings, start_guardian
from asyncdl.app.stoppable import StoppableTask
from asyncdl.core.export import LeftOut
from asyncdl.errors import AsyncdlError, ExitCode, UsageError
from asyncdl.exporting.card import NAME as CARD
from asyncdl.exporting.card import card, write_card
from asyncdl.exporting.completing import complete
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.left_out import write_left_out
from asyncdl.exporting.report import ExportPlan, ExportReport
from asyncdl.exporting.steps import Agenda, Export, plan, prepare, receipt_of
from asyncdl.exporting.survey import Survey
from asyncdl.runtime import guardian
from asyncdl.ui.export_screen import ExportScreen
from asyncdl.ui.wording import size_text

_TELL_S = 0.2


def plan_export(settings: ExportSettings) -> ExportPlan:
    """Say what would be written, and write nothing but a temporary table."""
    exporter, place = choose(settings)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        export, _ = open_export(settings, exporter, place, Path(folder))
        stack.enter_context(export.table)
        planned = plan(export)
        shards = Counter(shard.split for shard in planned)
        most_bytes = int(exporter.clip_bytes(export.table, settings.terms).sum())
        clips = clips_of(export, planned)
        return ExportPlan(exporter.name, place.target, clips, shards, most_bytes, _free_bytes(place.target))


async def export(settings: ExportSettings, surroundings: Surroundings) -> ExportReport:
    """Carry out ``asyncdl export``. Raises ``AsyncdlError`` for what stops it before it begins."""
    exporter, place = choose(settings)
    screen = ExportScreen(surroundings.screen)
    async with AsyncExitStack() as stack:
        task = StoppableTask(screen.message)
        with task.stopping.installed():
            screen.note("reading the journal")
            folder = stack.enter_context(held(place, exporter))
            export, survey = await asyncio.to_thread(open_export, settings, exporter, place, folder)
            stack.enter_context(export.table)
            run_id = guardian.new_run_id()
            if exporter.shards is not None:
                await start_guardian(run_id, stack)
            work = _Work(settings, export, survey, screen, task, run_id)
            await work.carry_out()
            return await work.end()


class _Work:
    """The objects of one export."""

    def __init__(
        self,
        settings: ExportSettings,
        export: Export,
        survey: Survey,
        screen: ExportScreen,
        task: StoppableTask,
        run_id: str,
    ) -> None:
        self._settings, self._export, self._survey = settings, export, survey
        self._screen, self._task, self._run_id = screen, task, run_id
        self._agenda = Agenda()
        self._finish: Finish | None = None
        self._card = ""
        self._fault: AsyncdlError | None = None

    async def carry_out(self) -> None:
        """Make what is missing until the end, a fault or a signal; a mistake or a bug is raised."""
        telling = asyncio.create_task(self._tell())
        try:
            await self._task.run(self._make())
        except UsageError:  # nothing was begun
            await self._screen.close(self._task.elapsed_s)
            raise
        except AsyncdlError as fault:
            self._fault = fault
        finally:
            telling.cancel()
            await asyncio.wait([telling])

    async def end(self) -> ExportReport:
        """Show the last state, and say how it went."""
        await self._screen.close(self._task.elapsed_s)
        left_out = self._finish.left_out if self._finish else {}
        clips = Counter(clips_of(self._export, self._agenda.shards))
        clips.subtract(Counter(one.split for one in left_out.values()))
        passed_over = self._finish.passed_over if self._finish else {}
        for (split, _), count in passed_over.items():
            clips[split] -= count
        return ExportReport(
            format=self._export.exporter.name,
            root=self._settings.out,
            target=self._export.place.target,
            clips=clips,
            shards=len(self._agenda.shards),
            kept=len(self._agenda.shards) - len(self._agenda.todo),
            left_out=left_out,
            passed_over=passed_over,
            cut=self._finish.cut if self._finish else {},
            size_bytes=await asyncio.to_thread(self._size_bytes),
            card=self._card,
            elapsed_s=self._task.elapsed_s,
            is_complete=self._finish is not None,
            fault=self._fault,
            exit_code=self._exit_code(left_out),
        )

    async def _make(self) -> None:
        export = self._export
        self._screen.note("looking for what is there already")
        self._agenda = await asyncio.to_thread(prepare, export)
        total = self._agenda.todo_clips if self._agenda.shards else len(export.table)
        self._screen.begin(total, self._task.elapsed_s)
        if self._agenda.todo:
            self._warn_of_room()
            await self._make_shards()
        if not self._task.is_draining:
            await asyncio.to_thread(self._complete)

    async def _make_shards(self) -> None:
        job = self._export.table.folder / "job.json"
        job.write_bytes(job_of(self._export, self._agenda, self._settings.ffmpeg))
        jobs = min(self._settings.jobs, len(self._agenda.todo))
        hearing = Hearing(self._on_clips, self._on_shard, lambda: self._task.is_draining)
        await make_shards(job, iter(self._agenda.todo), jobs, self._run_id, hearing)

    def _complete(self) -> None:
        export = self._export
        on_clip = (lambda: None) if self._agenda.shards else (lambda: self._on_clips(1))
        finish = complete(export, self._agenda, on_clip)
        target = export.place.target
        write_left_out(target, finish.left_out)
        if not export.terms.source:
            clips = (finish.left_out, finish.passed_over, finish.cut)
            told = card(export.exporter, self._survey, export.ledger, export.spec, *clips)
            self._card = write_card(target, told)
            if export.exporter.front_matter is not None and self._card != CARD:
                self._screen.message(
                    f"{target / CARD} is not asyncdl's and was left alone: its configurations stand in"
                    f" {self._card}"
                )
        self._finish = finish

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(_TELL_S)
            self._screen.show(self._task.elapsed_s)

    def _on_clips(self, clips: int) -> None:
        self._screen.clips = min(self._screen.clips + clips, self._screen.total)  # lists may pass over twice

    def _on_shard(self, left_out: int) -> None:
        self._screen.left_out += left_out

    def _warn_of_room(self) -> None:
        export, agenda = self._export, self._agenda
        sizes = export.exporter.clip_bytes(export.table, export.terms)
        shards = [agenda.shards[number] for number in agenda.todo]
        needed = sum(int(sizes[shard.first : shard.first + shard.count].sum()) for shard in shards)
        free = _free_bytes(export.place.target)
        if needed > free:
            self._screen.message(
                f"this may take up to {size_text(needed)}, and {size_text(free)} are free at"
                f" {export.place.target}; --split and --to help, and a full disk loses nothing"
            )

    def _size_bytes(self) -> int:
        names = {shard.name for shard in self._agenda.shards}
        names |= {receipt_of(shard.file) for shard in self._agenda.shards}
        size = sum(size for _, size in self._export.receipts.files_of(names))
        target, written = self._export.place.target, self._finish.written if self._finish else ()
        return size + sum((target / name).stat().st_size for name in written if (target / name).exists())

    def _exit_code(self, left_out: Mapping[str, LeftOut]) -> ExitCode:
        if self._task.stopping.exit_code is not None and self._finish is None:
            return self._task.stopping.exit_code
        if self._fault is not None:
            return self._fault.exit_code
        return ExitCode.RETRYABLE_LEFT if left_out else ExitCode.DONE


def _free_bytes(target: Path) -> int:
    """Ask the nearest folder that there is."""
    there = next(folder for folder in (target, *target.parents) if folder.exists())
    return shutil.disk_usage(there).free
