"""What a person types first, from the page of the package: on data that it draws, in seconds.

    pip install "equipoise[plot,progress]"
    python twelve_lines.py

It writes a run directory, `runs/x`, into the folder in which it runs.
"""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np

import equipoise as eq

rng = np.random.default_rng(0)
grid = [3.5, 5.0]
images = np.tile(rng.random((40, 4, 4)), (1, 4, 4))
X, y = (rng.random((64, 20, 6)) < 0.2).astype(np.uint8), rng.integers(0, 2, 64)
ax = plt.subplots()[1]

net = eq.Network.brunel(1250, g=5, eta=2)
rec = net.run(300, seed=0, probe=100)
times, ids, traces = rec.spikes.times, rec.spikes.ids, rec.traces
verdict = eq.diagnose(net, 300).verdict
judged = eq.judge(
    times,
    ids,
    traces.excitation,
    traces.inhibition,
    threshold=20,
    refractory=2,
    neurons=1250,
    recorded=traces.neurons,
).verdict
states = eq.balance_map(net.replace(duration=100.0), g=grid, eta=grid)
distances = eq.metrics.van_rossum(rec.spikes.trains()[:20], tau=20)
shown = eq.Network(neurons=200)
counts = eq.encode(images, shown)
dec = eq.Decoder("mlp-unet", epochs=1, batch_size=8, decoder__hidden=[16, 16])
decoded = dec.fit(counts, images, progress=True).predict(counts)
clf = eq.Classifier(ratio=0.8, logit="extreme", epochs=2, hidden=10).fit(X, y)
answers = clf.predict(X)
found = eq.studies.hebb_run(seed=1, out="runs/x")
taught = eq.stimulate.associate(networks=1, durations=[], noises=[], parameter_errors=[])
run = eq.Run("runs/x")
tables, report = run.tables, run.report()
drawn = eq.plot.raster(rec.spikes, ax=ax)

assert len(times) == len(ids) > 1000
assert list(verdict.reasons.columns)[0] == "criterion" and len(verdict.reasons) == 8
assert judged.state == verdict.state
assert len(states.table) == 4
assert distances.shape == (20, 20) and np.diag(distances).max() == 0
assert decoded.shape == images.shape and np.isfinite(decoded).all()
assert answers.shape == y.shape and set(answers) <= {0, 1}
assert run.state == "done" and list(tables) and set(tables) == set(found.tables)
assert "<html" in report.html.lower()
assert len(taught.tables) > 0 and all(len(table) for table in taught.tables.values())
assert drawn is ax
print("all twelve did what the page says")
