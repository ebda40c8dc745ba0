"""Events and rows as members of a record, and back; short names, since there are millions.

    e event   s source   i line   k key   r round   n attempt   t wall clock in ms   p split   b bytes
    h SHA-256   m samples   a sample rate   z channels   fk fc ft fw failure

Members that hold their default are left out. Unknown members and unknown events are ignored (and kept, since
nothing is ever rewritten); an unknown major version is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from asyncdl.core import forms
from asyncdl.core.events import (
    AttemptFailed,
    ClipLost,
    ClipStored,
    Compacted,
    DamageSettled,
    Event,
    GaveUp,
    PaceLearned,
    Recorded,
    RetryRequested,
    RowEvent,
    RowRejected,
    RowRepeated,
    RowSelected,
    RowsNoted,
    RunEnded,
    RunStarted,
    Source,
    SourceAdded,
)
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import (
    Clip,
    Failure,
    RejectedRow,
    RowRef,
)
from asyncdl.core.records import Fields
from asyncdl.core.row_encoding import SELECTED, decode_rows, encode_rows
from asyncdl.errors import JournalFault

MAJOR = 1
REJECTED = "rejected"
NOTED = "noted"
STORED = "stored"
_MAX_TEXT = 1 << 16


def encode(event: Event | RowEvent) -> Fields:
    """Members of a record; ``e`` first."""
    match event:
        case RowSelected() | RowRepeated() | RowRejected():
            return _encode_row(event)
        case ClipStored():
            return _encode_stored(event)
        case AttemptFailed() | GaveUp():
            return _encode_failed(event)
        case RetryRequested() | ClipLost():
            return _encode_turn(event)
        case DamageSettled() | Compacted():
            return _encode_mended(event)
        case SourceAdded() | RunStarted() | PaceLearned() | RowsNoted() | RunEnded():
            return _encode_run(event)


def decode(fields: Fields) -> Recorded | None:
    """Return the event, None for one that this version does not know.

    Raises ``JournalFault`` for another major version and for a known event without its members.
    """
    event = fields.get("e", "")
    if not isinstance(event, str):
        raise JournalFault(
            f"record {forms.told(fields.get('q'))} names no event", mend="it is none of asyncdl's"
        )
    read = _READERS.get(event)
    if read is None:
        return None
    try:
        return read(fields)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise JournalFault(
            f"record {fields.get('q')} ({fields['e']!r}) lacks what this version expects of it: {error}",
            mend="a newer asyncdl may have written it: update asyncdl",
        ) from error


def _place(event: str, ref: RowRef) -> Fields:
    return {"e": event, "s": ref.source, "i": ref.line}


def _encode_row(event: RowEvent) -> Fields:
    match event:
        case RowRepeated(ref, key):
            return _place("repeated", ref) | {"k": key}
        case RowRejected(row):
            return _place(REJECTED, row.ref) | {"why": row.reason, "ft": row.text[-_MAX_TEXT:]}
        case RowSelected(row):
            return encode_rows([row])


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
        "p": clip.split,
    }
    return fields | {name: value for name, value in optional.items() if value}


def _read_stored(fields: Fields) -> ClipStored:
    clip = Clip(
        size_bytes=forms.number(fields["b"]),
        sha256=forms.text(fields["h"]),
        samples=forms.number(fields["m"]),
        sample_rate=forms.number(fields["a"], 1),
        channels=forms.number(fields["z"], 1),
        padded_samples=forms.number(fields.get("pad", 0)),
        is_silent=forms.flag(fields.get("mute", False)),
        format_id=forms.text(fields.get("fid", "")),
        source_rate=forms.optional(fields.get("src"), range(1, 1 << 31)),
        whole_file=forms.flag(fields.get("whole", False)),
        tool_version=forms.text(fields.get("tool", "")),
        title=None if fields.get("title") is None else forms.text(fields["title"]) or None,
        source_files=tuple(map(forms.kept_source, fields.get("kept", ()))),
        split=forms.split(fields["p"]) if "p" in fields else "",
    )
    return ClipStored(*_read_try(fields), clip)


def _encode_failed(event: AttemptFailed | GaveUp) -> Fields:
    failure = event.failure
    fields = _try("gave_up" if isinstance(event, GaveUp) else "failed", event) | {
        "fk": failure.kind.value,
        "fc": failure.code,
    }
    fields["ft"] = failure.text[-_MAX_TEXT:]
    if failure.retry_after_s is not None:
        fields["fw"] = failure.retry_after_s
    if isinstance(event, GaveUp) and event.is_final:
        fields["fin"] = 1
    return fields


def _read_failed(fields: Fields) -> AttemptFailed:
    return AttemptFailed(*_read_try(fields), _failure(fields))


def _read_gave_up(fields: Fields) -> GaveUp:
    return GaveUp(*_read_try(fields), _failure(fields), bool(fields.get("fin")))


def _read_try(fields: Fields) -> tuple[str, RowRef, int, int, int]:
    """Key, row, round, attempt, time."""
    at_ms, attempt = forms.number(fields.get("t", 0)), forms.number(fields.get("n", 1))
    return forms.text(fields["k"]), _ref(fields), forms.round_number(fields["r"]), attempt, at_ms


def _failure(fields: Fields) -> Failure:
    kind = fields.get("fk")
    known = FailureKind(kind) if kind in _KINDS else FailureKind.UNKNOWN
    code, text, wait_s = fields.get("fc", ""), fields.get("ft", ""), fields.get("fw")
    return Failure(known, forms.text(code), forms.text(text), None if wait_s is None else float(wait_s))


def _encode_turn(event: RetryRequested | ClipLost) -> Fields:
    fields = {"k": event.key, "r": event.round, "t": event.at_ms}
    if isinstance(event, ClipLost):
        return {"e": "lost", **fields, "why": event.reason}
    return {"e": "retry", **fields}


def _encode_run(event: RunStarted | SourceAdded | PaceLearned | RowsNoted | RunEnded) -> Fields:
    match event:
        case RowsNoted(records):
            return {"e": NOTED, "rows": records}
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


def _encode_mended(event: DamageSettled | Compacted) -> Fields:
    match event:
        case DamageSettled(file, first, last, at_ms):
            return {"e": "settled", "file": file, "first": first, "last": last, "t": at_ms}
        case Compacted(below_seq, attempts, at_ms):
            return {"e": "compacted", "below": below_seq, "attempts": attempts, "t": at_ms}


def _read_settled(fields: Fields) -> DamageSettled:
    return DamageSettled(fields["file"], int(fields["first"]), int(fields["last"]), fields.get("t", 0))


def _read_start(fields: Fields) -> RunStarted:
    if fields["v"] != MAJOR:
        raise JournalFault(
            f"the journal has format version {forms.told(fields['v'])}; this asyncdl reads version {MAJOR}",
            mend="update asyncdl",
        )
    tools = forms.members(fields.get("tools", {}))
    return RunStarted(
        run_id=forms.text(fields["id"]),
        at_ms=forms.number(fields.get("t", 0)),
        spec=forms.clip_spec(forms.members(fields["spec"])),
        options=forms.members(fields.get("options", {})),
        command=forms.text(fields.get("cmd", "")),
        versions={name: forms.text(version) for name, version in tools.items()},
    )


def _read_source(fields: Fields) -> SourceAdded:
    source = Source(
        index=forms.number(fields["index"]),
        name=forms.text(fields["name"]),
        split=forms.split(fields["split"]),
        sha256=forms.text(fields["sha256"]),
        size_bytes=forms.number(fields.get("size_bytes", 0)),
    )
    return SourceAdded(source)


def _read_rejected(fields: Fields) -> RowRejected:
    why, text = forms.text(fields.get("why", "")), forms.text(fields.get("ft", ""))
    return RowRejected(RejectedRow(_ref(fields), why, text))


def _ref(fields: Fields) -> RowRef:
    return RowRef(forms.number(fields["s"]), forms.number(fields["i"]))


def _turn(fields: Fields) -> tuple[str, int, int]:
    return (
        forms.text(fields["k"]),
        forms.round_number(fields["r"]),
        forms.number(fields.get("t", 0)),
    )


def _read_pace(fields: Fields) -> PaceLearned:
    pace = forms.members(fields["pace"])
    return PaceLearned(forms.text(fields["who"]), forms.number(fields.get("t", 0)), pace)


_KINDS = frozenset(kind.value for kind in FailureKind)
_READERS: dict[str, Callable[[Fields], Recorded]] = {
    SELECTED: decode_rows,
    NOTED: lambda fields: RowsNoted(int(fields["rows"])),
    "repeated": lambda fields: RowRepeated(_ref(fields), forms.text(fields["k"])),
    REJECTED: _read_rejected,
    STORED: _read_stored,
    "failed": _read_failed,
    "gave_up": _read_gave_up,
    "retry": lambda fields: RetryRequested(*_turn(fields)),
    "lost": lambda fields: ClipLost(*_turn(fields), forms.text(fields.get("why", ""))),
    "source": _read_source,
    "pace": _read_pace,
    "settled": _read_settled,
    "compacted": lambda fields: Compacted(int(fields["below"]), int(fields["attempts"]), fields.get("t", 0)),
    "run_ended": lambda fields: RunEnded(fields.get("t", 0), fields.get("why", "")),
    "run_started": _read_start,
}
