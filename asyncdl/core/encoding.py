"""Events and rows as members of a record, and back; short names, since there are millions.

    e event   s source   i line   k key   r round   n attempt   t wall clock in ms   p split   l labels
    x further columns   b bytes   h SHA-256   m samples   a sample rate   z channels   fk fc ft fw failure

Members that hold their default are left out. Unknown members and unknown events are ignored (and kept, since
nothing is ever rewritten); an unknown major version is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from dataclasses import fields as fields_of

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
from asyncdl.core.model import (
    AudioFormat,
    Clip,
    ClipSpec,
    Failure,
    Quality,
    RejectedRow,
    Row,
    RowRef,
    Segment,
    Span,
)
from asyncdl.core.records import Fields
from asyncdl.errors import JournalFault

MAJOR = 1
SELECTED = "row"
REJECTED = "rejected"
STORED = "stored"
_MAX_TEXT = 1 << 16


def encode(event: Event | RowEvent) -> Fields:
    """Members of a record; ``e`` first."""
    match event:
        case RowSelected() | RowRepeated() | RowRejected():
            return _encode_row(event)
        case ClipStored():
            return _encode_stored(event)
        case AttemptFailed():
            return _encode_failed("failed", event)
        case GaveUp():
            return _encode_failed("gave_up", event) | ({"fin": 1} if event.is_final else {})
        case RetryRequested() | ClipLost():
            return _encode_turn(event)
        case SourceAdded() | RunStarted() | PaceLearned() | RunEnded():
            return _encode_run(event)


def decode(fields: Fields) -> Event | RowEvent | None:
    """Return the event, None for one that this version does not know.

    Raises ``JournalFault`` for another major version and for a known event without its members.
    """
    read = _READERS.get(fields.get("e", ""))
    if read is None:
        return None
    try:
        return read(fields)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise JournalFault(
            f"record {fields.get('q')} ({fields['e']!r}) lacks what this version expects of it: {error}",
            mend="a newer asyncdl may have written it: update asyncdl",
        ) from error


def segment_of(
    key: str, split: str, labels: tuple[str, ...], columns: tuple[tuple[str, str], ...]
) -> Segment:
    """Rebuild a segment from its key ``<ytid>_<start ms>_<end ms>``."""
    ytid, start, end = key.rsplit("_", 2)
    return Segment(ytid, Span(int(start), int(end)), split, labels, columns)


def _place(event: str, ref: RowRef) -> Fields:
    return {"e": event, "s": ref.source, "i": ref.line}


def _encode_row(event: RowEvent) -> Fields:
    match event:
        case RowRepeated(ref, key):
            return _place("repeated", ref) | {"k": key}
        case RowRejected(row):
            return _place(REJECTED, row.ref) | {"why": row.reason, "ft": row.text[-_MAX_TEXT:]}
        case RowSelected(row):
            segment = row.segment
            fields = _place(SELECTED, row.ref) | {"k": segment.key, "p": segment.split}
            optional = {"l": segment.labels, "x": segment.columns}
            return fields | {name: value for name, value in optional.items() if value}


def _read_row(fields: Fields) -> RowSelected:
    labels = tuple(fields.get("l", ()))
    columns = tuple((name, text) for name, text in fields.get("x", ()))
    return RowSelected(Row(_ref(fields), segment_of(fields["k"], fields["p"], labels, columns)))


def _try(event: str, tried: ClipStored | AttemptFailed | GaveUp) -> Fields:
    place = _place(event, tried.ref)
    return place | {"k": tried.key, "r": tried.round, "n": tried.attempt, "t": tried.at_ms}


def _encode_stored(event: ClipStored) -> Fields:
    clip = event.clip
    fields = _try(STORED, event) | {"b": clip.size_bytes, "h": clip.sha256, "m": clip.samples}
    fields |= {"a": clip.sample_rate, "z": clip.channels, "fid": clip.format_id, "tool": clip.tool_version}
    optional = {
        "pad": clip.padded_samples,
        "mute": clip.is_silent,
        "src": clip.source_rate,
        "whole": clip.whole_file,
        "title": clip.title,
        "kept": clip.source_files,
    }
    return fields | {name: value for name, value in optional.items() if value}


def _read_stored(fields: Fields) -> ClipStored:
    clip = Clip(
        size_bytes=fields["b"],
        sha256=fields["h"],
        samples=fields["m"],
        sample_rate=fields["a"],
        channels=fields["z"],
        padded_samples=fields.get("pad", 0),
        is_silent=fields.get("mute", False),
        format_id=fields.get("fid", ""),
        source_rate=fields.get("src"),
        whole_file=fields.get("whole", False),
        tool_version=fields.get("tool", ""),
        title=fields.get("title"),
        source_files=tuple(fields.get("kept", ())),
    )
    return ClipStored(fields["k"], _ref(fields), fields["r"], fields.get("n", 1), fields.get("t", 0), clip)


def _encode_failed(name: str, event: AttemptFailed | GaveUp) -> Fields:
    failure = event.failure
    fields = _try(name, event) | {"fk": failure.kind.value, "fc": failure.code}
    fields["ft"] = failure.text[-_MAX_TEXT:]
    if failure.retry_after_s is not None:
        fields["fw"] = failure.retry_after_s
    return fields


def _read_failed(fields: Fields) -> AttemptFailed:
    return AttemptFailed(
        fields["k"], _ref(fields), fields["r"], fields.get("n", 1), fields.get("t", 0), _failure(fields)
    )


def _read_gave_up(fields: Fields) -> GaveUp:
    failure, is_final = _failure(fields), bool(fields.get("fin"))
    return GaveUp(
        fields["k"], _ref(fields), fields["r"], fields.get("n", 1), fields.get("t", 0), failure, is_final
    )


def _failure(fields: Fields) -> Failure:
    kind = fields.get("fk")
    known = FailureKind(kind) if kind in _KINDS else FailureKind.UNKNOWN
    return Failure(known, fields.get("fc", ""), fields.get("ft", ""), fields.get("fw"))


def _encode_turn(event: RetryRequested | ClipLost) -> Fields:
    fields = {"k": event.key, "r": event.round, "t": event.at_ms}
    if isinstance(event, ClipLost):
        return {"e": "lost", **fields, "why": event.reason}
    return {"e": "retry", **fields}


def _encode_run(event: RunStarted | SourceAdded | PaceLearned | RunEnded) -> Fields:
    match event:
        case PaceLearned(identity, at_ms, pace):
            return {"e": "pace", "who": identity, "t": at_ms, "pace": pace}
        case SourceAdded(source):
            return {"e": "source", **asdict(source)}
        case RunEnded(at_ms, reason):
            return {"e": "run_ended", "t": at_ms, "why": reason}
        case RunStarted():
            said = {"id": event.run_id, "t": event.at_ms, "spec": asdict(event.spec), "cmd": event.command}
            tools = {"options": event.options, "tools": event.versions}
            return {"e": "run_started", "v": MAJOR, **said, **tools}


def _read_start(fields: Fields) -> RunStarted:
    if fields["v"] != MAJOR:
        raise JournalFault(
            f"the journal has format version {fields['v']}; this asyncdl reads version {MAJOR}",
            mend="update asyncdl",
        )
    known = {field.name for field in fields_of(ClipSpec)}
    spec = {name: value for name, value in fields["spec"].items() if name in known}
    spec["format"] = AudioFormat(spec.get("format", AudioFormat.FLAC))
    spec["quality"] = Quality(spec.get("quality", Quality.BEST))
    return RunStarted(
        run_id=fields["id"],
        at_ms=fields.get("t", 0),
        spec=ClipSpec(**spec),
        options=fields.get("options", {}),
        command=fields.get("cmd", ""),
        versions=fields.get("tools", {}),
    )


def _read_source(fields: Fields) -> SourceAdded:
    index, sha256 = fields["index"], fields["sha256"]
    return SourceAdded(Source(index, fields["name"], fields["split"], sha256, fields.get("size_bytes", 0)))


def _read_rejected(fields: Fields) -> RowRejected:
    return RowRejected(RejectedRow(_ref(fields), fields.get("why", ""), fields.get("ft", "")))


def _ref(fields: Fields) -> RowRef:
    return RowRef(fields["s"], fields["i"])


_KINDS = frozenset(kind.value for kind in FailureKind)
_READERS: dict[str, Callable[[Fields], Event | RowEvent]] = {
    SELECTED: _read_row,
    "repeated": lambda fields: RowRepeated(_ref(fields), fields["k"]),
    REJECTED: _read_rejected,
    STORED: _read_stored,
    "failed": _read_failed,
    "gave_up": _read_gave_up,
    "retry": lambda fields: RetryRequested(fields["k"], fields["r"], fields.get("t", 0)),
    "lost": lambda fields: ClipLost(fields["k"], fields["r"], fields.get("t", 0), fields.get("why", "")),
    "source": _read_source,
    "pace": lambda fields: PaceLearned(fields["who"], fields.get("t", 0), dict(fields["pace"])),
    "run_ended": lambda fields: RunEnded(fields.get("t", 0), fields.get("why", "")),
    "run_started": _read_start,
}
