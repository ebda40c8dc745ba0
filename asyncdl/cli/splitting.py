"""``asyncdl select --eval-rate``: writes three lists instead of one, and says how many clips each holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncdl.app.splitting import Splits
    from asyncdl.core.selection import SelectionSettings
    from asyncdl.core.stratify import SplitSettings
    from asyncdl.core.table_columns import TableColumns
    from asyncdl.ui.download import DownloadBar

_STDOUT = "-"
_SEED_BITS = 63


@dataclass(frozen=True, slots=True)
class SplitRequest:
    """What is asked for; ``target`` is the name that the three are made of."""

    sources: tuple[str, ...]
    target: Path
    settings: SplitSettings
    quiet: bool
    as_json: bool


def split_mistakes(eval_rate: float, seed: int | None, out: str) -> list[str]:
    """Tell what cannot be meant."""
    mistakes = []
    if not 0 < eval_rate < 1:
        mistakes.append(f"--eval-rate: {eval_rate:g} is no share between 0 and 1.")
    if seed is not None and not 0 <= seed < 1 << _SEED_BITS:
        mistakes.append(f"--seed: {seed} is no number from 0 up.")
    if out == _STDOUT:
        mistakes.append("--eval-rate and -o - contradict each other: three lists need three files.")
    return mistakes


def write_splits(
    request: SplitRequest,
    selection: SelectionSettings,
    limit: int | None,
    cache: Path,
    tell: Callable[[str], None],
    bar: DownloadBar | None,
    columns: TableColumns,
) -> None:
    """Write the three lists. Raises what ``app.splitting.split_lists`` and the disk raise."""
    from asyncdl.app.select import gzipped, refuse_overwriting  # noqa: PLC0415 - on use
    from asyncdl.app.splitting import part_path, split_lists  # noqa: PLC0415 - on use
    from asyncdl.core.stratify import Part  # noqa: PLC0415 - loads numpy
    from asyncdl.runtime.files import replace_file  # noqa: PLC0415 - on use

    for part in Part:
        refuse_overwriting(part_path(request.target, part), request.sources)
    with split_lists(
        request.sources, selection, limit, request.settings, cache, tell, bar, columns
    ) as splits:
        for one in splits.lists:
            path = part_path(request.target, one.part)
            is_packed = path.suffix.lower() == ".gz"
            replace_file(path, gzipped(one.content()) if is_packed else one.content())
    _report(request, splits)


def _report(request: SplitRequest, splits: Splits) -> None:
    from asyncdl.app.splitting import part_path  # noqa: PLC0415 - on use
    from asyncdl.ui.selection_view import selected_object, selected_view  # noqa: PLC0415 - on use

    files = [str(part_path(request.target, one.part)) for one in splits.lists]
    if request.as_json:
        from asyncdl.cli.printing import print_json  # noqa: PLC0415 - on use

        print_json(
            {
                "file": file,
                "part": one.part.word,
                **selected_object(one.clips, splits.of_segments, splits.rejected, ()),
            }
            for file, one in zip(files, splits.lists, strict=True)
        )
    elif not request.quiet:
        from rich.console import Console  # noqa: PLC0415 - on use

        console = Console()
        for number, (file, one) in enumerate(zip(files, splits.lists, strict=True), 1):
            rejected = splits.rejected if number == len(files) else 0  # told once, at the end
            console.print(selected_view(one.clips, splits.of_segments, rejected, file), soft_wrap=True)
