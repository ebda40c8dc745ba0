"""The status of a data set, for scripts and for people."""

from __future__ import annotations

import io
from dataclasses import replace

import orjson
from rich.console import Console

from asyncdl.core.kinds import FailureKind
from asyncdl.core.ledger import Counts
from asyncdl.ui.status_view import status_object, status_view

HALF_WAY = Counts(
    segments=22_160,
    stored=11_000,
    open=9_815,
    failed={FailureKind.REMOVED: 1_300, FailureKind.NETWORK: 45, FailureKind.LIVE: 0},
    failed_total=1_345,
    retryable=45,
    rejected_rows=0,
    repeated_rows=12,
    stored_bytes=31_234_000_000,
    attempts=12_400,
)


def told(counts: Counts) -> str:
    out = io.StringIO()
    Console(file=out, width=80, color_system=None).print(status_view(counts))
    return out.getvalue()


def test_scripts_get_exactly_the_promised_object() -> None:
    assert orjson.loads(orjson.dumps(status_object(HALF_WAY))) == {
        "segments": 22_160,
        "stored": 11_000,
        "open": 9_815,
        "failed": {"removed": 1_300, "network": 45},
        "failed_total": 1_345,
        "rejected_rows": 0,
        "repeated_rows": 12,
        "bytes": 31_234_000_000,
        "identities": [],
    }


def test_people_get_a_table_the_reasons_and_the_next_command() -> None:
    assert told(HALF_WAY) == (
        "  segments  22,160           selected so far\n"
        "  stored    11,000   49.6 %  31.2 GB\n"
        "  failed     1,345    6.0 %\n"
        "  open       9,815   44.2 %\n"
        "\n"
        "Gone: 1,300  asking again is of no use\n"
        "  1,300  removed             the video was removed\n"
        "\n"
        "Can be tried again: 45\n"
        "  45  network             connection failed or broke\n"
        "\n"
        "Rows of the lists\n"
        "  12 repeated  name the segment of another row; stored once\n"
        "\n"
        "Next\n"
        "  asyncdl run           with the same lists goes on with 9,815 segments still \n"
        "open\n"
        "  asyncdl retry-failed  tries 45 segments again\n"
    )


def test_an_empty_data_set_has_no_shares() -> None:
    empty = replace(HALF_WAY, segments=0, stored=0, open=0, failed={}, failed_total=0, stored_bytes=0)
    assert "%" not in told(empty)
