"""Against closed forms, NumPy, and values that Elephant, SciPy and scikit-image gave."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import equipoise as eq
from equipoise.metrics import statistics


def test_irregularity_of_known_trains() -> None:
    assert eq.metrics.cv(np.arange(0, 100, 5.0)) == 0
    train = np.cumsum([1.0, 3.0, 1.0, 3.0])
    # Intervals 3, 1, 3.
    assert eq.metrics.cv(train) == pytest.approx(np.std([3, 1, 3]) / np.mean([3, 1, 3]))
    assert eq.metrics.lv(train) == pytest.approx(3 * (0.25 + 0.25) / 2)
    poisson = np.cumsum(np.random.default_rng(1).exponential(10, 20_000))
    assert eq.metrics.cv(poisson) == pytest.approx(1, abs=0.03)
    assert eq.metrics.lv(poisson) == pytest.approx(1, abs=0.03)
    both = eq.metrics.cv([train, [1.0]])
    assert both[0] == eq.metrics.cv(train) and np.isnan(both[1])


def test_counts() -> None:
    counts = np.random.default_rng(0).poisson(4, (3, 5000))
    assert eq.metrics.fano(counts) == pytest.approx(counts.var(axis=1) / counts.mean(axis=1))
    assert eq.metrics.fano(counts[0]) == eq.metrics.fano(counts)[0]
    assert eq.metrics.synchrony(np.tile(counts[0], (4, 1))) == pytest.approx(1)
    assert eq.metrics.synchrony(counts) == pytest.approx(
        np.sqrt(counts.mean(axis=0).var() / counts.var(axis=1).mean())
    )
    r = np.corrcoef(counts)
    assert eq.metrics.correlations(counts)["mean"] == pytest.approx(
        np.mean([r[0, 1], r[0, 2], r[1, 2]]), abs=1e-12
    )


def test_counts_of_spikes() -> None:
    net = eq.Network.brunel(500)
    spikes = net.run(200).spikes
    counts = spikes.counts(20)
    assert counts.sum() == len(spikes) - int((spikes.times >= 200).sum())
    assert np.array_equal(
        eq.metrics.fano(spikes, window=20), eq.metrics.fano(counts), equal_nan=True
    )
    with pytest.raises(ValueError, match="window"):
        eq.metrics.fano(spikes)


def test_van_rossum_distances_of_elephant() -> None:
    # Elephant's values.
    for tau, wanted in [(1, 1.409441062), (5, 1.124384773), (10, 0.887095643)]:
        assert eq.metrics.van_rossum([10.0], [15.0], tau=tau) == pytest.approx(wanted, abs=1e-9)
    a, b = [10, 20, 30.0], [12, 24, 30.0]
    assert eq.metrics.van_rossum(a, b, tau=5) == pytest.approx(1.298997803, abs=1e-9)
    matrix = eq.metrics.van_rossum([a, b, a], tau=5)
    assert matrix[0, 1] == matrix[1, 0] == eq.metrics.van_rossum(a, b, tau=5)
    assert matrix[0, 2] == 0 and matrix[1, 1] == 0
    grid = eq.metrics.van_rossum([], [10.0], tau=1, convention="grid", steps=100)
    assert grid == pytest.approx(1.075415103, abs=1e-9)
    paper = eq.metrics.van_rossum([], [10.0], tau=1, convention="van-rossum")
    assert paper == pytest.approx(np.sqrt(0.5))


VECTORS = Path(__file__).parent / "elephant.json"


def test_elephant_agrees() -> None:
    """The vectors are made by ``scripts/peers/elephant_vectors.py``."""
    vectors = json.loads(VECTORS.read_text())
    trains = [np.array(t) for t in vectors["trains"]]
    assert eq.metrics.cv(trains) == pytest.approx(np.array(vectors["cv"]), abs=1e-9)
    assert eq.metrics.lv(trains) == pytest.approx(np.array(vectors["lv"]), abs=1e-9)
    counts = [len(t) for t in trains]
    assert eq.metrics.fano(counts) == pytest.approx(vectors["fano"], abs=1e-9)
    for tau, wanted in vectors["van_rossum"].items():
        found = eq.metrics.van_rossum(trains, tau=float(tau))
        same = np.array([[np.array_equal(a, b) for a in trains] for b in trains])
        # Equal trains have distance 0 here; Elephant leaves a rounding error.
        assert (found[same] == 0).all() and same.sum() == len(trains) + 2
        assert found[~same] == pytest.approx(np.array(wanted)[~same], abs=1e-9)


def test_image_quality() -> None:
    rng = np.random.default_rng(3)
    a = rng.random((5, 16, 16)).astype(np.float32)
    b = np.clip(a + 0.1, 0, 1)
    assert eq.metrics.mse(a, b) == pytest.approx(((a - b) ** 2).mean())
    assert eq.metrics.psnr(a, a) == np.inf
    assert eq.metrics.psnr(a, b) == pytest.approx(-10 * np.log10(((a - b) ** 2).mean()))
    assert eq.metrics.ssim(a, a) == pytest.approx(np.ones(5))
    one = eq.metrics.ssim(a[0], b[0])
    assert one == eq.metrics.ssim(a, b)[0] < 1
    # 255 times as bright with 255 times the range is as similar.
    assert eq.metrics.ssim(255 * a[0], 255 * b[0], data_range=255) == pytest.approx(one, abs=1e-6)
    for bad in (a[0, :4, :4], np.zeros((3, 0, 9))):
        with pytest.raises(ValueError):
            eq.metrics.ssim(bad, bad)
    with pytest.raises(ValueError, match="shape"):
        eq.metrics.mse(a, a[0])
    with pytest.raises(ValueError):
        eq.metrics.ssim(a, a, size=4)


def test_statistics() -> None:
    a, b = [6.0, 8, 14, 16, 23, 24, 28, 29, 41], [0.0] * 9
    # SciPy: wilcoxon(a - b) = (0, 0.00390625).
    assert statistics.wilcoxon(a, b)["p_value"] == 2 / 512
    x = [1.0, 2, 3, 4, 5]
    y = [2.0, 4, 6, 8, 11]
    t = statistics.welch_t(x, y)
    # SciPy 1.16: ttest_ind(x, y, equal_var=False).
    se = np.sqrt(np.var(x, ddof=1) / 5 + np.var(y, ddof=1) / 5)
    assert t["statistic"] == pytest.approx((3 - 6.2) / se)
    assert list(statistics.holm([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])
    table = statistics.compare({"a": x, "b": y, "c": [1.0, 1, 1, 1, 1]}, reference="a")
    assert list(table.group) == ["b", "c"] and set(table.other) == {"a"}
    assert table.p_corrected.notna().any()
    line = statistics.regression([1.0, 2, 3, 4], [3.0, 5, 7, 9])
    assert (line["slope"], line["intercept"], line["r_squared"]) == (2, 1, 1)
    interval = statistics.bootstrap([21.0, 23.5, 22, 24, 22.5, 23, 21.5], seed=1)
    assert interval["low"] < 22.5 < interval["high"]
    found = statistics.summary([1.0, 2.0, np.nan, np.inf])
    assert (found["count"], found["undefined"], found["infinite"]) == (3, 1, 1)
    with pytest.raises(ValueError, match="vary"):
        statistics.student_t([1.0, 1.0], [1.0, 1.0])
    with pytest.raises(ValueError, match="reference"):
        statistics.compare([x, y], reference=5)
