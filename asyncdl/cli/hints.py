"""The commands that are recommended, as this user would type them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from asyncdl.settings import out_option

if TYPE_CHECKING:
    from asyncdl.ui.summary import Commands


def commands_for(out: Path, command: str = "run") -> Commands:
    """Name the folder where it is not the usual one; a demo's set is only to be had from the demo."""
    from asyncdl.ui.summary import Commands  # noqa: PLC0415 - rich is loaded on use

    where = out_option(out)
    again = "retry-failed" if command == "run" else command
    return Commands(
        run=f"asyncdl {command}{where}",
        retry=f"asyncdl {again}{where}",
        status=f"asyncdl status{where}",
        rejected=f"asyncdl status{where} --rejected",
    )
