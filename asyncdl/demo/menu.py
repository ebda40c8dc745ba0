"""Which masters a video consists of, by scenario, and the terms on which a site serves them."""

from __future__ import annotations

from dataclasses import dataclass

from asyncdl.demo.media import Content, Recipe, Shape
from asyncdl.demo.scenarios import Scenario

LONG_S = 620
SHORT_VIDEO_S = 25
SPECIAL_S = 60


@dataclass(frozen=True, slots=True)
class Terms:
    """How a site behaves towards everybody.

    ``length_s`` is the length of its videos: 620 s holds every row of AudioSet. ``SHORT_VIDEO`` has 25 s;
    ``NOISE``, ``WITH_VIDEO`` and ``NO_AUDIO`` have 60 s, as they are made while a client waits. With
    ``videos`` all have pictures too. ``latency_s`` comes before each reply, ``bytes_per_s`` paces each
    media connection. ``ad_skip_ms`` is the pre-roll of ``AD_WAIT``: media are refused until 2 s before it
    can be skipped.
    ``media_tls`` turned off serves media over plain HTTP. With ``bare_pages`` the pages of videos hold no
    data, so that it has to be asked for.
    """

    length_s: int = LONG_S
    videos: bool = False
    latency_s: float = 0.0
    bytes_per_s: int | None = None
    ad_skip_ms: int = 5000
    media_tls: bool = True
    bare_pages: bool = False


_SOUND = (Shape.M4A, Shape.WEBM, Shape.WEBM_LOW)
_PICTURE = (Shape.VIDEO_360, Shape.VIDEO_144)
_SHAPES = {
    Scenario.MINIMAL: (Shape.M4A,),
    Scenario.M4A_ONLY: (Shape.M4A,),
    Scenario.WEBM_ONLY: (Shape.WEBM, Shape.WEBM_LOW),
    Scenario.WITH_VIDEO: _SOUND + _PICTURE,
    Scenario.NO_AUDIO: (Shape.VIDEO_144,),
    Scenario.SILENT: (Shape.M4A, Shape.WEBM),
    Scenario.NOISE: (Shape.M4A, Shape.WEBM),
    Scenario.DRC_TRACKS: (Shape.M4A, Shape.WEBM),
    Scenario.NO_SIDX: (Shape.M4A_NO_INDEX,),
    Scenario.CUES_AT_END: (Shape.WEBM_CUES_AT_END,),
    Scenario.BIG_FILE: (Shape.M4A,),
}
_LENGTH_S = {
    Scenario.SHORT_VIDEO: SHORT_VIDEO_S,
    Scenario.NOISE: SPECIAL_S,
    Scenario.WITH_VIDEO: SPECIAL_S,
    Scenario.NO_AUDIO: SPECIAL_S,
}
_CONTENT = {Scenario.SILENT: Content.SILENCE, Scenario.NOISE: Content.NOISE}


def recipes(scenario: Scenario, terms: Terms) -> tuple[Recipe, ...]:
    """List what a video of this scenario offers, best known format first."""
    length_s = min(_LENGTH_S.get(scenario, terms.length_s), terms.length_s)
    shapes = _SHAPES.get(scenario, _SOUND + _PICTURE if terms.videos else _SOUND)
    content = _CONTENT.get(scenario, Content.CHIRP)
    return tuple(_recipe(content, shape, length_s) for shape in shapes)


def recipe_word(recipe: Recipe) -> str:
    """Name a recipe in a media address."""
    return f"{recipe.content}.{recipe.shape}.{recipe.length_s}"


def recipe_of(word: str) -> Recipe:
    """Read ``recipe_word`` back; raises ``ValueError`` for anything else."""
    content, shape, length_s = word.split(".")
    return Recipe(Content(content), Shape(shape), int(length_s))


def _recipe(content: Content, shape: Shape, length_s: int) -> Recipe:
    """Pictures always tell the time, so that one file serves all contents."""
    is_picture = shape in _PICTURE
    return Recipe(Content.CHIRP if is_picture else content, shape, length_s)
