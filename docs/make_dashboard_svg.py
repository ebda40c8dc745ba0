# ruff: noqa: INP001 - a program run by hand, not a package
"""Draw the dashboard's picture of the README from a snapshot.

    python docs/make_dashboard_svg.py SNAPSHOT.json [docs/dashboard.svg]

SNAPSHOT.json holds one ``asyncdl.core.progress.Snapshot`` as an object with the same names.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import orjson
from rich.console import Console

from asyncdl.ui.screen import screen
from asyncdl.ui.wire import snapshot_from

WIDTH, HEIGHT = 100, 30
TITLE = "asyncdl"


def dashboard_svg(values: dict[str, object]) -> str:
    """Render at 100 x 30 cells; fonts come from the reader's machine, the file asks for nothing."""
    console = Console(
        record=True,
        width=WIDTH,
        height=HEIGHT,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
    )
    console.print(screen(snapshot_from(values), width=WIDTH, height=HEIGHT))
    svg = console.export_svg(title=TITLE, unique_id="dashboard")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


def main() -> None:
    """Read, draw, write."""
    source = Path(sys.argv[1])
    target = Path(sys.argv[2] if len(sys.argv) > 2 else Path(__file__).with_name("dashboard.svg"))
    target.write_text(dashboard_svg(orjson.loads(source.read_bytes())), encoding="utf-8")


if __name__ == "__main__":
    main()
