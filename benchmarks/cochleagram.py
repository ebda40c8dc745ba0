"""Seconds that a cochleagram takes on one core, by each of the three ways, and how far off they are.

    PYTHONPATH=tests python benchmarks/cochleagram.py [--times 10]

The clip is the reference signal of the tests, whose cochleagram another program computed in double precision;
``golden`` compares with those values, ``relative_l2`` and ``largest`` with all of the double precision way.
The best of ``--times`` calls counts, in wall time, and as CPU time, which other work on the machine touches
less; ``others`` tells the errors of the faster ways for other sounds. That of a pure tone is no fault of the
method: it leaves most rows with nothing but rounding, whose square root is larger. ``full_set_h`` is for all
2,084,320 segments of AudioSet on one core. FFTs use one thread. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import time

import numpy as np
import numpy.typing as npt

from asyncdl.exporting.cochlea.envelopes import Cochlea, Method
from support.golden import FRAME_STEP, ROW_STEP, golden, reference_wave

AUDIOSET_SEGMENTS = 2_084_320
Values = npt.NDArray[np.floating]


def least_s(cochlea: Cochlea, wave: Values, times: int) -> tuple[float, float]:
    """Answer the least wall time and the least CPU time of one call."""
    walls, cpus = [], []
    for _ in range(times):
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        cochlea(wave)
        walls.append(time.perf_counter() - wall_s)
        cpus.append(time.process_time() - cpu_s)
    return min(walls), min(cpus)


def relative_l2(found: Values, right: Values) -> float:
    """Compare whole arrays."""
    return float(f"{np.linalg.norm(found - right) / np.linalg.norm(right):.3g}")


def other_sounds() -> dict[str, Values]:
    """Make sounds unlike the reference signal, largest sample 1."""
    time_s, noise = np.arange(160_000) / 16_000, np.random.default_rng(0).normal(size=160_000)
    tone = np.sin(2 * np.pi * 1000 * time_s)
    sounds = {
        "white noise": noise,
        "brown noise": np.cumsum(noise) * np.hanning(160_000),
        "noise that begins": noise * (time_s > 3.3),
        "tone switched at 4 Hz": tone * (np.sin(2 * np.pi * 4 * time_s) > 0),
        "clicks": (np.arange(160_000) % 8000 == 100).astype(np.float64),
        "pure tone": tone,
    }
    return {name: np.asarray(sound / np.abs(sound).max(), np.float32) for name, sound in sounds.items()}


def measured(method: Method, times: int, wave: Values, right: Values) -> dict[str, object]:
    """Measure one way on the reference signal."""
    cochlea = Cochlea(method)
    wall_s, cpu_s = least_s(cochlea, wave, times)
    found, known = cochlea(wave), golden()["coch"]
    return {
        "s_per_clip": round(wall_s, 4),
        "cpu_s_per_clip": round(cpu_s, 4),
        "full_set_h": round(cpu_s * AUDIOSET_SEGMENTS / 3600),
        "golden_largest": float(f"{np.abs(found[::ROW_STEP, ::FRAME_STEP] - known).max():.3g}"),
        "relative_l2": relative_l2(found, right),
        "largest": float(f"{np.abs(found - right).max():.3g}"),
    }


def main() -> None:
    """Measure each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    asked = parser.parse_args()
    wave, exact = reference_wave(), Cochlea(Method.DOUBLE)
    right = exact(wave)
    told: dict[str, object] = {"cores": len(os.sched_getaffinity(0)), "load": round(os.getloadavg()[0], 1)}
    told |= {method.value: measured(method, asked.times, wave, right) for method in Method}
    faster = {method: Cochlea(method) for method in (Method.SINGLE, Method.FAST)}
    told["others"] = {
        name: {way.value: relative_l2(cochlea(sound), exact(sound)) for way, cochlea in faster.items()}
        for name, sound in other_sounds().items()
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
