"""Tars of samples, as WebDataset and lhotse's Shar have them: the same samples give the same bytes."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from asyncdl.core.export import Shard, Sizes
from asyncdl.exporting.cutting import shards_by_size
from asyncdl.exporting.table import Table
from asyncdl.exporting.work import ShardWork

END_BYTES = tarfile.RECORDSIZE + 2 * tarfile.BLOCKSIZE
"""Most that a tar takes beside its members."""
MEMBER_BYTES = 2 * tarfile.BLOCKSIZE - 1
"""Most that a member takes beside its content: its head, and zeros up to a whole block."""

Member = tuple[str, bytes]


def write_tar(work: ShardWork, samples: Iterator[Iterable[Member]]) -> int:
    """Write the shard's file of ``samples``, each some members; answers how many there are.

    For none there is no file, not even an older one: loaders take a tar without members for a broken one.
    """
    first = next(samples, None)
    if first is None:
        work.path.unlink(missing_ok=True)
        return 0
    with work.part() as part, tarfile.open(part, "w", format=tarfile.USTAR_FORMAT) as tar:
        count = 0
        for members in chain([first], samples):
            for name, data in members:
                _add(tar, name, data)
            count += 1
    return count


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    """Add a member without time and owner."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o644
    tar.addfile(member, io.BytesIO(data))


def tar_shards(
    table: Table,
    sizes: Sizes,
    most_clips: int,
    most_bytes: int | None,
    file_of: Callable[[str, int, int], str],
) -> list[Shard]:
    """Cut each split into even tars; ``most_bytes`` bounds whole files, their ends included."""
    most = (most_bytes or int(sizes.sum()) + END_BYTES) - END_BYTES
    return shards_by_size(table, sizes, most_clips=most_clips, most_bytes=most, file_of=file_of)
