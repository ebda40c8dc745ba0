"""The id picks the fault; a cast may give any id one; the same seed gives the same fates."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.codes import Code
from asyncdl.demo.scenarios import GOOD, Plan, Scenario, by_id, by_share, named, scenario_named

ids = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", min_size=11, max_size=11)


def test_every_scenario_is_asked_for_by_a_lawful_id() -> None:
    assert [scenario for scenario in Scenario if not re.fullmatch("[A-Za-z0-9_-]{11}", scenario)] == []


def test_a_listed_id_means_its_scenario_and_a_passing_one_passes() -> None:
    assert named("private____") == Plan(Scenario.PRIVATE)
    assert named("http503once") == Plan(Scenario.HTTP503, times=1)
    assert named("truncatedon") == Plan(Scenario.TRUNCATED, times=1)


@given(ids.filter(lambda video_id: video_id not in set(Scenario)))
def test_any_other_id_is_good(video_id: str) -> None:
    assert named(video_id) is GOOD


def test_a_scenario_is_found_by_its_name_or_its_id() -> None:
    assert scenario_named("geo_blocked") is scenario_named("geoblocked_") is Scenario.GEO_BLOCKED
    with pytest.raises(ValueError, match="nonsense"):
        scenario_named("nonsense")


def test_a_mapping_overrules_and_leaves_the_rest() -> None:
    cast = by_id({"aaaaaaaaaaa": Scenario.MEDIA403_ONCE, "private____": Scenario.GOOD})
    assert cast("aaaaaaaaaaa") == Plan(Scenario.MEDIA403, times=1)
    assert cast("private____").scenario is Scenario.GOOD
    assert cast("removedbyup").scenario is Scenario.REMOVED


@given(ids, st.integers())
def test_the_same_seed_gives_the_same_fate(video_id: str, seed: int) -> None:
    shares = {Scenario.PRIVATE: 0.3, Scenario.HTTP503: 0.3}
    assert by_share(seed, shares)(video_id) == by_share(seed, shares)(video_id)


def test_shares_come_out_as_asked() -> None:
    cast = by_share(1, {Scenario.PRIVATE: 0.02, Scenario.MEDIA503: 0.1}, times=2)
    plans = [cast(f"{number:011d}") for number in range(10_000)]
    assert 150 < plans.count(Plan(Scenario.PRIVATE, 2)) < 250
    assert 900 < plans.count(Plan(Scenario.MEDIA503, 2)) < 1100
    assert plans.count(GOOD) > 8_500


def test_special_ids_keep_their_meaning_among_shares() -> None:
    assert by_share(1, {Scenario.REMOVED: 1.0})("private____").scenario is Scenario.PRIVATE


@pytest.mark.parametrize("shares", [{Scenario.PRIVATE: 1.1}, {Scenario.PRIVATE: -0.1}])
def test_shares_that_are_no_parts_of_one_are_refused(shares: dict[Scenario, float]) -> None:
    with pytest.raises(ValueError, match="parts of 1"):
        by_share(1, shares)


def test_expected_failures_are_codes_of_the_error_table() -> None:
    expected = {scenario.expected for scenario in Scenario} - {None}
    assert expected <= {code.value for code in Code}


def test_good_and_unusual_videos_expect_no_failure() -> None:
    assert Scenario.GOOD.expected is None
    assert Scenario.NO_SIDX.expected is None
    assert Scenario.HTTP503_ONCE.expected is None
    assert Scenario.GEO_BLOCKED.expected == "geo"
