"""What people pass wrong works, or is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import equipoise as eq
from equipoise import _arrays
from equipoise.spikes import events, trains

VALUES = np.array([1.5, 2.25, 4.0, 8.5, 9.0, 11.0])


@pytest.mark.parametrize(
    "form",
    [
        list,
        tuple,
        lambda v: v.astype(np.float32),
        lambda v: v.astype(">f8"),
        lambda v: v.astype("<f2"),
        lambda v: np.repeat(v, 2)[::2],
        lambda v: np.asfortranarray(v[:, None])[:, 0],
        lambda v: np.ma.masked_array(v, mask=False),
        lambda v: np.array(v, dtype=np.longdouble),
        lambda v: memoryview(np.ascontiguousarray(v)),
    ],
)
def test_every_form_of_the_same_numbers(form: Callable[[Any], Any]) -> None:
    assert eq.metrics.cv(np.asarray(form(VALUES))) == pytest.approx(eq.metrics.cv(VALUES))
    assert np.array_equal(_arrays.decimals("x", form(VALUES)), VALUES)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        (np.ma.masked_array(VALUES, mask=[0, 1, 0, 0, 0, 0]), "masked"),
        (np.array([1.0, None]), "objects"),
        (np.array(["a", "b"]), "numbers"),
        (np.array([1 + 2j]), "numbers"),
        (np.array([1.0, np.nan]), "finite"),
        (np.array([1.0, np.inf]), "finite"),
        (np.zeros((2, 2)), "dimensions"),
        (np.float64(3.0), "dimensions"),
        ([[1.0], [1.0, 2.0]], "array"),
        (None, "objects"),
        (np.array(["2020-01-01"], dtype="datetime64[s]"), "numbers"),
        (np.zeros(3, dtype=[("a", "f8")]), "numbers"),
        ({"a": 1}, "objects"),
    ],
)
def test_what_is_no_vector_of_numbers_is_said(values: Any, word: str) -> None:
    with pytest.raises(eq.SettingsError, match=word):
        _arrays.decimals("x", values)


@pytest.mark.parametrize(
    ("ids", "word"),
    [
        ([0, -1], "-1"),
        ([0, 2**33], str(2**33)),
        ([0.5, 1], "whole"),
        ([np.nan, 1], "whole"),
        ([0, 1, 2], "3 ids"),
        ([0, 7], "no unit"),
    ],
)
def test_wrong_ids_are_said(ids: Any, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        events([1.0, 2.0], ids, duration=10, units=5)


@pytest.mark.parametrize("times", [[-1.0, 2.0], [1.0, 20.0], [np.nan, 1.0], [1e300, 2.0]])
def test_wrong_times_are_said(times: Any) -> None:
    with pytest.raises(ValueError, match="times"):
        events(times, [0, 1], duration=10)


def test_events_in_any_order_are_sorted() -> None:
    spikes = events([5.0, 1.0, 3.0], np.array([2, 0, 1], dtype=">i8"), duration=10, units=4)
    assert list(spikes.times) == [1, 3, 5]
    assert list(spikes.ids) == [0, 1, 2]
    assert [len(t) for t in spikes.trains()] == [1, 1, 1, 0]
    assert spikes.counts(2.5).tolist() == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]


def test_trains_and_events_are_one() -> None:
    listed = [np.array([3.0, 1.0]), np.array([]), np.array([2.0])]
    spikes = events(listed, duration=4)
    assert spikes.units == 3
    assert [list(t) for t in trains(spikes)] == [[1, 3], [], [2]]
    assert [list(t) for t in trains((spikes.times, spikes.ids))] == [[1, 3], [], [2]]


def test_empty_arrays() -> None:
    assert np.isnan(eq.metrics.cv([[]])).all()
    assert len(eq.metrics.cv([])) == 0
    assert eq.metrics.van_rossum([[], [10.0]], tau=5.0).tolist() == [[0, 1], [1, 0]]
    empty = events([], [], duration=5)
    assert (len(empty), empty.rate, len(empty.trains())) == (0, 0.0, 1)
    with pytest.raises(ValueError, match="duration"):
        events([], [])


def test_spikes_are_saved_and_loaded(tmp_path: Any, net: eq.Network) -> None:
    spikes = net.run(100, seed=2).spikes
    spikes.save(tmp_path / "x.npz")
    back = eq.load(tmp_path / "x.npz")
    assert np.array_equal(back.times, spikes.times) and np.array_equal(back.ids, spikes.ids)
    assert (back.duration, back.units, back.excitatory) == (100.0, 1000, 800)
    (tmp_path / "bad.npz").write_bytes(b"no archive")
    with pytest.raises(ValueError, match="bad.npz"):
        eq.load(tmp_path / "bad.npz")
    np.savez(tmp_path / "half.npz", times=[1.0])
    with pytest.raises(ValueError, match="ids"):
        eq.load(tmp_path / "half.npz")


def test_spikes_that_were_converted_are_loaded(tmp_path: Any) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, times_ms=[2.0, 1.5], ids=[3, 1], units=5, duration_ms=10.0, sample=[0, 0])
    back = eq.load(path)
    assert (back.times.tolist(), back.ids.tolist()) == ([1.5, 2.0], [1, 3])
    assert (back.duration, back.units) == (10.0, 5)
    np.savez(path, times_ms=[2.0, 1.5], ids=[3, 1], sample=[0, 1])
    with pytest.raises(ValueError, match="recordings"):
        eq.load(path)


def test_the_interpreter_survives_huge_shapes() -> None:
    spikes = events([1.0], [0], duration=1e9, units=2**31)
    with pytest.raises(ValueError, match="memory"):
        spikes.counts(0.001)
    with pytest.raises(ValueError):
        eq.metrics.synchrony(np.zeros((0, 0)))
    with pytest.raises(ValueError):
        eq.metrics.van_rossum([[1.0]] * 3, tau=1.0, convention="grid", steps=2**40)
