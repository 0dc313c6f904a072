"""CV, local variation, Fano factor and van Rossum distances of a few spike trains by Elephant, for
the tests of the Python package (`pip install elephant`).

    python scripts/reference/elephant_vectors.py > python/tests/elephant.json
"""

import json
import sys

import elephant
import elephant.spike_train_dissimilarity as dissimilarity
import elephant.statistics as statistics
import neo
import numpy as np
import quantities as pq

rng = np.random.default_rng(20)
trains = [np.sort(rng.uniform(0, 1000, n)).round(3) for n in (0, 3, 17, 60, 61, 140)]
trains.append(np.arange(5.0, 1000.0, 10.0))
trains.append(trains[3].copy())
spike_trains = [neo.SpikeTrain(t, units=pq.ms, t_stop=1000.0) for t in trains]


def of_intervals(measure):
    return [
        float(measure(statistics.isi(t).magnitude)) if len(t) > 2 else float("nan")
        for t in spike_trains
    ]


def distances(tau):
    matrix = dissimilarity.van_rossum_distance(spike_trains, tau * pq.ms, sort=True)
    return np.asarray(matrix, dtype=float).tolist()


taus = [0.5, 5.0, 20.0, 200.0]
full = [k for k, t in enumerate(trains) if len(t) > 2]
trains = [trains[k].tolist() for k in full]
spike_trains = [spike_trains[k] for k in full]
json.dump(
    {
        "elephant": elephant.__version__,
        "trains": trains,
        "cv": of_intervals(statistics.cv),
        "lv": of_intervals(statistics.lv),
        "fano": float(statistics.fanofactor(spike_trains)),
        "van_rossum": {str(tau): distances(tau) for tau in taus},
    },
    sys.stdout,
    indent=1,
)
print()
