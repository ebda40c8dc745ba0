"""What a format is: one module in ``asyncdl.exporters`` that defines ``EXPORTER``.

A format of text files alone has only ``finish``. One with shards tells how it cuts the clips (``plan``) and
how one shard is written (``write``), which happens in worker processes; ``finish`` then writes what speaks of
all shards. Everything is a pure function of the clips and the terms, so that an export can be resumed and two
labs get the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from asyncdl.core.export import Shard, Sizes

if TYPE_CHECKING:
    from asyncdl.exporting.finishing import Finish
    from asyncdl.exporting.shared import SharedFile
    from asyncdl.exporting.table import Table
    from asyncdl.exporting.work import Place, ShardWork


class Choice(StrEnum):
    """Options that belong to some formats only; the value is the flag."""

    SEED = "--seed"
    MAX_SHARD_SIZE = "--max-shard-size"
    ROOT = "--root"
    LIKE = "--like"
    BY = "--by"
    FAST = "--fast"
    COMPAT = "--compat"
    SHAR = "--shar"
    WAV = "--wav"
    SOURCE = "--source"


class Linking(StrEnum):
    """How a file comes into a layout."""

    HARDLINK = "hardlink"
    SYMLINK = "symlink"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the user asked for. What is None or empty was not asked.

    ``splits``: only these. ``seed``: shuffle by it. ``root``: the folder as which the export will be found
    by whoever reads absolute paths. ``like`` and ``by``: whose layout, and how files get there. ``fast``:
    quicker and less exact. ``compat``: to the letter what the older tool wrote. ``shar``: lhotse's Shar.
    ``wav``: write 16-bit mono WAV files at so many Hz, where else the clips would be pointed at.
    ``source``: make it from this file and not from clips.
    """

    splits: tuple[str, ...] = ()
    seed: int | None = None
    max_shard_bytes: int | None = None
    root: str = ""
    like: str = ""
    by: Linking = Linking.HARDLINK
    fast: bool = False
    compat: bool = False
    shar: bool = False
    wav: int | None = None
    source: str = ""


Facts = dict[str, object]
Plan = Callable[["Table", Terms], Sequence[Shard]]
Write = Callable[["ShardWork"], Facts]
"""Writes one shard; answers what ``finish`` will want to know of it, as JSON can hold it."""
ClipBytes = Callable[["Table", Terms], Sizes]
"""Most bytes that each clip of the table takes, in the order of the export."""


@dataclass(frozen=True, slots=True)
class SharedFiles:
    """How shards share files: ``begin`` makes what they all write into, ``end`` makes the file of it.

    Both run in one process, before and after all shards of the file; ``end`` answers which is the file: the
    path it is given, which it has written, or the part, which it never changes, since a killed export goes on
    with it. ``beside`` names the other files that ``end`` writes for a file: whole and durable, before the
    file itself has its name.
    """

    begin: Callable[[SharedFile], None]
    end: Callable[[SharedFile, Path], Path]
    beside: Callable[[str], Sequence[str]] = lambda _file: ()


@dataclass(frozen=True, slots=True)
class ShardWriter:
    """How a format with shards makes them; ``version`` goes up when the same clips would give other bytes.

    ``made_of`` says what a shard is made of where that are no clips of the table (``Terms.source``): when it
    says the same again, the shard is not made again.
    """

    plan: Plan
    write: Write
    version: int = 1
    shared: SharedFiles | None = None
    made_of: Callable[[Shard, Terms], Sequence[bytes]] | None = None


@dataclass(frozen=True, slots=True)
class Exporter:
    """A format. ``extra`` is the optional dependency that brings ``modules``, by the names of both.

    ``takes`` are the options that mean something here. ``seed`` is the default one, None for the order of
    the lists. ``needs_one_clip_per_video``: it names clips by their videos. ``goes_to_root``: it belongs
    beside the clips, not in a folder of its own. ``holds_ms``: longer clips are cut to it. ``check`` raises
    ``UsageError`` where these clips cannot become this format. ``reanchor`` rewrites the absolute paths in an
    export (its folder, and the one as which it is found from now on) and counts them. ``front_matter`` stands
    at the top of the README; it is told the clips of each split.
    """

    name: str
    summary: str
    finish: Callable[[Finish], None]
    clip_bytes: ClipBytes
    shards: ShardWriter | None = None
    extra: str = ""
    modules: tuple[str, ...] = ()
    takes: frozenset[Choice] = frozenset()
    seed: int | None = None
    needs_one_clip_per_video: bool = False
    goes_to_root: bool = False
    holds_ms: int | None = None
    check: Callable[[Table, Terms, Place], None] | None = None
    reanchor: Callable[[Path, Path], int] | None = None
    front_matter: Callable[[Mapping[str, int]], str] | None = None
