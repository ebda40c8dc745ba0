"""Names of files in a data set folder, made from checked ids and integers only."""

from __future__ import annotations

import hashlib
import re

from asyncdl.core.model import Segment

CLIPS = "clips"
JOURNAL = "journal"
PARTS = ".parts"
MANIFEST = "manifest.jsonl"

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def bucket(ytid: str) -> str:
    """Sub-folder of a video: first 3 hex digits of SHA-256, so that no folder grows beyond some hundreds."""
    return hashlib.sha256(ytid.encode("ascii")).hexdigest()[:3]


def clip_path(segment: Segment, extension: str) -> str:
    """Path of a clip relative to the data set folder."""
    return f"{CLIPS}/{segment.split}/{bucket(segment.ytid)}/{segment.key}.{extension}"


def source_path(segment: Segment, extension: str) -> str:
    """Path of kept source bytes (``--keep-source``), relative to the data set folder, beside the clip."""
    return f"{CLIPS}/{segment.split}/{bucket(segment.ytid)}/{segment.key}.source.{extension}"


def split_name(stem: str) -> str:
    """Make a folder name of a list's stem: safe characters, no leading dot or dash, at most 64."""
    return _UNSAFE.sub("_", stem).lstrip(".-")[:64] or "list"
