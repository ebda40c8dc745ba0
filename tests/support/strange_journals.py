"""Journals as a stranger may have written them: sound ones, one member of which is bent."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from asyncdl.core import layout
from asyncdl.core.encoding import encode
from asyncdl.core.events import (
    AttemptFailed,
    ClipLost,
    ClipStored,
    Event,
    GaveUp,
    PaceLearned,
    RetryRequested,
    RowEvent,
    RowRejected,
    RowRepeated,
    RowSelected,
    RunEnded,
    RunStarted,
    Source,
    SourceAdded,
)
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Clip, ClipSpec, Failure, RejectedRow, Row, RowRef, Segment, Span
from asyncdl.core.pace_json import to_json
from asyncdl.core.pace_policy import PacePolicy
from asyncdl.core.pace_view import views_of
from asyncdl.core.pacing import Pace
from asyncdl.core.records import Fields, pack, seal
from asyncdl.errors import JournalFault, UsageError
from asyncdl.exporters import nemo
from asyncdl.runtime.examining import examine
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import iterate_outcomes, iterate_rejected
from asyncdl.runtime.replay import replay
from asyncdl.runtime.standing import standing_of
from asyncdl.settings import ClipWish, RunSettings

MB = 1 << 20
EVENTS, ROWS = "000001-ab.jsonl", "000001-ab.rows.jsonl"
SEGMENT = Segment("Video00001A", Span(0, 10_000), "eval", ("/m/09x0r",), (("note", "x"),))
KEY, REF = SEGMENT.key, RowRef(0, 1)
KEPT = layout.source_path(SEGMENT, "m4a")
CLIP = Clip(100, "ab" * 32, 480_000, 48_000, 2, 0, False, "251", 48_000, False, "t", "a title", (KEPT,))
OPTIONS = RunSettings().to_options()


def sound() -> dict[str, Fields]:
    """One record of each kind, as this version writes them."""
    failure = Failure(FailureKind.NETWORK, "reset", "text", 1.0)
    events: dict[str, Event | RowEvent] = {
        "start": RunStarted("id", 0, ClipSpec(), OPTIONS, "run", {"asyncdl": "0"}),
        "source": SourceAdded(Source(0, "eval.csv", "eval", "5a" * 32, 100)),
        "row": RowSelected(Row(REF, SEGMENT)),
        "repeated": RowRepeated(RowRef(0, 2), KEY),
        "rejected": RowRejected(RejectedRow(RowRef(0, 3), "a reason", "a text")),
        "failed": AttemptFailed(KEY, REF, 0, 1, 0, failure),
        "gave_up": GaveUp(KEY, REF, 0, 2, 0, failure),
        "retry": RetryRequested(KEY, 1, 0),
        "lost": ClipLost(KEY, 0, 0, "why"),
        "stored": ClipStored(KEY, REF, 1, 1, 0, CLIP),
        "pace": PaceLearned("direct", 0, to_json(Pace())),
        "end": RunEnded(0, "finished"),
    }
    return {name: encode(event) for name, event in events.items()}


def lines(records: Iterator[Fields] | list[Fields]) -> bytes:
    return b"".join(seal(pack(fields), q, q - 1) for q, fields in enumerate(records, 1))


def plant(root: Path, records: dict[str, Fields]) -> Path:
    """Write a whole journal of these records; answer its folder."""
    folder = journal_of(root)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / EVENTS).write_bytes(lines(list(records.values())))
    return folder


def with_member(kind: str, path: tuple[Any, ...], value: object) -> dict[str, Fields]:
    """Sound records but for one member of one of them."""
    records = deepcopy(sound())
    place: Any = records[kind]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return records


def consume(root: Path) -> None:
    """All that reads a journal, but for the commands around it. Raises ``AsyncdlError``."""
    folder = journal_of(root)
    standing_of(folder)
    examine(folder)
    ledger = replay(folder).ledger
    views_of(ledger.paces, PacePolicy(), 1e9)
    list(iterate_rejected(folder))
    for row, _ in iterate_outcomes(folder, ledger):
        path = os.path.normpath(root / layout.clip_path(row.segment, "flac"))
        assert path.startswith(f"{root}/clips/"), path
    nemo.write(root, ledger, ledger.spec or ClipSpec())
    ClipWish().settle(ledger.spec)
    RunSettings(out=root).with_options(ledger.options).checked()


def is_refused(root: Path) -> bool:
    try:
        consume(root)
    except (JournalFault, UsageError):
        return True
    return False


@contextmanager
def little_memory(most_mb: int = 16) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < most_mb * MB, f"{peak / MB:.0f} MB"


PATHS = [
    "../../x_0_1",
    "/etc/passwd_0_1",
    "../../../xxx_0_1",
    "Video0001/A_0_1",
    "Video00001\x00_0_1",
    "a_0_1",
]

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1).filter(lambda number: not 2**20 < number < 2**26)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([*PATHS, "\x1b[2J", "row", "stored", KEY])
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abkrsi", max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


def bend(draw: st.DataObject, place: Any) -> None:
    """Replace any member, at any depth, by any JSON value."""
    while True:
        step = draw.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[step], dict | list | tuple) or not place[step] or draw.draw(st.booleans()):
            break
        if isinstance(place[step], tuple):
            place[step] = list(place[step])
        place = place[step]
    place[step] = draw.draw(JSON)
