"""The plan of a run, for people and for scripts."""

from __future__ import annotations

import io
import math

import orjson
import pytest
from rich.console import Console

from asyncdl.core.model import AudioFormat, ClipSpec
from asyncdl.core.plan import Advice, Means, Plan, Work, plan
from asyncdl.ui.plan_view import plan_object, plan_view

GB = 10**9
EVAL = Work(to_do=20_371, settled=1_234, is_about=True)
ALONE = Means(identities=1, allowed_per_h=900, concurrency=8)


def told(shown: Plan) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=80, color_system=None).print(plan_view(shown), soft_wrap=True)
    return out.getvalue().splitlines()


def test_a_plan_that_fits_is_told_in_four_lines() -> None:
    means = Means(identities=5, allowed_per_h=900, concurrency=32)
    assert told(plan(EVAL, ClipSpec(AudioFormat.OPUS), means, 120 * GB)) == [
        "Plan",
        "  to do  about 20,371 segments, 1,234 settled already",
        "  disk   about 2.5 GB if all of them are still there (120 kB a clip), 120 GB free",
        "  time   about 4 h 20 min with 32 at a time and up to 900 requests an hour of each of 5 identities",
    ]


def test_everything_against_it_takes_eight_lines() -> None:
    lines = told(plan(EVAL, ClipSpec(), ALONE, 5 * GB))
    assert lines[:4] == [
        "Plan",
        "  to do  about 20,371 segments, 1,234 settled already",
        "  disk   about 20.4 GB if all of them are still there (998 kB a clip), 5.0 GB free",
        "  time   about 22 h with 8 at a time and up to 900 requests an hour of one identity",
    ]
    disk, more_disk, pace, more_ways = lines[4:]
    assert disk == "  The disk will not hold it: 15.4 GB are missing."
    assert more_disk.startswith("         what would help: more space, ")
    assert "about 1,000 requests an hour for a guest (about 300 videos" in pace
    assert more_ways == (
        "         what would help: "
        "more addresses (--proxies, --source-address), patience, or fewer segments (--limit)"
    )


def test_a_pace_without_a_bound_is_told_what_it_meets() -> None:
    text = "\n".join(told(plan(EVAL, ClipSpec(), Means(1, None, 32), 120 * GB)))
    assert "with 32 at a time and no bound on requests" in text
    assert "This is faster than YouTube is known to allow" in text
    assert "Expect pauses, and about 20 h at least." in text


def test_accounts_are_told_their_own_limit_and_risk() -> None:
    means = Means(1, 900, 8, requests_each=5, is_guest=False)
    assert "about 4,000 requests an hour for an account, which it may also block for good" in "\n".join(
        told(plan(EVAL, ClipSpec(), means, 120 * GB))
    )


def test_a_nearly_full_disk_is_mentioned() -> None:
    few = Work(to_do=100)
    shown = plan(few, ClipSpec(), ALONE, plan(few, ClipSpec(), ALONE, GB).needed_bytes + 1)
    assert "  The disk will be nearly full." in told(shown)


def test_nothing_to_do_is_said_so() -> None:
    assert told(plan(Work(0, settled=7), ClipSpec(), ALONE, GB)) == [
        "Plan",
        "  to do  nothing, 7 settled already",
    ]


def test_one_segment_is_one_segment() -> None:
    assert told(plan(Work(1), ClipSpec(), ALONE, GB))[1] == "  to do  1 segment"


def test_scripts_get_the_figures_and_the_advice() -> None:
    found = orjson.loads(orjson.dumps(plan_object(plan(EVAL, ClipSpec(), ALONE, 5 * GB))))
    advice = found.pop("advice")
    assert found == {
        "to_do": 20_371,
        "is_about": True,
        "settled": 1_234,
        "clip_bytes": 998_400,
        "needed_bytes": 20_371 * 1_002_400,
        "free_bytes": 5 * GB,
        "fits": False,
        "time_s": 80_484,
        "identities": 1,
        "allowed_per_h": 900,
        "concurrency": 8,
    }
    assert [(one["code"], one["level"]) for one in advice] == [
        (Advice.DISK_TOO_SMALL, "fault"),
        (Advice.LONG_FOR_ONE, "note"),
    ]
    assert all(one["what"] and one["mend"] for one in advice)


@pytest.mark.parametrize("allowed", [None, math.inf])
def test_scripts_get_null_where_nothing_bounds_the_pace(allowed: float | None) -> None:
    assert plan_object(plan(EVAL, ClipSpec(), Means(1, allowed, 8), GB))["allowed_per_h"] is None
