"""``asyncdl select``: writes the selected rows as a list, and downloads nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asyncdl.cli import options, selecting
from asyncdl.cli.selecting import selection_settings
from asyncdl.cli.splitting import SplitRequest, split_mistakes, write_splits
from asyncdl.core.table_columns import BY_HEADER, parse_columns
from asyncdl.errors import UsageError

if TYPE_CHECKING:
    from asyncdl.app.select import Selected
    from asyncdl.ui.download import DownloadBar

_STDOUT = "-"


def select(
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="LIST...", help="Lists of segments: files or known names, as for run."),
    ] = None,
    out: Annotated[
        str,
        typer.Option(
            "--out", "-o", metavar="FILE", help="The list to write (.csv, .csv.gz), or - for stdout."
        ),
    ] = "",
    columns: options.Columns = "",
    label: selecting.Label = None,
    exact: selecting.Exact = False,
    all_of: selecting.AllOf = None,
    none_of: selecting.NoneOf = None,
    per_label: selecting.PerLabel = None,
    sample: selecting.Sample = None,
    seed: selecting.Seed = None,
    min_duration: selecting.MinDuration = None,
    ids: selecting.Ids = None,
    exclude: selecting.Exclude = None,
    limit: selecting.Limit = None,
    eval_rate: Annotated[
        float | None,
        typer.Option(
            "--eval-rate",
            metavar="SHARE",
            help="Write three lists, FILE with .train, .valid and .test in its name: this share of the clips "
            "is held out, half for valid and half for test.",
            show_default=False,
        ),
    ] = None,
    cache: options.Cache = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Write the rows of the LISTs that are wanted, as they are, into a list; download nothing.

    Known names are fetched first.
    """
    selection = selection_settings(
        label=label,
        exact=exact,
        all_of=all_of,
        none_of=none_of,
        per_label=per_label,
        replace=False,
        sample=sample,
        seed=seed if eval_rate is None or sample is not None or per_label is not None else None,
        min_duration=min_duration,
        ids=ids,
        exclude=exclude,
    )
    if not sources:
        raise UsageError("LIST: no list is given.", mend="Give a file or a name, or sources in asyncdl.toml.")
    mistakes = _mistakes(selection.mistakes(limit), out, limit, as_json=as_json)
    if eval_rate is not None:
        mistakes += split_mistakes(eval_rate, seed, out)
    if mistakes:
        raise UsageError("\n".join(dict.fromkeys(mistakes)))
    import os  # noqa: PLC0415 - on use, as all below

    from asyncdl.app.select import gzipped, refuse_overwriting, selected  # noqa: PLC0415 - loads the readers
    from asyncdl.cli.printing import print_bytes  # noqa: PLC0415 - on use
    from asyncdl.inputs.cache import cache_folder  # noqa: PLC0415 - on use
    from asyncdl.runtime.files import replace_file  # noqa: PLC0415 - on use

    target = Path(out)
    tell = _tell if not quiet else (lambda _text: None)
    kept, bar = cache or cache_folder(os.environ), _bar(quiet=quiet)
    form = parse_columns(columns) if columns else BY_HEADER
    if eval_rate is not None:
        from asyncdl.core.stratify import SplitSettings  # noqa: PLC0415 - loads numpy

        split = SplitSettings(eval_rate, seed or 0)
        request = SplitRequest(tuple(sources), target, split, quiet=quiet, as_json=as_json)
        write_splits(request, selection, limit, kept, tell, bar, form)
        return
    refuse_overwriting(target, sources)
    with selected(sources, selection, limit, kept, tell, bar, form) as found:
        if out == _STDOUT:
            print_bytes(found.content())
        else:
            is_packed = target.suffix.lower() == ".gz"
            replace_file(target, gzipped(found.content()) if is_packed else found.content())
        _report(found, out, quiet=quiet, as_json=as_json)


def _bar(*, quiet: bool) -> DownloadBar | None:
    from asyncdl.ui.download import DownloadBar  # noqa: PLC0415 - on use

    return None if quiet else DownloadBar(is_live=sys.stderr is not None and sys.stderr.isatty())


def _tell(text: str) -> None:
    from asyncdl.core.printable import printable_lines  # noqa: PLC0415 - on use

    if sys.stderr is not None:
        sys.stderr.write(f"asyncdl: {printable_lines(text)}\n")


def _mistakes(found: list[str], out: str, limit: int | None, *, as_json: bool) -> list[str]:
    mistakes = list(found)
    if limit is not None and limit < 1:
        mistakes.append(f"--limit: {limit} is no number of segments.")
    if out == _STDOUT and as_json:
        mistakes.append("--json and -o - contradict each other: both write to stdout.")
    if not out.strip():
        mistakes.append("-o: a list needs a name.")
    elif out != _STDOUT and (Path(out).is_dir() or not Path(out).absolute().parent.is_dir()):
        mistakes.append(f"-o: {out} is no file in a folder that is there.")
    return mistakes


def _report(found: Selected, out: str, *, quiet: bool, as_json: bool) -> None:
    from asyncdl.ui.selection_view import selected_object, selected_view  # noqa: PLC0415 - on use

    if as_json:
        from asyncdl.cli.printing import print_json  # noqa: PLC0415 - on use

        print_json(
            [
                {
                    "file": out,
                    **selected_object(found.segments, found.of_segments, found.rejected, found.labels),
                }
            ]
        )
    elif not quiet:
        from rich.console import Console  # noqa: PLC0415 - on use

        view = selected_view(found.segments, found.of_segments, found.rejected, out)
        Console(stderr=out == _STDOUT).print(view, soft_wrap=True)
