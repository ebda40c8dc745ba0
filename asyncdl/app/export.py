"""``asyncdl export``: turns a data set into what training code loads."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path

from asyncdl.app.export_target import held, place_of
from asyncdl.app.export_worker import job_of
from asyncdl.app.export_workers import Hearing, make_shards
from asyncdl.app.opening import Surroundings, start_guardian
from asyncdl.app.stoppable import StoppableTask
from asyncdl.core.export import LeftOut
from asyncdl.core.model import ClipSpec
from asyncdl.errors import AsyncdlError, ExitCode, UsageError
from asyncdl.exporters import load_exporter, require_modules
from asyncdl.exporting.card import card, write_card
from asyncdl.exporting.contract import Exporter, Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.left_out import write_left_out
from asyncdl.exporting.report import ExportPlan, ExportReport
from asyncdl.exporting.steps import Agenda, Export, complete, plan, prepare
from asyncdl.exporting.survey import Survey, survey_of
from asyncdl.exporting.work import Place
from asyncdl.runtime import guardian
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import iterate_outcomes
from asyncdl.runtime.replay import replay
from asyncdl.runtime.replayed import Replayed
from asyncdl.settings import out_option
from asyncdl.ui.export_screen import ExportScreen

_TELL_S = 0.2


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What to export: the data set ``out``, as ``format``, into ``to`` (None: the usual folder)."""

    out: Path
    format: str
    terms: Terms
    to: Path | None = None
    jobs: int = 1
    ffmpeg: str | None = None


def plan_export(settings: ExportSettings) -> ExportPlan:
    """Say what would be written, and write nothing but a temporary table."""
    exporter = _exporter(settings)
    place = place_of(settings.out, settings.to, exporter, settings.terms.like)
    replayed = _replayed(settings.out)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        export, survey = _surveyed(settings, exporter, place, replayed, Path(folder))
        stack.enter_context(export.table)
        shards = Counter(shard.split for shard in plan(export))
        most_bytes = sum(exporter.clip_bytes(export.table, settings.terms))
        clips = {name: tally.stored for name, tally in survey.splits.items()}
        return ExportPlan(exporter.name, place.target, clips, shards, most_bytes, _free_bytes(place.target))


async def export(settings: ExportSettings, surroundings: Surroundings) -> ExportReport:
    """Carry out ``asyncdl export``. Raises ``AsyncdlError`` for what stops it before it begins."""
    exporter = _exporter(settings)
    place = place_of(settings.out, settings.to, exporter, settings.terms.like)
    screen = ExportScreen(surroundings.screen)
    async with AsyncExitStack() as stack:
        task = StoppableTask(screen.message)
        with task.stopping.installed():
            screen.note("reading the journal")
            replayed = await asyncio.to_thread(_replayed, settings.out)
            folder = stack.enter_context(held(place, exporter))
            export, survey = await asyncio.to_thread(_surveyed, settings, exporter, place, replayed, folder)
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
        """Make what is missing until the end, a fault or a signal; a bug is raised."""
        telling = asyncio.create_task(self._tell())
        try:
            await self._task.run(self._make())
        except AsyncdlError as fault:
            self._fault = fault
        finally:
            telling.cancel()
            await asyncio.wait([telling])

    async def end(self) -> ExportReport:
        """Show the last state, and say how it went."""
        await self._screen.close(self._task.elapsed_s)
        left_out = self._finish.left_out if self._finish else {}
        clips = Counter({name: tally.stored for name, tally in self._survey.splits.items()})
        clips.subtract(Counter(one.split for one in left_out.values()))
        return ExportReport(
            format=self._export.exporter.name,
            root=self._settings.out,
            target=self._export.place.target,
            clips=clips,
            shards=len(self._agenda.shards),
            kept=len(self._agenda.shards) - len(self._agenda.todo),
            left_out=left_out,
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
        has_shards = export.exporter.shards is not None
        self._screen.begin(self._agenda.todo_clips if has_shards else len(export.table), self._task.elapsed_s)
        if self._agenda.todo:
            self._warn_of_room()
            await self._make_shards()
        if not self._task.is_draining:
            await asyncio.to_thread(self._complete)

    async def _make_shards(self) -> None:
        job = self._export.place.state / "work" / "job.json"
        job.write_bytes(job_of(self._export, self._agenda, self._settings.ffmpeg))
        jobs = min(self._settings.jobs, len(self._agenda.todo))
        hearing = Hearing(self._on_clips, self._on_shard, lambda: self._task.is_draining)
        await make_shards(job, iter(self._agenda.todo), jobs, self._run_id, hearing)

    def _complete(self) -> None:
        export = self._export
        on_clip = (lambda: None) if export.exporter.shards else (lambda: self._on_clips(1))
        finish = complete(export, self._agenda, on_clip)
        target = export.place.target
        write_left_out(target, finish.left_out)
        told = card(export.exporter, self._survey, export.ledger, export.spec, finish.left_out)
        self._card = write_card(target, told)
        self._finish = finish

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(_TELL_S)
            self._screen.show(self._task.elapsed_s)

    def _on_clips(self, clips: int) -> None:
        self._screen.clips += clips

    def _on_shard(self, left_out: int) -> None:
        self._screen.left_out += left_out

    def _warn_of_room(self) -> None:
        export, agenda = self._export, self._agenda
        sizes = export.exporter.clip_bytes(export.table, export.terms)
        shards = [agenda.shards[number] for number in agenda.todo]
        needed = sum(sum(sizes[shard.first : shard.first + shard.count]) for shard in shards)
        free = _free_bytes(export.place.target)
        if needed > free:
            self._screen.message(
                f"this may take up to {needed / 1e9:,.1f} GB, and {free / 1e9:,.1f} GB are free at"
                f" {export.place.target}; --split and --to help, and a full disk loses nothing"
            )

    def _size_bytes(self) -> int:
        receipts = self._export.receipts
        names = {shard.name for shard in self._agenda.shards}
        names |= {f"file {shard.file}" for shard in self._agenda.shards}
        found = [receipts.read(name) for name in names]
        return sum(size for one in found if one is not None for _, size in one.files)

    def _exit_code(self, left_out: Mapping[str, LeftOut]) -> ExitCode:
        if self._task.stopping.exit_code is not None and self._finish is None:
            return self._task.stopping.exit_code
        if self._fault is not None:
            return self._fault.exit_code
        return ExitCode.RETRYABLE_LEFT if left_out else ExitCode.DONE


def _exporter(settings: ExportSettings) -> Exporter:
    exporter = load_exporter(settings.format)
    require_modules(exporter)
    return exporter


def _replayed(out: Path) -> Replayed:
    replayed = replay(journal_of(out))
    replayed.require_whole()
    if not replayed.ledger.counts().stored:
        raise UsageError(
            "There is no clip to export yet.", mend=f"asyncdl run LIST{out_option(out)} fetches some."
        )
    return replayed


def _surveyed(
    settings: ExportSettings, exporter: Exporter, place: Place, replayed: Replayed, folder: Path
) -> tuple[Export, Survey]:
    ledger, terms = replayed.ledger, settings.terms
    spec = ledger.spec or ClipSpec()
    seed = exporter.seed if terms.seed is None else terms.seed
    outcomes = iterate_outcomes(journal_of(settings.out), ledger)
    table, survey = survey_of(outcomes, folder, spec, splits=terms.splits, seed=seed)
    unknown = [name for name in terms.splits if name not in survey.splits]
    if unknown:
        table.close()
        raise UsageError(
            f"There is no split {unknown[0]!r} here.", mend=f"Splits: {', '.join(survey.names)}."
        )
    return Export(exporter, place, terms, table, ledger, spec), survey


def _free_bytes(target: Path) -> int:
    """Ask the nearest folder that there is."""
    there = next(folder for folder in (target, *target.parents) if folder.exists())
    return shutil.disk_usage(there).free
