"""What a person types first, from the page of the package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import equipoise as eq


def test_twelve_lines(tmp_path: Path) -> None:
    grid = [3.5, 5.0]
    rng = np.random.default_rng(0)
    images = np.tile(rng.random((40, 4, 4)), (1, 4, 4))
    X, y = (rng.random((64, 20, 6)) < 0.2).astype(np.uint8), rng.integers(0, 2, 64)

    net = eq.Network.brunel(1250, g=5, eta=2)
    rec = net.run(300, seed=0, probe=100)
    times, ids, excitation, inhibition = (
        rec.spikes.times,
        rec.spikes.ids,
        rec.traces.excitation,
        rec.traces.inhibition,
    )
    assert len(eq.diagnose(net, 300).verdict.reasons) == 8
    judged = eq.judge(
        times,
        ids,
        excitation,
        inhibition,
        threshold=20,
        refractory=2,
        neurons=1250,
        recorded=rec.traces.neurons,
    )
    assert judged.verdict.state == eq.diagnose(net, 300).verdict.state
    assert len(eq.balance_map(net.replace(duration=100.0), g=grid, eta=grid).table) == 4
    assert eq.metrics.van_rossum(rec.spikes.trains()[:20], tau=20).shape == (20, 20)
    shown = eq.Network(neurons=200)
    counts = eq.encode(images, shown)
    dec = eq.Decoder("mlp-unet", epochs=1, batch_size=8, decoder__hidden=[16, 16])
    assert dec.fit(counts, images, progress=False).predict(counts).shape == images.shape
    clf = eq.Classifier(ratio=0.8, logit="extreme", epochs=2, hidden=10).fit(X, y)
    assert clf.predict(X).shape == y.shape
    found = eq.studies.hebb_run(seed=1, out=tmp_path / "x")
    run = eq.Run(tmp_path / "x")
    assert run.state == "done" and list(run.tables) and "<html" in run.report().html.lower()
    assert set(run.tables) == set(found.tables)
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    ax = plt.subplots()[1]
    assert eq.plot.raster(rec.spikes, ax=ax) is ax
