"""What lists of files point at: WAV files of the export, or the data set's clips as they are, and how.

With ``--root`` the export's own files are found below that folder. The data set's clips are not part of the
export: where it lies in the data set, and ``--root`` ends in the same folders, the data set was moved along
with it. Any other ``--root`` says nothing of where the clips are, and is refused.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from asyncdl.core import layout
from asyncdl.core.export import StoredClip
from asyncdl.errors import UsageError
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.finishing import Finish, PassedOver
from asyncdl.exporting.gzipped import gzipped
from asyncdl.exporting.sound import samples_at
from asyncdl.exporting.targets import Targets
from asyncdl.exporting.wav_files import FOLDER, wav_name
from asyncdl.exporting.work import Place
from asyncdl.runtime.files import replace_file, telling

UNLABELLED = "unlabelled.txt"
# Lists are lines of UTF-8: no control characters, and no bytes that are none (Python's lone surrogates).
_UNFIT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Pointed:
    """Files by clip; ``folder`` is where readers find them. ``wav`` is the rate of the export's own files."""

    finish: Finish
    folder: Path
    wav: int | None

    def name(self, clip: StoredClip) -> str:
        """Path of a clip's file below ``folder``."""
        return clip.path if self.wav is None else wav_name(clip, self.finish.table.name_of(clip))

    def path(self, clip: StoredClip) -> str:
        """Absolute path of a clip's file, as readers find it."""
        return f"{self.folder}/{self.name(clip)}"

    def rate(self, clip: StoredClip) -> int:
        """Sample rate of a clip's file, in Hz."""
        return clip.clip.sample_rate if self.wav is None else self.wav

    def samples(self, clip: StoredClip) -> int:
        """Length of a clip's file, in samples per channel."""
        return samples_at(clip.clip.samples, clip.clip.sample_rate, self.rate(clip))

    def channels(self, clip: StoredClip) -> int:
        """Channels of a clip's file."""
        return clip.clip.channels if self.wav is None else 1


def pointed(finish: Finish, wav: int | None) -> Pointed:
    """Say where readers find the files; raises ``UsageError`` as ``folder_seen`` does."""
    return Pointed(finish, folder_seen(finish.place, finish.terms, has_files=wav is not None), wav)


def folder_seen(place: Place, terms: Terms, *, has_files: bool) -> Path:
    """Say below which folder readers find the files: those of the export, or the data set's clips.

    Raises ``UsageError`` where ``--root`` does not tell that, or no list can hold it. Best asked before hours
    of sound are made.
    """
    if has_files:
        folder = Path(terms.root) if terms.root else place.target
    else:
        folder = _data_set_seen(place.root, place.target, Path(terms.root)) if terms.root else place.root
    if _UNFIT.search(str(folder)):
        raise UsageError(
            f"{str(folder)!a} has characters that no list can hold.",
            mend="Give another name for the folder with --root; a link to it will do.",
        )
    return folder


def moved(path: str, folder: Path, root: Path) -> str:
    """Tell the new path of a file that an export, now in ``folder`` and found as ``root``, points at.

    Raises ``UsageError`` where the path is of no export, or leads to clips that cannot be found by ``root``.
    """
    _, *parts = path.rsplit("/", 4)
    if len(parts) == 4 and parts[0] == FOLDER:
        return f"{root}/{'/'.join(parts)}"
    data_set = next((parent for parent in folder.parents if (parent / layout.JOURNAL).is_dir()), None)
    if len(parts) != 4 or parts[0] != layout.CLIPS or data_set is None:
        raise UsageError(f"{path} is no file of this export.", mend="Export again from the data set.")
    return f"{_data_set_seen(data_set, folder, root)}/{'/'.join(parts)}"


def reanchor_lines(path: Path, change: Callable[[bytes], bytes]) -> int:
    """Rewrite a list in one step, a ``.gz`` too, line by line; answers how many lines changed."""
    changed = 0

    def lines() -> Iterator[bytes]:
        nonlocal changed
        is_packed = path.suffix == ".gz"
        with gzip.open(path) if is_packed else path.open("rb") as file:
            for line in file:
                new = change(line)
                changed += new != line
                yield new

    with telling("reading", path):
        replace_file(path, gzipped(lines()) if path.suffix == ".gz" else lines())
    return changed


def lists_in(folder: Path, pattern: str) -> list[Path]:
    """Find the lists of an export; raises ``UsageError`` where there are none."""
    found = sorted(folder.glob(pattern))
    if not found:
        raise UsageError(f"{folder} holds no list with paths.", mend="Name the folder of an export.")
    return found


def labelled(finish: Finish, split: str, targets: Targets) -> Iterator[tuple[StoredClip, dict[str, int]]]:
    """Yield the clips of a split that have one of the 527 classes, with their indices by label."""
    for clip in finish.clips(split):
        if indices := targets.indices_of(clip.segment.labels):
            yield clip, indices


def tell_unlabelled(finish: Finish, targets: Targets, listed: int) -> None:
    """Name and count the clips that ``labelled`` passed over as ``<split>/<key>``; for none, no file.

    ``listed`` are those that it did not, of all splits.
    """
    if listed < len(finish.table) - len(finish.left_out):
        finish.write(UNLABELLED, _unlabelled(finish, targets))


def _unlabelled(finish: Finish, targets: Targets) -> Iterator[bytes]:
    for clip in finish.clips():
        if not targets.indices_of(clip.segment.labels):
            finish.pass_over(clip, PassedOver.NO_CLASS)
            yield f"{clip.segment.split}/{clip.key}\n".encode()


def _data_set_seen(data_set: Path, target: Path, root: Path) -> Path:
    """Take off the folders from the data set to the export, which ``root`` ends in as well."""
    below = target.relative_to(data_set).parts if target.is_relative_to(data_set) else ()
    if not below or root.parts[-len(below) :] != below:
        raise UsageError(
            f"--root {root} does not tell where the data set's clips are, which this export points at.",
            mend="Let it end as the export's folder does in the data set, or write sound with --wav HZ.",
        )
    return Path(*root.parts[: -len(below)])
