"""``asyncdl status``: what is stored, what is missing, and why."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asyncdl.cli import options

if TYPE_CHECKING:
    from rich.console import RenderableType

    from asyncdl.core.progress import IdentityView
    from asyncdl.runtime.standing import Standing

_LONGEST_LINE = 1000


def status(
    out: options.Folder = None,
    rejected: Annotated[
        bool, typer.Option("--rejected", help="List the rows that are no segments, with the reasons.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Say what a data set holds and what is missing, and why; also while a run is at work."""
    from asyncdl.runtime.finding import find_root, journal_of  # noqa: PLC0415 - --help does not need it

    root = find_root(out, Path())
    if rejected:
        _print_rejected(journal_of(root), as_json=as_json)
    else:
        _print_status(root, as_json=as_json)


def _print_status(root: Path, *, as_json: bool) -> None:
    from asyncdl.cli.printing import print_json, print_text  # noqa: PLC0415 - on use
    from asyncdl.runtime.finding import journal_of  # noqa: PLC0415 - on use
    from asyncdl.runtime.standing import standing_of  # noqa: PLC0415 - on use
    from asyncdl.ui.status_object import status_object  # noqa: PLC0415 - on use

    standing = standing_of(journal_of(root))
    identities = _identities(standing)
    if as_json:
        print_json([status_object(standing.counts, identities)])
    else:
        print_text(*_lines(root, standing, identities))
    if standing.fault is not None:
        raise standing.fault


def _identities(standing: Standing) -> tuple[IdentityView, ...]:
    if not standing.facts.paces:
        return ()
    from asyncdl.core.pace_policy import PacePolicy  # noqa: PLC0415 - on use
    from asyncdl.core.pace_view import views_of  # noqa: PLC0415 - on use

    return views_of(standing.facts.paces, PacePolicy(), time.time())


def _lines(root: Path, standing: Standing, identities: tuple[IdentityView, ...]) -> list[RenderableType]:
    from asyncdl.cli.hints import commands_for  # noqa: PLC0415 - on use
    from asyncdl.core.printable import printable  # noqa: PLC0415 - on use
    from asyncdl.ui.status_view import status_view  # noqa: PLC0415 - on use

    unknown = [f"unknown message: {printable(text)}" for text in standing.facts.unknown_texts]
    return [status_view(standing.counts, commands_for(root), identities), *unknown]


def _print_rejected(journal: Path, *, as_json: bool) -> None:
    from asyncdl.cli.printing import print_json, print_text  # noqa: PLC0415 - on use
    from asyncdl.core.printable import printable  # noqa: PLC0415 - on use
    from asyncdl.runtime.outcomes import iterate_rejected  # noqa: PLC0415 - on use
    from asyncdl.runtime.replay import replay  # noqa: PLC0415 - on use

    names = {source.index: source.name for source in replay(journal).ledger.sources}
    rows = (
        {"list": names.get(row.ref.source, ""), "line": row.ref.line, "reason": row.reason, "text": row.text}
        for row in iterate_rejected(journal)
    )
    if as_json:
        print_json(rows)
    else:
        print_text(
            *(
                printable(f"{row['list']} line {row['line']}: {row['reason']}: {row['text']}", _LONGEST_LINE)
                for row in rows
            )
        )
