"""``verify`` in this process, and what it leaves behind."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from asyncdl.app.opening import Surroundings
from asyncdl.app.verify import VerifySettings, verify
from asyncdl.core.soundness import Depth
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.verify_report import Tallies, VerifyReport
from asyncdl.ui.choose import ScreenMode


async def examine(root: Path, **changes: Any) -> tuple[VerifyReport, list[dict[str, str]]]:
    """Verify in this process; the findings and foreign files as they are told to scripts."""
    settings = VerifySettings(root, **{"depth": Depth.CHECKSUM, "jobs": 2, **changes})
    with closing(Tallies()) as tallies:
        report = await verify(settings, Surroundings(ScreenMode.QUIET, tell=lambda _: None), tallies)
        return report, [*tallies.findings, *tallies.foreign]


def tree(root: Path) -> dict[str, bytes | str]:
    """Every name with its content, links and others by their kind."""
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() and not path.is_symlink() else ""
        for path in root.rglob("*")
    }


def run_files(root: Path) -> list[Path]:
    return sorted(journal_of(root).glob("*.jsonl"))
