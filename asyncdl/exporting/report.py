"""What an export would do, and how it went, for the command line to tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from asyncdl.core.export import LeftOut
from asyncdl.errors import AsyncdlError, ExitCode
from asyncdl.exporting.finishing import PassedOver


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What an export would write: clips and shards by split, and how much disk it takes at most."""

    format: str
    target: Path
    clips: Mapping[str, int]
    shards: Mapping[str, int]
    most_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True)
class ExportReport:
    """How it went. ``kept`` shards were there already; ``fault`` is what stopped it.

    ``clips`` are those in the export. ``passed_over`` are fit, but of no use to this format.
    ``cut`` are longer than what it holds.
    """

    format: str
    root: Path
    target: Path
    clips: Mapping[str, int]
    shards: int
    kept: int
    left_out: Mapping[str, LeftOut]
    passed_over: Mapping[tuple[str, PassedOver], int]
    cut: Mapping[str, int]
    size_bytes: int
    card: str
    elapsed_s: float
    is_complete: bool
    fault: AsyncdlError | None
    exit_code: ExitCode
