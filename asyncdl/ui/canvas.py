"""Room for lines of exact width, and what sections of the dashboard share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from asyncdl.ui.symbols import Symbols

STORED = "green"
FAILED = "red"
ACCENT = "cyan"
NOTE = "yellow"
ROOMY = 60


@dataclass(frozen=True, slots=True)
class Canvas:
    """``width`` in cells, and the signs that the terminal can show."""

    width: int
    symbols: Symbols

    @property
    def is_roomy(self) -> bool:
        """Whether the less important columns fit."""
        return self.width >= ROOMY

    def fit(self, text: str, cells: int) -> str:
        """Exactly ``cells`` wide: padded, or cut with a sign of it."""
        if cell_len(text) <= cells:
            return text + " " * (cells - cell_len(text))
        return set_cell_size(text, cells - 1) + self.symbols.ellipsis if cells > 0 else ""

    def joined(self, parts: Sequence[Text]) -> Text:
        """As many parts as fit whole, from the left."""
        line = parts[0].copy()
        for part in parts[1:]:
            if cell_len(line.plain) + 3 + cell_len(part.plain) > self.width:
                break
            line = Text.assemble(line, (f" {self.symbols.dot} ", "dim"), part)
        return line


def heading(name: str, beside: str, *, is_tall: bool) -> list[Text]:
    """Make a section's first line, with a blank one above it where there is room."""
    line = Text.assemble((name, "bold"), "  ", (beside, "dim"))
    return [Text(), line] if is_tall else [line]
