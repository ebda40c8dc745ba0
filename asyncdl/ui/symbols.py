"""Signs of the screens, and the same in ASCII for terminals that know no better."""

from __future__ import annotations

from dataclasses import dataclass

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
    dot="|",
    ellipsis="~",
)


def symbols_for(encoding: str) -> Symbols:
    """Pick by the stream's encoding."""
    return UNICODE if encoding.lower().replace("-", "").startswith("utf") else ASCII
