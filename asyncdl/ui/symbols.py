"""Signs of the screens, and the same in ASCII for terminals that know no better."""

from __future__ import annotations

from dataclasses import dataclass

from asyncdl.core.breaker import Phase
from asyncdl.core.progress import Stage


@dataclass(frozen=True, slots=True)
class Symbols:
    """One cell each. The three of the bar differ in shape, so that it can be read without colours."""

    stored: str
    failed: str
    track: str
    waiting: str
    fetching: str
    cutting: str
    storing: str
    gave_up: str
    again: str
    running: str
    cooling: str
    probing: str
    benched: str
    dot: str
    ellipsis: str

    def stage(self, stage: Stage) -> str:
        """Sign of a stage: a circle that fills."""
        signs = {
            Stage.WAITING: self.waiting,
            Stage.FETCHING: self.fetching,
            Stage.CUTTING: self.cutting,
            Stage.STORING: self.storing,
        }
        return signs[stage]

    def phase(self, phase: str) -> str:
        """Sign of an identity's phase; the four differ in shape."""
        signs = {
            Phase.RUNNING.value: self.running,
            Phase.COOLING.value: self.cooling,
            Phase.PROBING.value: self.probing,
        }
        return signs.get(phase, self.benched)


UNICODE = Symbols(
    stored="━",
    failed="╍",
    track="─",
    waiting="○",
    fetching="◔",
    cutting="◑",
    storing="◕",
    gave_up="✗",
    again="↻",
    running="●",
    cooling="◌",
    probing="◎",
    benched="⊘",
    dot="·",
    ellipsis="…",
)
ASCII = Symbols(
    stored="#",
    failed="x",
    track="-",
    waiting=".",
    fetching="o",
    cutting="c",
    storing="s",
    gave_up="x",
    again="~",
    running="+",
    cooling="-",
    probing="?",
    benched="x",
    dot="|",
    ellipsis="~",
)


def symbols_for(encoding: str) -> Symbols:
    """Pick by the stream's encoding."""
    return UNICODE if encoding.lower().replace("-", "").startswith("utf") else ASCII
