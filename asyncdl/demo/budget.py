"""How many player requests the stand-in grants to one client address before it blocks it for a while."""

from __future__ import annotations

from dataclasses import dataclass

from asyncdl.demo.scenarios import Scenario


@dataclass(frozen=True, slots=True)
class Budget:
    """``requests`` are granted; then every video is answered with ``answer`` for ``pause_s`` seconds.

    With ``probing_extends`` each request during the pause starts the pause anew. After it the count begins
    at zero.
    """

    requests: int
    pause_s: float
    answer: Scenario = Scenario.RATE_LIMITED
    probing_extends: bool = False


class Allowances:
    """What each client address has used of its budget."""

    def __init__(self, budget: Budget | None) -> None:
        self._budget = budget
        self._used: dict[str, int] = {}
        self._blocked_until: dict[str, float] = {}

    def refusal(self, address: str, now: float) -> Scenario | None:
        """Count one player request of ``address`` at ``now`` seconds; return the block's answer, if any."""
        budget = self._budget
        if budget is None:
            return None
        if now < self._blocked_until.get(address, now):
            if budget.probing_extends:
                self._blocked_until[address] = now + budget.pause_s
            return budget.answer
        if self._blocked_until.pop(address, None) is not None:
            self._used[address] = 0
        self._used[address] = self._used.get(address, 0) + 1
        if self._used[address] <= budget.requests:
            return None
        self._blocked_until[address] = now + budget.pause_s
        return budget.answer
