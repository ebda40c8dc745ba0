"""Lists that are read. A reader is one module here that defines ``READER``; it is imported on use."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from asyncdl.core.ports import Reader
from asyncdl.errors import UsageError

_SHARED = frozenset(
    {
        "cache",
        "cells",
        "count",
        "further",
        "known",
        "label_sets",
        "lines",
        "first_rejected",
        "named_ids",
        "parquet",
        "recognise",
        "shelf",
        "short_clips",
        "sources",
        "survey",
        "table_files",
    }
)


def reader_names() -> tuple[str, ...]:
    """Name all readers, without importing one."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name not in _SHARED))


def reader(name: str) -> Reader:
    """Import a reader; raises ``UsageError`` for a name that is none."""
    if name not in reader_names():
        raise UsageError(f"There is no reader {name!r}", mend=f"Readers: {', '.join(reader_names())}.")
    found: Reader = import_module(f"{__name__}.{name}").READER
    return found
