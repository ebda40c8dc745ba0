"""What a reader found: how much is equal, how far off the sound is, and everything that is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from readers.truth import FULL_SCALE, Truth

Sound = npt.NDArray[np.generic]

EXACT = 0.0
ONE_STEP = 1.01
"""A sample that was rounded or cut to 16 bits, in steps of those."""
_MOST_WRONGS = 12
_MOST_LAG_S = 0.1


@dataclass(slots=True)
class Tally:
    """Of one export. ``largest`` is in steps of 16 bits, 1 / 32768 of full scale."""

    reader: str
    seen: set[str] = field(default_factory=set)
    equal_labels: set[str] = field(default_factory=set)
    largest: float = 0.0
    figures: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def require(self, holds: object, text: str) -> None:
        """Note ``text`` where something does not hold."""
        if not holds:
            self.wrong.append(text)

    def equal(self, found: object, right: object, what: str) -> None:
        """Note two things that should be one."""
        self.require(found == right, f"{what}: {found!r:.200}, not {right!r:.200}")

    def names(self, found: Iterable[str], right: Iterable[str], what: str) -> None:
        """Compare lists of which order does not matter, and in which nothing stands twice."""
        there = list(found)
        missing, extra = sorted(set(right) - set(there)), sorted(set(there) - set(right))
        self.require(not missing, f"{what}: {len(missing)} missing, as {missing[:3]}")
        self.require(not extra, f"{what}: {len(extra)} too many, as {extra[:3]}")
        self.equal(len(there), len(set(there)), f"{what}: lines, not counting repeated ones")

    def labels(self, truth: Truth, found: Collection[object], right: Collection[object]) -> None:
        """Compare labels in order."""
        if list(found) == list(right):
            self.equal_labels.add(truth.ytid)
        else:
            self.wrong.append(f"labels of {truth.ytid}: {list(found)}, not {list(right)}")

    def bits(self, truth: Truth, found: npt.NDArray[np.generic]) -> None:
        """Compare with one bit for each of the 527."""
        self.labels(truth, np.flatnonzero(found).tolist(), np.flatnonzero(truth.bits).tolist())
        self.equal(found.shape, (527,), "number of classes")

    def sound(
        self, truth: Truth, found: Sound, right: Sound, within: float, scale: float = FULL_SCALE
    ) -> None:
        """Compare sample by sample; ``within`` counts steps, of which ``scale`` are full scale."""
        self.seen.add(truth.ytid)
        if found.shape != right.shape:
            self.wrong.append(f"sound of {truth.ytid}: shape {found.shape}, not {right.shape}")
            return
        off = np.abs(found.astype(np.float64) - right.astype(np.float64)).max() * scale if found.size else 0.0
        self.largest = max(self.largest, float(off))
        self.require(off <= within, f"sound of {truth.ytid} is off by {off:.4g}, more than {within:.4g}")

    def lossy(self, truth: Truth, found: Sound, right: Sound, rate: int, least: float) -> None:
        """Compare what a lossy encoder made: where it begins, how long it is, and how alike it sounds."""
        self.seen.add(truth.ytid)
        more_s = (len(found) - len(right)) / rate
        lag, alike = _best_lag(found.astype(np.float64), right.astype(np.float64), round(_MOST_LAG_S * rate))
        self._most("longer_ms", 1000 * abs(more_s))
        if right.any():
            self._most("lag_ms", 1000 * abs(lag) / rate)
            self._most("unlike", 1 - alike)
            self.require(alike >= least, f"sound of {truth.ytid} is alike by {alike:.3f}, less than {least}")
        self.require(abs(more_s) <= _MOST_LAG_S, f"sound of {truth.ytid} is {more_s:.3f} s longer")

    def _most(self, name: str, value: float) -> None:
        self.figures[name] = round(max(self.figures.get(name, 0.0), value), 4)

    def told(self) -> dict[str, object]:
        """Answer all of it in JSON form."""
        more = {"more_wrongs": len(self.wrong) - _MOST_WRONGS} if len(self.wrong) > _MOST_WRONGS else {}
        return {
            "reader": self.reader,
            "clips_compared": len(self.seen),
            "labels_equal": len(self.equal_labels),
            "largest_steps": float(f"{self.largest:.4g}"),
            **self.figures,
            "wrong": self.wrong[:_MOST_WRONGS],
            **more,
        }


def _best_lag(found: npt.NDArray[np.float64], right: npt.NDArray[np.float64], most: int) -> tuple[int, float]:
    """Answer by how many samples the one comes later, and their correlation then."""
    size = 1 << (len(found) + len(right)).bit_length()
    product = np.fft.irfft(np.fft.rfft(found, size) * np.conj(np.fft.rfft(right, size)), size)
    near = np.concatenate([product[-most:], product[: most + 1]])
    lag = int(near.argmax()) - most
    scale = np.linalg.norm(found) * np.linalg.norm(right)
    return lag, float(near.max() / scale) if scale else 0.0
