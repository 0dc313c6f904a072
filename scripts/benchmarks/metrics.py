"""The peers' side of `cargo bench -p equipoise-metrics`: scikit-image, Elephant, SciPy on the same sizes.

Needs: numpy scipy scikit-image elephant neo quantities. One thread each, as these libraries run.
"""
import time
import warnings

import neo
import numpy as np
import quantities as pq
from elephant import spike_train_dissimilarity
from scipy import stats
from skimage import metrics

warnings.simplefilter("ignore")
rng = np.random.default_rng(0)


def best(what, count, part, run, repeats=3):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    print(f"{what:<58} {min(times) * 1e3:9.3f} ms  {min(times) * 1e6 / count:9.3f} us/{part}")


def quality(a, b, **options):
    for x, y in zip(a, b):
        metrics.mean_squared_error(x, y)
        metrics.peak_signal_noise_ratio(x, y, data_range=1)
        metrics.structural_similarity(x, y, data_range=1, channel_axis=0, **options)


for name, options in [("Gaussian 11", dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False)), ("uniform 7", {})]:
    for count, shape in [(500, (1, 28, 28)), (200, (3, 32, 32)), (8, (1, 512, 512))]:
        a = rng.random((count, *shape), dtype=np.float32)
        b = a + 0.1 * rng.standard_normal(a.shape, dtype=np.float32)
        best(f"MSE, PSNR, SSIM ({name}) of {count} images {shape}", count, "image", lambda: quality(a, b, **options))

for spikes in [2, 10]:
    trains = [neo.SpikeTrain(np.sort(rng.integers(0, 100, rng.poisson(spikes))) * pq.ms, t_stop=100 * pq.ms) for _ in range(100)]
    best(f"van Rossum, Elephant: 100 neurons, {spikes} spikes each", 4950, "pair",
         lambda: spike_train_dissimilarity.van_rossum_distance(trains, 10 * pq.ms))


def grid(neurons, steps, spikes, tau=10.0):
    """The layer on the grid as the E:I study does: dense traces, then every pair."""
    raster = np.zeros((neurons, steps))
    np.add.at(raster, (rng.integers(0, neurons, neurons * spikes), rng.integers(0, steps, neurons * spikes)), 1)
    def run():
        trace, f = np.zeros_like(raster), np.zeros(neurons)
        for k in range(steps):
            f = f * np.exp(-1 / tau) + raster[:, k]
            trace[:, k] = f
        gram = trace @ trace.T
        norms = np.diag(gram)
        return np.sqrt(np.maximum(norms[:, None] + norms[None] - 2 * gram, 0) / tau)
    best(f"van Rossum, grid, NumPy's Gram: {neurons} neurons, T {steps}", neurons * (neurons - 1) // 2, "pair", run)


for neurons, steps, spikes in [(100, 100, 2), (100, 100, 10), (1000, 100, 10), (1000, 1000, 20)]:
    grid(neurons, steps, spikes)

a, b = rng.standard_normal(10_000), rng.standard_normal(10_000)
best("BCa interval of a mean, 10,000 values, 9,999 resamples", 9_999, "resample",
     lambda: stats.bootstrap((a,), np.mean, n_resamples=9_999, batch=100), repeats=1)
best("Mann-Whitney of 10,000 against 10,000", 1, "call", lambda: stats.mannwhitneyu(a, b))
