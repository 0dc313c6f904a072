from __future__ import annotations

import numpy as np
import pytest

import equipoise as eq


def test_brunels_network_is_balanced_at_five_and_not_at_three_and_a_half() -> None:
    balanced = eq.diagnose(eq.Network.brunel(2500, g=5, eta=2), 500)
    assert balanced.verdict and balanced.balanced
    assert balanced.verdict.state == "balanced"
    driven = eq.diagnose(eq.Network.brunel(2500, g=3.5, eta=2), 500)
    assert not driven.verdict
    assert driven.verdict.state == "mean_driven"
    reasons = driven.verdict.reasons
    assert list(reasons.columns) == ["criterion", "value", "bound", "at_least", "met"]
    net_input = reasons[reasons.criterion == "net input over threshold"].iloc[0]
    assert net_input.value > net_input.bound and not net_input.met
    assert "net input over threshold" in str(driven.verdict)
    assert driven.numbers["rate_hz"] > 200
    assert len(driven.neurons) == 2500
    assert len(driven.inputs) == 100


def test_a_recording_is_judged_as_its_network() -> None:
    net = eq.Network.brunel(1000, g=5, eta=2)
    found = eq.diagnose(net, 500, seed=5)
    rec = net.run(500, seed=5, probe=100)
    same = eq.judge(rec, threshold=20, refractory=2)
    assert same.found == {**found.found, "mean_field_rate_hz": None}
    assert found.found["mean_field_rate_hz"] == net.mean_field_rate > 1
    order = np.random.default_rng(0).permutation(len(rec.spikes))
    strangers = eq.judge(
        rec.spikes.times[order].astype(np.float64),
        rec.spikes.ids[order].astype(np.int64),
        rec.traces.excitation.astype(np.float64),
        rec.traces.inhibition,
        threshold=20,
        refractory=2,
        neurons=1000,
        excitatory=800,
        recorded=rec.traces.neurons,
    )
    assert strangers.found == same.found


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"excitation": None}, "excitation"),
        ({"excitation": np.ones((3, 7))}, "shape"),
        ({"excitation": np.zeros((2, 2, 2))}, "shape"),
        ({"inhibition": np.ones((3, 100))}, "negative"),
        ({"excitation": -np.ones((3, 100))}, "positive"),
        ({"excitation": np.full((3, 100), np.nan)}, "nan"),
        ({"threshold": 0}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"refractory": -1}, "refractory"),
        ({"sample": 0, "duration": 100}, "samples"),
        ({"neurons": 2}, "no unit"),
        ({"excitatory": 11}, "excitatory"),
        ({"recorded": [0, 1, 2, 3]}, "neurons"),
        ({"recorded": [0, 1, 99]}, "99"),
        ({"duration": 5.0}, "times"),
        ({"probed": 3}, "probed"),
        ({"criteria": {"least_cv": -1}}, "least_cv"),
        ({"criteria": {"lest_cv": 1}}, "lest_cv"),
    ],
)
def test_what_cannot_be_judged_is_said(change: dict[str, object], word: str) -> None:
    given: dict[str, object] = {
        "excitation": np.ones((3, 100)),
        "inhibition": -np.ones((3, 100)),
        "threshold": 20,
        "neurons": 10,
        "duration": 100.0,
    }
    times, ids = np.linspace(1, 99, 50), np.arange(50) % 10
    eq.judge(times, ids, **given)  # type: ignore[arg-type]
    with pytest.raises(ValueError) as error:
        eq.judge(times, ids, **{**given, **change})  # type: ignore[arg-type]
    assert word in str(error.value), error.value


def test_a_map_shows_where_balance_ends() -> None:
    net = eq.Network.brunel(1000, g=5, eta=2).replace(duration=300.0)
    found = eq.balance_map(net, g=[3.0, 5.0, 6.0], eta=np.array([1.0, 2.0]), seed=1)
    assert (found.x, found.y) == ("g", "eta")
    assert list(found.table.g) == [3, 5, 6, 3, 5, 6]
    assert list(found.table.eta) == [1, 1, 1, 2, 2, 2]
    balanced = found.grid()
    assert balanced.shape == (2, 3)
    assert not balanced[:, 0].any() and balanced[1, 1:].all()
    # The point is the diagnosis of the network of its settings.
    alone = eq.diagnose(net.replace(g=6.0), 300, seed=1)
    assert found.verdicts[5] == alone.verdict


@pytest.mark.parametrize(
    ("axes", "word"),
    [
        ({"g": [1.0]}, "two"),
        ({"g": [], "eta": [1]}, "at least one"),
        ({"g": [5], "gee": [1]}, "gee"),
        ({"g": [5], "eta": [np.nan]}, "nan"),
        ({"g": [5], "connection_probability": [7]}, "connection_probability"),
    ],
)
def test_maps_that_cannot_be_made(axes: dict[str, list[float]], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        eq.balance_map(eq.Network.brunel(1000), **axes)
