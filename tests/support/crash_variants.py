"""What may be left of one file or one folder after a crash, and samples of all combinations of that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations, product
from math import prod
from random import Random
from typing import TypeVar

_Choice = TypeVar("_Choice")

SECTOR_BYTES = 512


def some_of(choices: Sequence[Sequence[_Choice]], limit: int, rng: Random) -> Iterator[tuple[_Choice, ...]]:
    """Yield one choice of each: every combination up to ``limit``, else the extremes and a sample.

    Up to half of the sample are single choices amid "first of all" or "last of all", the rest is random.
    """
    if prod(map(len, choices)) <= limit:
        yield from product(*choices)
        return
    extremes = [tuple(options[0] for options in choices), tuple(options[-1] for options in choices)]
    alone = [
        (*extreme[:place], option, *extreme[place + 1 :])
        for extreme in extremes
        for place, options in enumerate(choices)
        for option in options
    ]
    yield from extremes
    yield from rng.sample(alone, min(len(alone), limit // 2))
    for _ in range(limit - 2 - min(len(alone), limit // 2)):
        yield tuple(rng.choice(options) for options in choices)


def _subsets(count: int, most: int) -> Iterator[tuple[int, ...]]:
    """Yield places that are kept: none first, all last."""
    if count <= most:
        yield from chain.from_iterable(combinations(range(count), size) for size in range(count + 1))
        return
    places = tuple(range(count))
    yield ()
    yield from ((place,) for place in places)
    yield from (places[:size] for size in range(2, count - 1))
    yield from (places[:place] + places[place + 1 :] for place in places)
    yield places


def change(entries: dict[str, int], by: Mapping[str, int | None]) -> None:
    """Enter names, or remove those that are None."""
    for name, place in by.items():
        if place is None:
            entries.pop(name, None)
        else:
            entries[name] = place


def entries_of(
    durable: Mapping[str, int], changes: Sequence[Mapping[str, int | None]], fineness: int
) -> Iterator[dict[str, int]]:
    """Yield what a folder may list: no change first, all changes last."""
    for kept in _subsets(len(changes), fineness):
        entries = dict(durable)
        for place in kept:
            change(entries, changes[place])
        yield entries


def contents_of(states: Sequence[bytes], fineness: int) -> Iterator[bytes]:
    """Yield what may be read of a file, durable content first; some more than once."""
    durable = states[0]
    yield durable
    for content in states[1:]:
        if len(content) > len(durable):
            yield content[: (len(durable) + len(content)) // 2]
        yield from _torn(durable, content, fineness)
    yield from states[1:]


def _torn(durable: bytes, content: bytes, fineness: int) -> Iterator[bytes]:
    """Yield ``content`` with some of the changed sectors never written, which leaves zeros behind the end."""
    before = durable[: len(content)].ljust(len(content), b"\0")
    sectors = [slice(start, start + SECTOR_BYTES) for start in range(0, len(content), SECTOR_BYTES)]
    changed = [sector for sector in sectors if before[sector] != content[sector]]
    for kept in _subsets(len(changed), fineness):
        torn = bytearray(before)
        for place in kept:
            torn[changed[place]] = content[changed[place]]
        yield bytes(torn)
