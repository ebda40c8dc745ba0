"""The list that ``asyncdl demo`` runs, and the mishaps that its videos meet."""

from __future__ import annotations

import random
from collections.abc import Mapping

from asyncdl.demo.scenarios import Scenario

SEED = 2017
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LAST = "048AEIMQUYcgkosw"
_LABELS = ("/m/09x0r", "/m/04rlf", "/m/0bt9lr", "/m/0jbk", "/t/dd00088", "/m/068hy")

# Parts of all videos; the rest is good, with sound as m4a or webm.
SHARES: Mapping[Scenario, float] = {
    Scenario.M4A_ONLY: 0.40,
    Scenario.PRIVATE: 0.03,
    Scenario.REMOVED: 0.02,
    Scenario.TERMINATED: 0.01,
    Scenario.GEO_BLOCKED: 0.02,
    Scenario.NO_RANGE: 0.01,
    Scenario.NO_SIDX: 0.01,
    Scenario.HTTP503_ONCE: 0.03,
    Scenario.RESET_ONCE: 0.02,
    Scenario.MEDIA503_ONCE: 0.02,
    Scenario.MEDIA403_ONCE: 0.02,
    Scenario.TRUNCATED_ONCE: 0.02,
}


def demo_list(count: int, seed: int = SEED) -> str:
    """Write ``count`` rows in the form of AudioSet's weak lists, the same ones for the same seed.

    Starts run from 0 to 590 s; most segments last 10 s, some less, as in the real lists.
    """
    rng = random.Random(seed)  # noqa: S311 - chooses rows, keeps no secret
    rows = sorted(_row(rng) for _ in range(count))
    head = (
        "# Segments csv created for asyncdl demo\n"
        f"# num_ytids={count}, num_segs={count}\n"
        "# YTID, start_seconds, end_seconds, positive_labels\n"
    )
    return head + "".join(rows)


def _row(rng: random.Random) -> str:
    ytid = "".join(rng.choices(_ALPHABET, k=10)) + rng.choice(_LAST)
    start_s = rng.choice((30, 10 * rng.randrange(60), rng.randrange(591), rng.randrange(5900) / 10))
    length_s = 10 if rng.random() < 0.95 else rng.randrange(1, 10)
    labels = ",".join(sorted(rng.sample(_LABELS, k=rng.randint(1, 3))))
    return f'{ytid}, {start_s:.3f}, {start_s + length_s:.3f}, "{labels}"\n'
