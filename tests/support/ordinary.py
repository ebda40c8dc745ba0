"""Programs started without root's power to ignore modes; an ordinary user needs no wrapper for that."""

from __future__ import annotations

import os
import shutil

# Root without capabilities owns its files, and their modes count.
WITHOUT_POWERS: tuple[str, ...] = (
    ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
)


def modes_count() -> bool:
    """Whether a test of file modes can say anything here."""
    return not WITHOUT_POWERS or shutil.which("setpriv") is not None
