"""Measures of activity over time: known processes, and input that is none."""

from __future__ import annotations

import numpy as np
import pytest

import equipoise as eq


def branching_process(m: float, bins: int, seen: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    active, counts = 100, []
    for _ in range(bins):
        active = random.poisson(m * active + (1 - m) * 100)
        counts.append(random.binomial(active, seen))
    return np.array(counts)


def test_the_branching_ratio_does_not_change_with_what_is_seen() -> None:
    for seen in (1.0, 0.1):
        found = eq.metrics.branching_ratio(branching_process(0.9, 50_000, seen, 1))
        assert found["ratio"] == pytest.approx(0.9, rel=0.02)
        assert found["interval"]["low"] < found["ratio"] < found["interval"]["high"]
    trials = np.stack([branching_process(0.9, 5000, 0.5, k) for k in range(5)])
    found = eq.metrics.branching_ratio(trials, per_trial=True, resamples=0)
    assert found["interval"] is None and found["ratio"] == pytest.approx(0.9, rel=0.02)
    with pytest.raises(ValueError, match="bins of a trial"):
        eq.metrics.branching_ratio([1, 2, 3])


def test_avalanches_lie_between_silences() -> None:
    found = eq.metrics.avalanches([0, 2, 3, 0, 0, 1, 0])
    assert found["sizes"].tolist() == [5, 1] and found["durations"].tolist() == [2, 1]
    assert found["exponents"] is None and "at least 50" in found["why"]
    times = np.array([1.0, 1.2, 7.0, 7.1, 12.5])
    found = eq.metrics.avalanches((times, [0, 1, 0, 2, 1]), bin=1.0)
    assert found["sizes"].tolist() == [2, 2]
    with pytest.raises(ValueError, match="bin"):
        eq.metrics.avalanches([1, 2], bin=1.0)


def test_power_laws() -> None:
    u = np.random.default_rng(1).random(20_000)
    sizes = np.floor(0.5 * (1 - u) ** -1 + 0.5).astype(int)
    found = eq.metrics.power_law(sizes)
    assert found["exponent"] == pytest.approx(2, rel=0.05)
    assert found["log_normal"]["p_value"] <= 1
    with pytest.raises(ValueError, match="whole numbers"):
        eq.metrics.power_law([1.5, 2])


def test_tight_balance_of_one_and_of_several() -> None:
    random = np.random.default_rng(0)
    excitation = 10 + random.normal(size=(4, 3000))
    inhibition = -0.5 * np.roll(excitation, 3, axis=1)
    one = eq.metrics.tight_balance(excitation[0], inhibition[0])
    assert one["lag"] == 3 and one["correlation"] > 0.99
    assert one["ratio"] == pytest.approx(0.5, abs=1e-3)
    several = eq.metrics.tight_balance(excitation, inhibition)
    assert [n["lag"] for n in several["neurons"]] == [3] * 4
    assert several["between"]["max"] < 0.1
    with pytest.raises(ValueError, match="vary"):
        eq.metrics.tight_balance(np.ones(100), np.ones(100))
    with pytest.raises(ValueError, match="shape"):
        eq.metrics.tight_balance(np.ones(100), np.ones(99))


def test_fluctuations() -> None:
    random = np.random.default_rng(2)
    noise = random.normal(size=30_000)
    assert eq.metrics.dfa(noise)["exponent"] == pytest.approx(0.5, abs=0.05)
    assert eq.metrics.dfa(np.cumsum(noise))["exponent"] == pytest.approx(1.5, abs=0.1)
    assert not eq.metrics.fei(np.abs(noise))["valid"]
    slow = np.convolve(noise, np.ones(500) / 500, "same")
    found = eq.metrics.fei(1 + np.abs(slow))
    assert found["valid"] and 0 <= found["ratio"] <= 2


def test_spikes_of_a_network() -> None:
    spikes = eq.Network.brunel(500).run(1000).spikes
    found = eq.metrics.branching_ratio(spikes, bin=1.0, longest_lag=20)
    counts = np.bincount(np.floor(spikes.times[spikes.times < 1000]).astype(int), minlength=1000)
    assert found == eq.metrics.branching_ratio(counts, longest_lag=20)
    assert eq.metrics.fei(spikes, bin=1.0, window=100)["windows"] > 10
    with pytest.raises(ValueError, match="bin"):
        eq.metrics.fei(spikes)
