"""The numbers of the E:I study that need no training, in NumPy: spikes an image and van Rossum
distance of untrained networks on Fashion-MNIST, to compare the test
`the_numbers_that_need_no_training` with.

    python scripts/reference/initial_activity.py FOLDER [--images 900] [--networks 12]

FOLDER holds train-images-idx3-ubyte.gz. For every sigma_1: the mean over images and networks, how
far it is from the published mean (900 images, 3 networks), and two standard errors of such a
published mean, from which 900 images and from which 3 networks they happened to be.
"""

import argparse
import gzip

import numpy as np
import scipy.sparse

STEPS, HIDDEN, EXCITATORY = 100, 100, 80
ALPHA, BETA, DECAY = np.float32(np.exp([-1 / 5, -1 / 10, -1]))
PUBLISHED = [
    (0.001, 10.3, 0.091),
    (0.002, 87.8, 0.367),
    (0.004, 226.6, 0.649),
    (0.01, 524.6, 1.125),
    (0.03, 996.0, 1.607),
    (0.07, 1402.0, 2.033),
]


def events(images):
    """Latency code as a sparse matrix [STEPS * images, pixels]."""
    sample, pixel = np.nonzero(images / 255 > 0.2)
    x = images[sample, pixel] / 255
    step = np.floor(20 * np.log(x / (x - 0.2))).astype(int)
    sample, pixel, step = (a[step < STEPS] for a in (sample, pixel, step))
    rows = step * len(images) + sample
    size = (STEPS * len(images), images.shape[1])
    return scipy.sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, pixel)), shape=size)


def activity(current):
    """Spikes and mean E-E distance of each image, from input currents [STEPS, images, HIDDEN]."""
    v, i, trace = (np.zeros(current.shape[1:], np.float32) for _ in range(3))
    traces = np.empty(current.shape, np.float32)
    spikes = np.zeros(current.shape[1])
    for step in range(STEPS):
        s = v > 1
        v = (BETA * v + i) * ~s
        i = ALPHA * i + current[step]
        trace = DECAY * trace + s
        traces[step] = trace
        spikes += s.sum(1)
    f = traces.transpose(1, 2, 0)[:, :EXCITATORY]
    gram = f @ f.transpose(0, 2, 1)
    norm = np.einsum("bii->bi", gram)
    a, b = np.triu_indices(EXCITATORY, 1)
    square = norm[:, a] + norm[:, b] - 2 * gram[:, a, b]
    return spikes, np.sqrt(np.maximum(square, 0)).mean(1)


parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--images", type=int, default=900)
parser.add_argument("--networks", type=int, default=12)
arguments = parser.parse_args()
with gzip.open(f"{arguments.folder}/train-images-idx3-ubyte.gz") as file:
    pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 784)[: arguments.images]
blocks = [events(pixels[k : k + 500]) for k in range(0, len(pixels), 500)]
print(f"{sum(b.nnz for b in blocks) / len(pixels):.1f} events an image")
for sigma, *published in PUBLISHED:
    found = []
    for seed in range(arguments.networks):
        weights = np.abs(np.random.default_rng(seed).normal(0, sigma, (784, HIDDEN)))
        weights = weights.astype(np.float32)
        currents = (np.asarray(b @ weights).reshape(STEPS, -1, HIDDEN) for b in blocks)
        found.append(np.concatenate([activity(c) for c in currents], axis=1))
    found = np.array(found)
    for k, name in enumerate(["spikes", "van Rossum"]):
        mean = found[:, k].mean()
        images = found[:, k].mean(0).std() / 30
        networks = found[:, k].mean(1).std(ddof=1) / 3**0.5
        print(
            f"sigma_1 {sigma:<6} {name:<11} {mean:9.3f}  published {published[k]:8.3f} "
            f"({100 * (mean / published[k] - 1):+.1f} %)  standard error of 900 images "
            f"{100 * images / mean:.1f} %, of 3 networks {100 * networks / mean:.1f} %",
            flush=True,
        )
