"""How well the pace finds a limit that nobody tells it: figures of a simulation in virtual time.

    python benchmarks/pacing.py [--seeds 50] [--hours 72] [--fleets 3]

The model of YouTube: an identity may send between 300 and 2,000 requests in any sliding hour (log-uniform);
every 6 to 24 h the limit changes by a factor of 0.6 to 1.6 within these bounds; one request too many blocks
the identity for an hour. In the nasty variant each request while blocked restarts that hour. Sixteen workers
per identity, answers after 0.3 to 3 s. The policy sees answers only. A block answers as ``session_limit``
(first pause 60 min); a variant answers as ``bot_check`` (first probe after 15 min, doubling).

Fleets: sixteen such identities, of which three die for good at some moment; the budget is that of the living.
The figures were tuned on other seeds than these. All of it takes about five minutes
(more fleets: more).

Allowed budget: the integral of min(limit, ceiling) over the time. Prints one JSON object: for each policy and
variant the mean and the worst share of the budget that was used (clean answers only), blocks per identity
and requests sent while blocked.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import random
import statistics
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from asyncdl.core.codes import Code
from asyncdl.core.pace_policy import PacePolicy
from asyncdl.core.pacing import Clean, Pace, Throttled, observe, permit_at, took

HOUR_S = 3600.0
WORKERS = 16
EPOCH_S = 1_800_000_000.0


@dataclass
class HiddenLimit:
    """One identity as YouTube sees it."""

    rng: random.Random
    restarts: bool = False
    limit: float = 0.0
    changes_s: float = 0.0
    blocked_until_s: float = 0.0
    sent: deque[float] = field(default_factory=deque)
    blocks: int = 0
    sent_blocked: int = 0

    def __post_init__(self) -> None:
        self.limit = math.exp(self.rng.uniform(math.log(300), math.log(2000)))
        self.changes_s = EPOCH_S + self.rng.uniform(6, 24) * HOUR_S

    def at(self, now_s: float) -> float:
        """Answer the limit, changed if its time has come."""
        while now_s >= self.changes_s:
            self.limit = min(2000.0, max(300.0, self.limit * self.rng.uniform(0.6, 1.6)))
            self.changes_s += self.rng.uniform(6, 24) * HOUR_S
        return self.limit

    def answers(self, now_s: float) -> bool:
        """Whether a request that arrives now is served."""
        limit = self.at(now_s)
        if now_s < self.blocked_until_s:
            self.sent_blocked += 1
            if self.restarts:
                self.blocked_until_s = now_s + HOUR_S
            return False
        while self.sent and self.sent[0] <= now_s - HOUR_S:
            self.sent.popleft()
        self.sent.append(now_s)
        if len(self.sent) <= limit:
            return True
        self.blocked_until_s = now_s + HOUR_S
        self.blocks += 1
        return False


class Pacer(Protocol):
    """What the simulation asks of a policy."""

    def permit_at(self, now_s: float) -> float:
        """When the next request may leave."""
        ...

    def took(self, now_s: float) -> int:
        """Count a request; answers the episode it belongs to."""
        ...

    def answered(self, now_s: float, episode: int, *, is_clean: bool) -> None:
        """Learn of an answer."""
        ...


class Adaptive:
    """The policy of asyncdl."""

    def __init__(self, policy: PacePolicy, code: Code, rng: random.Random) -> None:
        self.pace, self.policy, self.code, self.rng = Pace(), policy, code, rng

    def permit_at(self, now_s: float) -> float:
        """See ``Pacer``."""
        return permit_at(self.pace, self.policy, now_s)

    def took(self, now_s: float) -> int:
        """See ``Pacer``."""
        self.pace = took(self.pace, self.policy, now_s)
        return self.pace.breaker.episode

    def answered(self, now_s: float, episode: int, *, is_clean: bool) -> None:
        """See ``Pacer``."""
        sign = Clean(episode) if is_clean else Throttled(episode, self.code)
        self.pace = observe(self.pace, self.policy, sign, now_s, self.rng)


class PlainAimd:
    """Baseline: a spacing; 50 an hour more in each clean hour, half after a block and an hour's pause."""

    def __init__(self, ceiling_per_h: float) -> None:
        self.ceiling_per_h, self.rate_per_h = ceiling_per_h, 300.0
        self.next_s, self.episode = 0.0, 0

    def permit_at(self, now_s: float) -> float:
        """See ``Pacer``."""
        return max(now_s, self.next_s)

    def took(self, now_s: float) -> int:
        """See ``Pacer``."""
        self.next_s = max(now_s, self.next_s) + HOUR_S / self.rate_per_h
        return self.episode

    def answered(self, now_s: float, episode: int, *, is_clean: bool) -> None:
        """See ``Pacer``."""
        if episode != self.episode:
            return
        if is_clean:
            self.rate_per_h = min(self.ceiling_per_h, self.rate_per_h + 50.0 / self.rate_per_h)
        else:
            self.rate_per_h = max(60.0, self.rate_per_h / 2)
            self.next_s, self.episode = now_s + HOUR_S, self.episode + 1


@dataclass(frozen=True)
class Figures:
    """One identity's run."""

    share: float
    blocks: int
    sent_blocked: int
    served: int
    budget: float


def run(site: HiddenLimit, pacer: Pacer, ceiling_per_h: float, hours: float, rng: random.Random) -> Figures:
    """Play one identity until its end; events are permits and answers."""
    now_s, end_s = EPOCH_S, EPOCH_S + hours * HOUR_S
    answers: list[tuple[float, int, bool]] = []
    served, budget = 0, 0.0
    while now_s < end_s:
        permit_s = pacer.permit_at(now_s) if len(answers) < WORKERS else math.inf
        if answers and answers[0][0] <= permit_s:
            at_s, episode, is_clean = heapq.heappop(answers)
        else:
            at_s, episode, is_clean = permit_s, -1, False
        budget += _budget(site, now_s, min(at_s, end_s), ceiling_per_h)
        now_s = at_s
        if now_s >= end_s:
            break
        if episode >= 0:
            pacer.answered(now_s, episode, is_clean=is_clean)
            continue
        episode, is_clean = pacer.took(now_s), site.answers(now_s)
        served += is_clean
        heapq.heappush(answers, (now_s + rng.uniform(0.3, 3.0), episode, is_clean))
    return Figures(served / budget, site.blocks, site.sent_blocked, served, budget)


def _budget(site: HiddenLimit, from_s: float, to_s: float, ceiling_per_h: float) -> float:
    total = 0.0
    while from_s < to_s:
        limit = site.at(from_s)
        until_s = min(to_s, site.changes_s)
        total += min(limit, ceiling_per_h) * (until_s - from_s) / HOUR_S
        from_s = until_s
    return total


@dataclass(frozen=True)
class Variant:
    """What is played: the far end's manners, the policy (None: plain AIMD) and the ceiling that counts."""

    policy: PacePolicy | None
    ceiling_per_h: float
    code: Code = Code.SESSION_LIMIT
    restarts: bool = False


POLITE = PacePolicy()
WISHED = PacePolicy(ceiling_per_h=2000.0)
VARIANTS = {
    "default, at most 900/h": Variant(POLITE, 900.0),
    "--rate 2000/h": Variant(WISHED, 2000.0),
    "--rate 2000/h, each request while blocked restarts the hour": Variant(WISHED, 2000.0, restarts=True),
    "default, blocks answer as bot_check": Variant(POLITE, 900.0, Code.BOT_CHECK),
    "default, as bot_check, restarting": Variant(POLITE, 900.0, Code.BOT_CHECK, restarts=True),
    "baseline fixed 300/h, of min(limit, 900)": Variant(PacePolicy(ceiling_per_h=300.0), 900.0),
    "baseline fixed 300/h, of the limit": Variant(PacePolicy(ceiling_per_h=300.0), 2000.0),
    "baseline plain AIMD below 900/h": Variant(None, 900.0),
    "baseline plain AIMD below 2000/h": Variant(None, 2000.0),
}
FLEETS = {
    "16 identities, default": VARIANTS["default, at most 900/h"],
    "16 identities, --rate 2000/h": VARIANTS["--rate 2000/h"],
}


def play(variant: Variant, seed: int, hours: float) -> Figures:
    """Play one identity; the seed decides its limits, its latencies and the policy's jitter."""
    site = HiddenLimit(random.Random(f"limit {seed}"), variant.restarts)
    pacer: Pacer = PlainAimd(variant.ceiling_per_h)
    if variant.policy is not None:
        pacer = Adaptive(variant.policy, variant.code, random.Random(f"jitter {seed}"))
    return run(site, pacer, variant.ceiling_per_h, hours, random.Random(f"latency {seed}"))


def fleet(variant: Variant, seed: int, hours: float) -> list[Figures]:
    """Play sixteen identities, of which three die on the way; a dead one has no budget."""
    rng = random.Random(f"fleet {seed}")
    lives = [rng.uniform(0.1, 0.9) * hours if number < 3 else hours for number in range(16)]
    return [play(variant, 10_000 + 16 * seed + number, life) for number, life in enumerate(lives)]


def told(played: Sequence[Figures]) -> dict[str, float]:
    """Sum up identities for people."""
    shares = sorted(figures.share for figures in played)
    blocks = [figures.blocks for figures in played]
    return {
        "identities": len(played),
        "share_mean": round(statistics.mean(shares), 3),
        "share_of_whole": round(sum(f.served for f in played) / sum(f.budget for f in played), 3),
        "share_5th_percentile": round(shares[len(shares) // 20], 3),
        "share_worst": round(shares[0], 3),
        "identities_under_75_percent": sum(share < 0.75 for share in shares),
        "blocks_mean": round(statistics.mean(blocks), 2),
        "blocks_worst": max(blocks),
        "identities_with_5_blocks_or_more": sum(count >= 5 for count in blocks),
        "sent_while_blocked_mean": round(statistics.mean(f.sent_blocked for f in played), 2),
        "sent_while_blocked_worst": max(f.sent_blocked for f in played),
    }


def fleets_told(fleets: Sequence[Sequence[Figures]]) -> dict[str, float]:
    """Sum up fleets: the share of a fleet is that of its whole budget."""
    shares = [sum(f.served for f in each) / sum(f.budget for f in each) for each in fleets]
    fleet_worst = {"fleets": len(fleets), "fleet_share_worst": round(min(shares), 3)}
    return fleet_worst | told([figures for each in fleets for figures in each])


def main() -> None:
    """Play everything and print the figures."""
    parser = argparse.ArgumentParser(description="Figures of the adaptive pace.")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--hours", type=float, default=72.0)
    parser.add_argument("--fleets", type=int, default=3)
    options = parser.parse_args()
    figures = {
        name: told([play(variant, seed, options.hours) for seed in range(options.seeds)])
        for name, variant in VARIANTS.items()
    }
    for name, variant in FLEETS.items():
        played = [fleet(variant, seed, options.hours) for seed in range(options.fleets)]
        figures[name] = fleets_told(played)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
