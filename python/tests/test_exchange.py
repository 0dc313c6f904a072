"""Neo, NWB, polars."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import equipoise as eq


def test_neo_goes_both_ways(net: eq.Network) -> None:
    pytest.importorskip("neo")
    rec = net.run(300, seed=1, probe=3)
    segment = rec.to_neo()
    assert len(segment.spiketrains) == 1000 and len(segment.analogsignals) == 3
    back = eq.spikes.events(segment.spiketrains, excitatory=800)
    assert back.duration == 300 and back.units == 1000
    order = np.lexsort((rec.spikes.ids, rec.spikes.times))
    assert np.array_equal(back.times, rec.spikes.times[order])
    assert np.array_equal(back.ids, rec.spikes.ids[order])
    import quantities as pq

    seconds = [train.rescale(pq.s) for train in segment.spiketrains[:50]]
    assert eq.metrics.cv(seconds) == pytest.approx(
        eq.metrics.cv(rec.spikes.trains()[:50]), nan_ok=True
    )
    judged = eq.judge(
        segment.spiketrains,
        None,
        rec.traces.excitation,
        rec.traces.inhibition,
        threshold=20,
        refractory=2,
        excitatory=800,
    )
    assert judged.verdict.balanced
    samples = [segment.spiketrains[:4], segment.spiketrains[4:8]] * 10
    eq.Classifier(epochs=1, hidden=5).fit(samples, [0, 1] * 10)


def test_nwb_goes_both_ways(net: eq.Network, tmp_path: Path) -> None:
    pynwb = pytest.importorskip("pynwb")
    small = eq.Network.brunel(100)
    rec = small.run(200, seed=1)
    rec.to_nwb(tmp_path / "x.nwb", identifier="one")
    with pynwb.NWBHDF5IO(str(tmp_path / "x.nwb"), "r") as reader:
        units = reader.read().units
        assert len(units) == 100
        for unit, train in enumerate(rec.spikes.trains()):
            assert units["spike_times"][unit] == pytest.approx(train / 1000)
        assert list(units["population"][:]) == ["excitatory"] * 80 + ["inhibitory"] * 20
    back = eq.load(tmp_path / "x.nwb")
    assert (back.duration, back.units, back.excitatory) == (200.0, 100, 80)
    order = np.lexsort((rec.spikes.ids, rec.spikes.times))
    assert np.array_equal(back.times, rec.spikes.times[order])
    assert np.array_equal(back.ids, rec.spikes.ids[order])
    # One spike, none, and what is no such file.
    one = eq.spikes.events(([1.5], [3]), duration=10, units=5)
    one.to_nwb(tmp_path / "one.nwb")
    back = eq.load(tmp_path / "one.nwb")
    assert (back.times.tolist(), back.ids.tolist(), back.units) == ([1.5], [3], 5)
    eq.spikes.events(([], []), duration=10, units=5).to_nwb(tmp_path / "none.nwb")
    assert len(eq.load(tmp_path / "none.nwb")) == 0
    whole = (tmp_path / "x.nwb").read_bytes()
    for cut in (20, len(whole) // 2):
        (tmp_path / "cut.nwb").write_bytes(whole[:cut])
        with pytest.raises(eq.DataError, match="cut.nwb"):
            eq.load(tmp_path / "cut.nwb")


def test_polars_if_asked(net: eq.Network) -> None:
    polars = pytest.importorskip("polars")
    eq.use_frames("polars")
    try:
        assert isinstance(eq.diagnose(net, 200).verdict.reasons, polars.DataFrame)
    finally:
        eq.use_frames("pandas")
    with pytest.raises(ValueError, match="pandas"):
        eq.use_frames("excel")  # type: ignore[arg-type]
