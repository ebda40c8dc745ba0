"""Packs text by gzip so that the same text gives the same bytes: without a time or a name."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

_GZIP = 16 + zlib.MAX_WBITS


def gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Pack as it comes."""
    packer = zlib.compressobj(wbits=_GZIP)
    for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()
