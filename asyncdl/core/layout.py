"""Names of files in a data set folder, made from checked ids and integers only."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from asyncdl.core import forms
from asyncdl.core.model import Segment

DEFAULT_OUT = Path("audioset")
CLIPS = "clips"
JOURNAL = "journal"
PARTS = ".parts"
MANIFEST = "manifest.jsonl"

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def bucket(ytid: str) -> str:
    """Sub-folder of a video: first 3 hex digits of SHA-256, so that no folder grows beyond some hundreds."""
    return hashlib.sha256(ytid.encode("ascii")).hexdigest()[:3]


def clip_path(segment: Segment, extension: str) -> str:
    """Path of a clip relative to the data set folder; raises ``ValueError`` for what no list could name."""
    return f"{_stem(segment)}.{extension}"


def source_path(segment: Segment, extension: str) -> str:
    """Path of kept source bytes (``--keep-source``), relative to the data set folder, beside the clip."""
    return f"{_stem(segment)}.source.{extension}"


def split_name(stem: str) -> str:
    """Make a folder name of a list's stem: safe characters, no leading dot or dash, at most 64."""
    return _UNSAFE.sub("_", stem).lstrip(".-")[:64] or "list"


def _stem(segment: Segment) -> str:
    """Build the path from checked parts only: whatever path a segment came by, it stays inside."""
    ytid, _ = forms.parts_of(segment.key)
    return f"{CLIPS}/{forms.split(segment.split)}/{bucket(ytid)}/{segment.key}"
