"""Clips of a data set as files of an export without their bytes being written again."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from asyncdl.core.export import StoredClip
from asyncdl.errors import EnvironmentFault
from asyncdl.exporting.contract import Linking
from asyncdl.exporting.sound import Unfit
from asyncdl.exporting.work import Place
from asyncdl.runtime.files import make_folders, part_beside, telling

# Another file system, one without such links, or a kernel that lets nobody link to files of others.
_NO_LINKS = frozenset({errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


def whole_clip(place: Place, stored: StoredClip) -> Path:
    """Find a clip that is a plain file of the recorded size, without reading it; raises ``Unfit``."""
    path = place.root / stored.path
    try:
        found = path.lstat()
    except OSError as error:
        is_gone = error.errno == errno.ENOENT
        reason = "the file is gone" if is_gone else f"the file cannot be read: {error.strerror}"
        raise Unfit(reason) from None
    if not stat.S_ISREG(found.st_mode):
        raise Unfit("there is no plain file")
    if found.st_size != stored.clip.size_bytes:
        raise Unfit("the file has another size")
    return path


def links_to(place: Place) -> str:
    """Say where symbolic links lead: from inside the data set by a relative path, so that it can be moved."""
    is_inside = place.target.is_relative_to(place.root)
    return os.path.relpath(place.root, place.target) if is_inside else str(place.root)


def link_clip(source: Path, final: Path, place: Place, by: Linking) -> int:
    """Make ``final`` a link to a clip, whatever file or link stood there; answers the size of the link.

    Symbolic links inside the data set are relative, so that it can be moved. Raises ``EnvironmentFault`` that
    names what else can be done where no hard link can be made.
    """
    make_folders(final.parent, place.target)
    with telling("linking", final):
        try:
            _link(source, final, place, by)
        except FileExistsError:
            _replace(source, final, place, by)
        return final.lstat().st_size


def _replace(source: Path, final: Path, place: Place, by: Linking) -> None:
    part = part_beside(final)
    try:
        _link(source, part, place, by)
        part.replace(final)
    finally:  # of two names of one file a rename keeps both
        with suppress(FileNotFoundError):
            part.unlink()


def _link(source: Path, name: Path, place: Place, by: Linking) -> None:
    if by is Linking.SYMLINK:
        is_inside = place.target.is_relative_to(place.root)
        name.symlink_to(os.path.relpath(source, name.parent) if is_inside else source)
        return
    try:
        os.link(source, name, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        raise EnvironmentFault(
            f"{source} cannot have a hard link in {place.target}: {error.strerror}",
            mend="Give --by copy or --by symlink, or a folder on the data set's file system.",
        ) from error
