"""``asyncdl status``: what is stored, what is missing, and why."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from asyncdl.cli import options


def status(
    out: options.Folder = None,
    rejected: Annotated[
        bool, typer.Option("--rejected", help="List the rows that are no segments, with the reasons.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Say what a data set holds and what is missing, and why; also while a run is at work."""
    from asyncdl.runtime.dataset import find_root, journal_of  # noqa: PLC0415 - --help does not need it

    root = find_root(out, Path())
    if rejected:
        _print_rejected(journal_of(root), as_json=as_json)
    else:
        _print_status(root, as_json=as_json)


def _print_status(root: Path, *, as_json: bool) -> None:
    from asyncdl.cli.hints import commands_for  # noqa: PLC0415 - on use
    from asyncdl.cli.printing import print_json, print_text  # noqa: PLC0415 - on use
    from asyncdl.core.pace_policy import PacePolicy  # noqa: PLC0415 - on use
    from asyncdl.core.pace_view import views_of  # noqa: PLC0415 - on use
    from asyncdl.runtime.dataset import journal_of  # noqa: PLC0415 - on use
    from asyncdl.runtime.replay import replay  # noqa: PLC0415 - on use
    from asyncdl.ui.status_view import status_object, status_view  # noqa: PLC0415 - on use

    replayed = replay(journal_of(root))
    counts = replayed.ledger.counts()
    identities = views_of(replayed.ledger.paces, PacePolicy(), time.time())
    if as_json:
        print_json([status_object(counts, identities)])
    else:
        unknown = [f"unknown message: {text}" for text in replayed.ledger.unknown_texts]
        print_text(status_view(counts, commands_for(root), identities), *unknown)
    replayed.require_whole()


def _print_rejected(journal: Path, *, as_json: bool) -> None:
    from asyncdl.cli.printing import print_json, print_text  # noqa: PLC0415 - on use
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
        print_text(*(f"{row['list']} line {row['line']}: {row['reason']}: {row['text']}" for row in rows))
