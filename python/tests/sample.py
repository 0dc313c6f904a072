"""A program that mypy checks strictly."""

import numpy as np
import numpy.typing as npt

import equipoise as eq

net: eq.Network = eq.Network.brunel(1000, g=5, eta=2)
rec: eq.Recording = net.run(100, seed=0, probe=[1, 2])
times: npt.NDArray[np.float32] = rec.spikes.times
ids: npt.NDArray[np.uint32] = rec.spikes.ids
found: eq.Diagnosis = eq.diagnose(net, 100)
balanced: bool = found.verdict.balanced
word: str = found.verdict.state
numbers: dict[str, float] = found.numbers
table = eq.balance_map(net, g=[4.0, 5.0], eta=[1.0, 2.0]).table
counts: eq.Counts = eq.encode(np.zeros((2, 8, 8)), net, bins=2)
decoder: eq.Decoder = eq.Decoder("ridge")
images: npt.NDArray[np.float32] = decoder.predict(counts)
classifier: eq.Classifier = eq.Classifier(0.8, "extreme", epochs=2)
shares: npt.NDArray[np.float64] = classifier.predict_proba(np.zeros((1, 10, 3)))
results: eq.StudyResults = eq.studies.hebb(seed=1)
run: eq.Run = eq.Run("runs/x")
spikes: eq.Spikes = eq.load("x.npz")
circuit: eq.Populations = eq.Populations.published("brunel", scale=0.1)
judged: eq.PopulationsDiagnosis = eq.diagnose(circuit, 400)
rate: float = judged["E"].numbers["rate_hz"]
read: eq.Counts = eq.encode(np.zeros((2, 8, 8)), circuit, onto=["E"], record="E", part="test")
mapped: eq.StudyResults = eq.studies.populations_map(network=circuit)
