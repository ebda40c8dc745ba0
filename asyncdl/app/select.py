"""``asyncdl select``: the chosen rows as a list of AudioSet's own form, byte for byte where they have it."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import compress, islice
from pathlib import Path
from typing import IO

from asyncdl import __version__
from asyncdl.app.choosing import Choice, choose, name_of
from asyncdl.core.columns import USUAL
from asyncdl.core.events import Source
from asyncdl.core.keytable import KeyTable
from asyncdl.core.layout import split_name
from asyncdl.core.model import Row, Segment
from asyncdl.core.reach import LabelCount
from asyncdl.core.rows import is_label, parse_row
from asyncdl.core.selection import SelectionSettings
from asyncdl.core.table_columns import BY_HEADER, TableColumns
from asyncdl.errors import UsageError
from asyncdl.inputs.cache import OnProgress
from asyncdl.inputs.lines import physical_lines
from asyncdl.inputs.sources import ListFile, resolve
from asyncdl.inputs.survey import has_usual_form
from asyncdl.labels import load_labels

_IN_MEMORY_BYTES = 16 * 1024 * 1024
_BLOCK_BYTES = 1024 * 1024
_MOST_NAMES = 5


@dataclass
class Selected:
    """Chosen rows on their way into a file; the counts are those of its header.

    ``of_segments`` is how many the lists hold, ``rejected`` how many of their lines are no segments;
    ``labels`` tells of ``--per-label`` only.
    """

    rows: IO[bytes]
    names: tuple[str, ...]
    of_segments: int = 0
    rejected: int = 0
    segments: int = 0
    positive_labels: int = 0
    labels: tuple[LabelCount, ...] = ()
    ytids: KeyTable = field(default_factory=KeyTable)
    unique_labels: set[str] = field(default_factory=set)

    def add(self, segment: Segment, line: bytes) -> None:
        """Take one row."""
        self.rows.write(line + b"\n")
        self.segments += 1
        self.ytids.add(segment.ytid)
        self.positive_labels += len(segment.labels)
        self.unique_labels.update(segment.labels)

    def content(self) -> Iterator[bytes]:
        """Yield the list: three lines of header, then the rows."""
        told = ", ".join(self.names[:_MOST_NAMES]) + (", ..." if len(self.names) > _MOST_NAMES else "")
        yield (
            f"# Segments csv selected by asyncdl {__version__} from {told}\n"
            f"# num_ytids={len(self.ytids)}, num_segs={self.segments}, "
            f"num_unique_labels={len(self.unique_labels)}, num_positive_labels={self.positive_labels}\n"
            "# YTID, start_seconds, end_seconds, positive_labels\n"
        ).encode()
        self.rows.seek(0)
        while block := self.rows.read(_BLOCK_BYTES):
            yield block


@contextmanager
def selected(
    sources: Sequence[str],
    selection: SelectionSettings,
    limit: int | None,
    cache: Path,
    tell: Callable[[str], None],
    on_progress: OnProgress | None = None,
    columns: TableColumns = BY_HEADER,
) -> Iterator[Selected]:
    """Choose rows and hold them, for the length of a block. Raises what ``app.choosing.choose`` raises."""
    files = [resolve(source, cache, on_progress=on_progress, columns=columns) for source in sources]
    for file in files:
        if file.warning:
            tell(file.warning)
    choice = choose(files, selection, limit, cache, tell, on_progress)
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as rows:
        found = Selected(
            rows,
            tuple(dict.fromkeys(split_name(file.name) for file in files)),
            of_segments=choice.survey.segments,
            rejected=sum(map(len, choice.survey.rejected)),
            labels=_label_counts(choice),
        )
        for file, mask in zip(files, choice.masks(choice.picks), strict=True):
            if has_usual_form(file):
                _add_usual(file, mask, found)
            else:
                for text in _add_others(file, mask, found):
                    tell(text)
        yield found


def gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Compress; the same content gives the same bytes."""
    packer = zlib.compressobj(wbits=31)
    for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()


def refuse_overwriting(target: Path, sources: Sequence[str]) -> None:
    """Raise ``UsageError`` where the target is one of the lists that are read."""
    for source in sources:
        path = Path(source)
        if target.exists() and path.exists() and target.samefile(path):
            raise UsageError(f"-o: {target} is a list that is read.", mend="Choose another name.")


def _label_counts(choice: Choice) -> tuple[LabelCount, ...]:
    per_label, labels = choice.per_label, load_labels()
    if per_label is None:
        return ()
    return tuple(
        LabelCount(name, name_of(name, labels), per_label.available(number), int(per_label.have[number]))
        for number, name in enumerate(choice.survey.names)
    )


def _add_usual(file: ListFile, mask: bytearray, found: Selected) -> None:
    """Take the lines as they stand there; the line's end is not part of it."""
    for line in compress(physical_lines(file.path), islice(mask, 1, None)):
        segment = parse_row(line, USUAL, "")
        if isinstance(segment, Segment):
            found.add(segment, line.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\r"))


def _add_others(file: ListFile, mask: bytearray, found: Selected) -> list[str]:
    """Write rows of another form in AudioSet's own; tell what that form cannot hold."""
    nobodys = Source(index=0, name=file.name, split=file.split, sha256="", size_bytes=0)
    has_more = has_splits = False
    nameless = 0
    for row in file.reader.rows(file.path, nobodys, lambda line: line >= len(mask) or not mask[line]):
        if isinstance(row, Row) and row.ref.line < len(mask) and mask[row.ref.line]:
            segment = row.segment
            has_more = has_more or bool(segment.columns)
            has_splits = has_splits or segment.split != file.split
            if not all(map(is_label, segment.labels)):
                segment, nameless = replace(segment, labels=()), nameless + 1
            found.add(segment, _usual_line(segment))
    told = {
        f"{file.name} has further columns; they are left out, as AudioSet's form cannot hold them": has_more,
        f"{file.name} says of which split a row is; that is left out, as AudioSet's form cannot hold it": (
            has_splits
        ),
        f"{nameless:,} rows of {file.name} bear labels that are no label ids such as /m/09x0r;"
        " they are written without labels": nameless > 0,
    }
    return [text for text, is_so in told.items() if is_so]


def _usual_line(segment: Segment) -> bytes:
    start, end = (f"{ms // 1000}.{ms % 1000:03d}" for ms in (segment.span.start_ms, segment.span.end_ms))
    return f'{segment.ytid}, {start}, {end}, "{",".join(segment.labels)}"'.encode()
