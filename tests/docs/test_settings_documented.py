"""The page of settings is the one that the program's own table makes."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parent.parent.parent / "docs"


def test_the_page_of_settings_is_current() -> None:
    program = DOCS / "make_settings_table.py"
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == runpy.run_path(str(program))["page"](), (
        program
    )
