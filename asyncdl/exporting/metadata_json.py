"""Clips as the JSON files of dlrudco/Fast-Audioset-Download tell of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import orjson

from asyncdl.core.export import StoredClip, unique_names
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.targets import Targets

ALL = "audioset_metadata.json"
_BLOCK_BYTES = 1 << 20
_AS_UNDERSCORE = str.maketrans({" ": "_", "-": "_", ",": "_", **dict.fromkeys("\"().'")})


@lru_cache(maxsize=4096)
def spelled(name: str) -> str:
    """Spell a label's name as that tool does: ``Male_speech_man_speaking``."""
    return name.translate(_AS_UNDERSCORE).replace("__", "_")


def record_of(clip: StoredClip, name: str, path: str, targets: Targets) -> dict[str, object]:
    """Tell what that tool tells (``id`` to ``labels``), and the times and names that it lacks."""
    segment = clip.segment
    names = targets.names_of(segment.labels)
    return {
        "id": f"id_{name}",
        "path": path,
        "title": clip.clip.title,
        "url": url_of(segment.ytid),
        "tags": segment.labels,
        "labels": [spelled(one) for one in names],
        "names": names,
        "key": clip.key,
        "start": segment.span.start_ms / 1000,
        "end": segment.span.end_ms / 1000,
    }


def url_of(ytid: str) -> str:
    """Address of a video for people."""
    return f"https://www.youtube.com/watch?v={ytid}"


def write_metadata(finish: Finish, split: str, records: Iterable[dict[str, object]]) -> None:
    """Write the file of a split, ``{"id_X": record}``, one record a line."""
    members = (orjson.dumps(record["id"]) + b": " + orjson.dumps(record) for record in records)
    finish.write(_name(unique_names(finish.splits)[split]), _braced(members))


def merge_metadata(finish: Finish) -> None:
    """Write the file of all splits, ``{split: {"id_X": record}}``, from those of the splits."""
    finish.write(ALL, _merged(finish.place.target, [*unique_names(finish.splits).values()]))


def _name(split: str) -> str:
    return f"audioset_{split}_metadata.json"


def _braced(members: Iterable[bytes]) -> Iterator[bytes]:
    between = b"{\n"
    for member in members:
        yield between + member
        between = b",\n"
    yield b"{}\n" if between == b"{\n" else b"\n}\n"


def _merged(folder: Path, splits: Sequence[str]) -> Iterator[bytes]:
    between = b"{\n"
    for split in splits:
        yield between + orjson.dumps(split) + b": "
        with (folder / _name(split)).open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                yield block
        between = b",\n"
    yield b"}\n" if splits else b"{}\n"
