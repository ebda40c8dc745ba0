"""Cochleagrams against values that another program computed in double precision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from asyncdl.exporting.cochlea.envelopes import RELATIVE_ERRORS, Cochlea, Method, framed, kernel
from asyncdl.exporting.cochlea.filters import Subband, centres_hz, subbands
from support.golden import FRAME_STEP, ROW_STEP, golden, reference_wave

pytest.importorskip("scipy")

Values = npt.NDArray[np.float64]
GOLDEN = golden()
WAVE = reference_wave()
TAPS = np.arange(1001)
WINDOW = np.kaiser(1001, 5) * np.sinc((TAPS - 500.5) / 80) / 80


@pytest.fixture(scope="module")
def exact() -> Values:
    return np.asarray(Cochlea(Method.DOUBLE)(WAVE), np.float64)


def relative_error(found: npt.NDArray[np.floating], right: Values) -> float:
    return float(np.linalg.norm(found - right) / np.linalg.norm(right))


def test_the_reference_signal_is_the_one_that_the_values_are_of() -> None:
    np.testing.assert_allclose(WAVE[:64], GOLDEN["x_first"], atol=1e-6)
    assert WAVE.sum(dtype=np.float64) == pytest.approx(12.2518472, abs=1e-4)
    assert (WAVE.astype(np.float64) ** 2).sum() == pytest.approx(29129.7347724, abs=1e-4)


def test_double_precision_gives_the_values_within_1e_9(exact: Values) -> None:
    np.testing.assert_allclose(exact[::ROW_STEP, ::FRAME_STEP], GOLDEN["coch"], rtol=0, atol=1e-9)
    # Sums of 2000 and of all: another sine may round one sample of the input the other way.
    np.testing.assert_allclose(exact.sum(axis=1), GOLDEN["row_sums"], rtol=0, atol=1e-7)
    assert exact.sum() == pytest.approx(float(GOLDEN["sum"]), abs=1e-6)


def test_the_usual_precision_is_within_the_tolerances(exact: Values) -> None:
    usual = Cochlea(Method.SINGLE)(WAVE)
    assert usual.dtype == np.float32
    assert relative_error(usual, exact) <= RELATIVE_ERRORS[Method.SINGLE] == 5e-6
    assert np.abs(usual - exact).max() <= 1e-5
    assert usual.sum(dtype=np.float64) == pytest.approx(float(GOLDEN["sum"]), rel=1e-6)


def test_the_error_of_the_fast_way_is_the_stated_one(exact: Values) -> None:
    stated = RELATIVE_ERRORS[Method.FAST]
    fast = Cochlea(Method.FAST)(WAVE)
    assert stated / 2 < relative_error(fast, exact) <= stated
    assert np.abs(fast - exact).max() <= 1e-3


def test_centre_frequencies_are_the_known_ones() -> None:
    np.testing.assert_allclose(centres_hz(), GOLDEN["cf"], rtol=0, atol=1e-9)


def test_the_squares_of_all_rows_sum_to_one_and_no_row_passes_0_hz_or_the_nyquist_frequency() -> None:
    sums = np.zeros(80_001)
    for band in subbands():
        sums[band.first : band.first + len(band.gains)] += band.gains**2
    np.testing.assert_allclose(sums[1:-1], 1, rtol=0, atol=1e-14)
    assert sums[0] == sums[-1] == 0


def test_silence_gives_zeros_and_the_reference_signal_none(exact: Values) -> None:
    for method in (Method.SINGLE, Method.FAST):
        assert not Cochlea(method)(np.zeros(160_000, np.float32)).any()
    assert exact.all()
    assert divmod(int(exact.argmax()), 2000) == (165, 1950)
    assert exact.max() == pytest.approx(0.62364, abs=1e-5)


def test_doubling_the_sound_multiplies_the_result_by_the_square_root_of_two() -> None:
    cochlea = Cochlea(Method.FAST)
    np.testing.assert_allclose(cochlea(2 * WAVE), np.sqrt(2) * cochlea(WAVE), rtol=1e-6)


def test_one_product_is_too_small_for_threads_whose_number_would_decide_on_the_last_bits() -> None:
    from asyncdl.exporting.cochlea.envelopes import _FRAMES_AT_ONCE  # noqa: PLC0415 - private

    assert 2000 % _FRAMES_AT_ONCE == 0
    assert _FRAMES_AT_ONCE * kernel().size < 1 << 18  # where OpenBLAS begins to share


def halved(bands: list[Subband]) -> list[Subband]:
    return [replace(band, gains=band.gains / 2) for band in bands]


def keeping_0_hz(factor: float) -> Callable[[list[Subband]], list[Subband]]:
    def keep(bands: list[Subband]) -> list[Subband]:
        lowest = bands[0]
        assert lowest.first == 1
        return [Subband(0, np.concatenate([[factor / 2], lowest.gains])), *bands[1:]]

    return keep


def keeping_nyquist(bands: list[Subband]) -> list[Subband]:
    highest = bands[-1]
    assert highest.first + len(highest.gains) == 80_000
    return [*bands[:-1], replace(highest, gains=np.append(highest.gains, highest.gains[-1] / 2))]


def untouched(bands: list[Subband]) -> list[Subband]:
    return bands


SYMMETRIC = framed(np.kaiser(1001, 5) * np.sinc((TAPS - 500) / 80) / 80, 460)


def error_of(
    bands: Callable[[list[Subband]], list[Subband]], low_pass: Values, wave: npt.NDArray[np.float32]
) -> float:
    """Compute the rows whose values are known, and answer their relative error."""
    found = Cochlea(Method.SINGLE, bands(list(subbands()[::ROW_STEP])), low_pass)(wave)
    return relative_error(found[:, ::FRAME_STEP], GOLDEN["coch"])


def test_without_a_mistake_the_known_values_come_out() -> None:
    assert error_of(untouched, kernel(), WAVE) <= 5e-6


@pytest.mark.parametrize(
    ("bands", "low_pass", "wave", "least"),
    [
        pytest.param(halved, kernel(), WAVE, 0.29, id="the subbands are not doubled"),
        # 40 samples late: as if 500 zeros came first and not 460.
        pytest.param(untouched, kernel(), np.roll(WAVE, 40), 3e-2, id="the window is centred"),
        pytest.param(untouched, framed(WINDOW, 461), WAVE, 6e-4, id="461 zeros come first"),
        pytest.param(untouched, SYMMETRIC, WAVE, 3e-4, id="the sinc is symmetric"),
        pytest.param(keeping_0_hz(0.5), kernel(), WAVE, 4e-4, id="0 Hz is kept"),
        pytest.param(keeping_0_hz(1), kernel(), WAVE, 8e-4, id="0 Hz is kept and doubled"),
        pytest.param(keeping_nyquist, kernel(), WAVE, 1e-4, id="the Nyquist frequency is kept"),
        pytest.param(
            untouched,
            kernel(),
            (np.rint(WAVE * 32767) / 32767).astype(np.float32),
            1.5e-5,
            id="the input went through 16 bits",
        ),
    ],
)
def test_each_known_mistake_is_outside_the_tolerance(
    bands: Callable[[list[Subband]], list[Subband]],
    low_pass: Values,
    wave: npt.NDArray[np.float32],
    least: float,
) -> None:
    assert error_of(bands, low_pass, wave) >= least > 5e-6
