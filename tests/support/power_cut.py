"""A disk whose power can be cut: ext4 on a loop device, needs root.

The cut is the shutdown call of ext4 without a flush of its log: what was not synced is gone, as after a power
failure, and each later call fails. Only a file system that was mounted here is ever cut.
"""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from asyncdl.core import layout
from asyncdl.core.encoding import decode
from asyncdl.core.events import ClipStored
from asyncdl.core.ledger import RowState
from asyncdl.core.scan import RecordScan
from asyncdl.runtime.replay import replay
from asyncdl.runtime.run_folder import open_run_file, run_file_names
from support.crash_oracles import sha256_of

_SHUTDOWN = 0x8004587D
_WITHOUT_LOG_FLUSH = 2
_DEADLINE_S = 60.0
TESTS = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class LoopDisk:
    """An ext4 file system in the file ``image``, mounted at ``mount`` while in use."""

    image: Path
    mount: Path

    def attach(self) -> None:
        """Mount it."""
        _tool("mount", "-o", "loop,errors=remount-ro", str(self.image), str(self.mount))

    def detach(self) -> None:
        """Unmount it, if it is mounted; the loop device goes with it."""
        if self.mount.is_mount():
            until(lambda: _tool("umount", str(self.mount), may_fail=True), "the disk stays busy")

    def turn_read_only(self) -> None:
        """Let ext4 believe that it met an error of the disk; it was mounted with ``errors=remount-ro``."""
        number = self._device()
        device = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve().name
        Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("made by a test", "ascii")

    def cut_power(self) -> int:
        """Lose all that was not synced; return the moment before, of the monotonic clock in ns."""
        self._device()
        fd = os.open(self.mount, os.O_RDONLY | os.O_DIRECTORY)
        try:
            before_ns = time.monotonic_ns()
            fcntl.ioctl(fd, _SHUTDOWN, struct.pack("I", _WITHOUT_LOG_FLUSH))
        finally:
            os.close(fd)
        return before_ns

    def _device(self) -> int:
        """Number of the device; asserts that it is not the one below, which may be the machine's own."""
        number = self.mount.stat().st_dev
        assert number != self.mount.parent.stat().st_dev, "this is the machine's own disk"
        return number


@contextmanager
def loop_disk(folder: Path, size_mb: int) -> Iterator[LoopDisk]:
    """Make and mount a disk; whatever happens it is unmounted. Raises ``OSError`` where there is none."""
    disk = LoopDisk(folder / "disk.img", folder / "mount")
    disk.mount.mkdir()
    with disk.image.open("wb") as image:
        image.truncate(size_mb << 20)
    _tool("mkfs.ext4", "-q", "-F", str(disk.image))
    try:
        disk.attach()
        yield disk
    finally:
        disk.detach()
        disk.image.unlink()


@contextmanager
def writer(root: Path, told: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``support.power_cut_writer`` on the data set ``root``; it is gone afterwards."""
    argv = [sys.executable, "-m", "support.power_cut_writer", str(root), str(told), *options]
    environment: Mapping[str, str] = os.environ | {"PYTHONPATH": str(TESTS)}
    process = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def last_words(process: subprocess.Popen[bytes]) -> str:
    """Say why a writer ended that should not have; it has ended."""
    assert process.stderr is not None
    return f"exit {process.returncode}: {process.stderr.read().decode(errors='replace')[-3000:]}"


@dataclass(frozen=True, slots=True)
class Losses:
    """What a cut has cost: clips acknowledged before it, of these lost; stored clips that are bad; damage."""

    told: int
    lost: int
    false: int
    damaged: int


def losses(root: Path, told: Path, before_ns: int) -> Losses:
    """Compare what the journal says and what stands on disk with what was told before ``before_ns``."""
    acknowledged = {key for at_ns, key in told_by(told) if at_ns < before_ns}
    replayed = replay(root / layout.JOURNAL)
    stored = stored_clips(root)
    lost = [key for key in acknowledged if replayed.ledger.state_of(key) is not RowState.STORED]
    false = [path for path, clip in stored.items() if not _is_whole(path, clip)]
    return Losses(len(acknowledged), len(lost), len(false), len(replayed.damage))


def told_by(path: Path) -> list[tuple[int, str]]:
    """Read the acknowledgements: (monotonic ns, key); a line cut short by the writer's end is none."""
    lines = path.read_text("ascii").splitlines(keepends=True) if path.exists() else []
    words = [line.split() for line in lines if line.endswith("\n")]
    return [(int(at_ns), key) for at_ns, key in words]


def stored_clips(root: Path) -> dict[Path, ClipStored]:
    """All clips that the journal calls stored, by the path where each must stand."""
    folder = root / layout.JOURNAL
    found = {}
    for name in run_file_names(folder):
        with open_run_file(folder / name) as stream:
            events = [decode(fields) for _, fields in RecordScan(stream)]
        for event in events:
            if isinstance(event, ClipStored):
                ytid = event.key.rsplit("_", 2)[0]
                found[root / layout.CLIPS / "eval" / layout.bucket(ytid) / f"{event.key}.flac"] = event
    return found


def until(condition: Callable[[], object], otherwise: str) -> None:
    """Wait for something outside this process."""
    deadline_s = time.monotonic() + _DEADLINE_S
    while not condition():
        if time.monotonic() > deadline_s:
            raise TimeoutError(otherwise)
        time.sleep(0.002)


def _is_whole(path: Path, event: ClipStored) -> bool:
    return path.is_file() and sha256_of(path.read_bytes()) == event.clip.sha256


def _tool(*argv: str, may_fail: bool = False) -> bool:
    done = subprocess.run(argv, check=False, capture_output=True, timeout=_DEADLINE_S)
    if done.returncode and not may_fail:
        raise OSError(f"{argv[0]}: {done.stderr.decode(errors='replace').strip()}")
    return not done.returncode
