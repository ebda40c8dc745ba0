"""Opens what an export is made of: a data set's clips, or the rows of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asyncdl.app.export_target import place_of, refuse_data_sets
from asyncdl.app.mending import refuse_emptied
from asyncdl.core.export import Shard
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import ClipSpec
from asyncdl.errors import UsageError
from asyncdl.exporters import load_exporter, require_modules
from asyncdl.exporting.contract import Exporter, Terms
from asyncdl.exporting.steps import STATE, Export
from asyncdl.exporting.survey import Survey, survey_of
from asyncdl.exporting.work import Place
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import iterate_outcomes
from asyncdl.runtime.replay import replay
from asyncdl.settings import out_option


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What to export: the data set ``out``, as ``format``, into ``to`` (None: the usual folder).

    With ``terms.source`` there need not be a data set, and ``to`` is the folder.
    """

    out: Path
    format: str
    terms: Terms
    to: Path | None = None
    jobs: int = 1
    ffmpeg: str | None = None


def choose(settings: ExportSettings) -> tuple[Exporter, Place]:
    """Load the format and choose the folder; raises ``UsageError`` and ``EnvironmentFault``."""
    exporter = load_exporter(settings.format)
    require_modules(exporter)
    if settings.terms.source and settings.to:
        target = settings.to.resolve()
        refuse_data_sets(target)
        return exporter, Place(target, target, target / STATE)
    return exporter, place_of(settings.out, settings.to, exporter, settings.terms.like)


def open_export(
    settings: ExportSettings, exporter: Exporter, place: Place, folder: Path
) -> tuple[Export, Survey]:
    """Read the journal once; the table goes to ``folder``, and the export keeps it open.

    Raises ``UsageError``, also where there is no clip, ``JournalFault`` for a journal with
    damage, ``EnvironmentFault`` for a disk that is not mounted.
    """
    terms = settings.terms
    if terms.source:
        table, survey = survey_of((), folder, ClipSpec())
        return Export(exporter, place, terms, table, Ledger(), ClipSpec()), survey
    ledger = _ledger_of(settings.out)
    spec = ledger.spec or ClipSpec()
    seed = exporter.seed if terms.seed is None else terms.seed
    outcomes = iterate_outcomes(journal_of(settings.out), ledger)
    table, survey = survey_of(outcomes, folder, spec, splits=terms.splits, seed=seed)
    unknown = [name for name in terms.splits if name not in survey.splits]
    if unknown:
        table.close()
        known = ", ".join(survey.names)
        raise UsageError(f"There is no split {unknown[0]!r} here.", mend=f"Splits: {known}.")
    return Export(exporter, place, terms, table, ledger, spec), survey


def clips_of(export: Export, shards: Sequence[Shard]) -> Mapping[str, int]:
    """Count the clips of each split; those of a file are told by its shards."""
    if not export.terms.source:
        return {stretch.split: stretch.count for stretch in export.table.stretches}
    return {shard.split: sum(one.count for one in shards if one.split == shard.split) for shard in shards}


def _ledger_of(out: Path) -> Ledger:
    replayed = replay(journal_of(out))
    replayed.require_whole()
    if not replayed.ledger.counts().stored:
        raise UsageError(
            "There is no clip to export yet.", mend=f"asyncdl run LIST{out_option(out)} fetches some."
        )
    refuse_emptied(out, replayed, "verify")
    return replayed.ledger
