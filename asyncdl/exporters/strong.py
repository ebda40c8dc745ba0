"""Event tables for strong lists, tab-separated, with a header each.

    <split>.tsv             filename, onset, offset, event_label    as DCASE's and DESED's loaders take them
    <split>_durations.tsv   filename, duration                      what psds_eval asks for beside
    <split>_segments.tsv    segment_id, start_time_seconds, end_time_seconds, label    AudioSet's own form
    labels.tsv              mid, name; no header, as AudioSet has it: line numbers do for class indices

``filename`` is the clip's path in the data set, which loaders join to its folder. ``event_label`` is the
strong lists' own name of the label, found by its mid; AudioSet's name for labels that those lists lack; the
mid itself where nobody knows it. ``labels.tsv`` has all 456 strong labels in the order of their mids, then
others that occur.

Times are the list's: seconds from the clip's start, with three decimals, or six where it has more. Rows stand
by clip, then by onset; a row that says the same as another is dropped. An event over silence that pads a
short clip stays, since it is the list's word. Clips without an event, which framed lists have, are in
``_durations.tsv`` alone. Splits whose list has no events get no files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from asyncdl.core.export import Sizes, StoredClip
from asyncdl.errors import UsageError
from asyncdl.exporting.contract import Exporter, Terms
from asyncdl.exporting.finishing import Finish, PassedOver
from asyncdl.exporting.sound_events import SoundEvent, events_of
from asyncdl.exporting.table import Table
from asyncdl.exporting.wav_files import text_sizes
from asyncdl.exporting.work import Place
from asyncdl.labels import load_labels

_EVENTS_HEAD = b"filename\tonset\toffset\tevent_label\n"
_DURATIONS_HEAD = b"filename\tduration\n"
_LABELS = "labels.tsv"
_SEGMENTS_HEAD = b"segment_id\tstart_time_seconds\tend_time_seconds\tlabel\n"


Rows = Callable[[StoredClip, Sequence[SoundEvent]], Iterator[str]]


def _clip_bytes(table: Table, _terms: Terms) -> Sizes:
    # An event takes 30 bytes in the list's line at least, and in two tables a path, an id and a name.
    return text_sizes(table, 8, 256)


def _check(table: Table, _terms: Terms, _place: Place) -> None:
    owners = {_LABELS: "the labels"}
    for split in (stretch.split for stretch in table.stretches):
        for name in _names_of(split):
            if (owner := owners.setdefault(name, f"split {split}")) != f"split {split}":
                raise UsageError(
                    f"{name} would be a file of split {split} and of {owner}.",
                    mend="--split takes one of them alone.",
                )
    if all(events_of(clip) is None for clip in table.clips()):
        raise UsageError(
            "None of these clips comes from a list with events.",
            mend="The lists strong_train and strong_eval have them: asyncdl run strong_eval fetches some.",
        )


def _names_of(split: str) -> tuple[str, str, str]:
    """Name the tables of a split: events, durations, AudioSet's own form."""
    return f"{split}.tsv", f"{split}_durations.tsv", f"{split}_segments.tsv"


def _finish(finish: Finish) -> None:
    names = {label.mid: label.strong_name or label.name for label in load_labels() if label.is_strong}
    taken, others = frozenset(names.values()), dict[str, str]()

    def event_rows(clip: StoredClip, events: Sequence[SoundEvent]) -> Iterator[str]:
        for onset_s, offset_s, mid in events:
            name = names.get(mid) or others.setdefault(mid, _other_name(mid, taken))
            yield f"{clip.path}\t{_s(onset_s)}\t{_s(offset_s)}\t{name}\n"
        finish.on_clip()

    for split in (split for split in finish.splits if _has_events(finish, split)):
        events, durations, segments = _names_of(split)
        finish.write(events, _table(finish, split, _EVENTS_HEAD, event_rows))
        finish.write(durations, _table(finish, split, _DURATIONS_HEAD, _duration_row))
        finish.write(segments, _table(finish, split, _SEGMENTS_HEAD, _segment_rows))
    labels = [*sorted(names.items()), *sorted(others.items())]
    finish.write(_LABELS, [f"{mid}\t{name}\n".encode() for mid, name in labels])


def _other_name(mid: str, taken: frozenset[str]) -> str:
    label = load_labels().by_mid.get(mid)
    return mid if label is None or label.name in taken else label.name  # "Brief tone" names two labels


def _has_events(finish: Finish, split: str) -> bool:
    """Whether any clip of a split has events; counts those that have none."""
    has_any = False
    for clip in finish.table.clips_of(split):
        if clip.key in finish.left_out:
            continue
        if events_of(clip) is not None:
            has_any = True
        else:
            finish.pass_over(clip, PassedOver.NO_EVENTS)
            finish.on_clip()
    return has_any


def _with_events(finish: Finish, split: str) -> Iterator[tuple[StoredClip, list[SoundEvent]]]:
    for clip in finish.table.clips_of(split):
        events = events_of(clip)
        if events is not None and clip.key not in finish.left_out:
            yield clip, events


def _table(finish: Finish, split: str, head: bytes, rows: Rows) -> Iterator[bytes]:
    yield head
    for clip, events in _with_events(finish, split):
        yield "".join(rows(clip, events)).encode()


def _duration_row(clip: StoredClip, _events: Sequence[SoundEvent]) -> Iterator[str]:
    yield f"{clip.path}\t{_s(clip.duration_s)}\n"


def _segment_rows(clip: StoredClip, events: Sequence[SoundEvent]) -> Iterator[str]:
    segment_id = f"{clip.segment.ytid}_{clip.segment.span.start_ms}"
    for event in events:
        yield f"{segment_id}\t{_s(event.onset_s)}\t{_s(event.offset_s)}\t{event.mid}\n"


def _s(seconds: float) -> str:
    """Write seconds with three decimals, or six where three do not say it: no list has more."""
    return f"{seconds:.6f}".removesuffix("000")


EXPORTER = Exporter(
    name="strong",
    summary="event tables of strong lists: DCASE's and AudioSet's forms, durations for PSDS, labels",
    finish=_finish,
    clip_bytes=_clip_bytes,
    check=_check,
)
