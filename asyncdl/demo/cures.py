"""Which videos one request to the player does not bring, and who gets them. Pure.

The first tier sends one bare player request. The second opens the video's page first, so that its player
requests carry the visitor's mark that the page gave out; that is how the stand-in tells the two apart. Nobody
but YouTube knows what it goes by; only made-for-kids videos are modelled on what is known: apps are refused,
the embedded web player is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asyncdl.demo.scenarios import Scenario

VISITOR = "CgtkZW1vVmlzaXRvcg%3D%3D"
EMBEDDED_PLAYER = "WEB_EMBEDDED_PLAYER"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who sends a player request: an app's name, and whether it opened a page before."""

    client_name: str
    is_visitor: bool


# What the first tier meets.
FIRST_ANSWERS: Mapping[Scenario, Scenario] = {
    Scenario.CURED_CLIENT: Scenario.THIS_UNAVAILABLE,
    Scenario.CURED_UNAVAILABLE: Scenario.UNAVAILABLE,
    Scenario.CURED_SABR: Scenario.SABR_ONLY,
    Scenario.CURED_REJECTED: Scenario.HTTP400,
    Scenario.KIDS: Scenario.THIS_UNAVAILABLE,
}


def met_by(asker: Asker, scenario: Scenario) -> Scenario:
    """Return what this asker meets in a scenario: the first tier's answer, a good video, or the scenario."""
    first = FIRST_ANSWERS.get(scenario)
    if first is None:
        return scenario
    is_cured = asker.client_name == EMBEDDED_PLAYER if scenario is Scenario.KIDS else asker.is_visitor
    return Scenario.GOOD if is_cured else first
