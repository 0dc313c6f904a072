"""A spiking classifier of Fashion-MNIST here, in snnTorch and in SpikingJelly: accuracy and time.

    pip install equipoise snntorch spikingjelly torch
    EQUIPOISE_DATA=datasets python scripts/peers/fashion_mnist_classifiers.py [--train 10000] [--epochs 10]

All have 784 inputs in the latency code, 100 hidden spiking neurons and 10 leaky readouts over 100 steps,
Adam, batches of 256 and as many epochs. Each library does its own: snnTorch's Leaky and SpikingJelly's
LIF neurons have no synaptic current and know no Dale's law; here the network is trained with and
without the law. One thread each, unless --threads says otherwise; times are processor time, which other
work on the machine hardly changes.
"""

import argparse
import gzip
import os
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--train", type=int, default=10_000)
parser.add_argument("--test", type=int, default=10_000)
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--who", nargs="*", default=["here", "snntorch", "spikingjelly"])
arguments = parser.parse_args()
os.environ["RAYON_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(arguments.threads)

import numpy as np  # noqa: E402  after the number of threads

import equipoise as eq  # noqa: E402

STEPS, HIDDEN, BATCH, RATE, TAU = 100, 100, 256, 2e-3, 10.0


def idx(name):
    root = Path(os.environ.get("EQUIPOISE_DATA", "datasets"))
    found = sorted(p for p in root.rglob(f"{name}*") if "fashion" in str(p).lower() and p.is_file())
    if not found:
        raise SystemExit(f"{root} has no Fashion-MNIST ({name})")
    raw = found[0].read_bytes()
    raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    dims = raw[3]
    shape = [int.from_bytes(raw[4 + 4 * k : 8 + 4 * k], "big") for k in range(dims)]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dims).reshape(shape)


X = idx("train-images-idx3-ubyte")[: arguments.train]
y = idx("train-labels-idx1-ubyte")[: arguments.train]
X_test = idx("t10k-images-idx3-ubyte")[: arguments.test]
y_test = idx("t10k-labels-idx1-ubyte")[: arguments.test]
events, events_test = eq.latency(X), eq.latency(X_test)


def report(name, accuracy, seconds):
    print(f"| {name} | {100 * accuracy:.1f} % | {seconds:.1f} s |", flush=True)


def here():
    for name, more in (
        ("here, 80:20, Dale's law", {"initial": {"kind": "study", "sigma_1": 0.004}}),
        ("here, no law", {"dale": False, "initial": {"kind": "spy_torch"}}),
    ):
        clf = eq.Classifier(
            0.8,
            "extreme",
            hidden=HIDDEN,
            epochs=arguments.epochs,
            batch=BATCH,
            optimizer={"kind": "adam", "learning_rate": RATE},
            **more,
        )
        start = time.process_time()
        clf.fit(events, y)
        seconds = time.process_time() - start
        report(name, clf.score(events_test, y_test), seconds)


def peer(name, build):
    """Trains a network of PyTorch modules: build() gives forward(batch [T, n, 784]) and parameters."""
    import torch

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    forward, parameters = build(torch)
    optimizer = torch.optim.Adam(parameters, lr=RATE)
    rng = np.random.default_rng(0)

    def grid(source):
        # As bytes, so that all of it is made before the clock runs: [samples, steps, channels].
        return torch.from_numpy(source.dense().astype(np.uint8))

    train, test = grid(events), grid(events_test)

    def dense(source, which):
        return source[which].float().transpose(0, 1)

    labels = torch.from_numpy(y.astype(np.int64))
    start = time.process_time()
    for _ in range(arguments.epochs):
        order = rng.permutation(len(y))
        for first in range(0, len(order) - BATCH + 1, BATCH):
            which = order[first : first + BATCH]
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(forward(dense(train, which)), labels[which])
            loss.backward()
            optimizer.step()
    seconds = time.process_time() - start
    with torch.no_grad():
        answers = [
            forward(dense(test, slice(k, k + BATCH))).argmax(1).numpy()
            for k in range(0, len(y_test), BATCH)
        ]
    report(name, float(np.mean(np.concatenate(answers) == y_test)), seconds)


def snntorch(torch):
    import snntorch as snn
    from snntorch import surrogate

    one, two = torch.nn.Linear(784, HIDDEN, bias=False), torch.nn.Linear(HIDDEN, 10, bias=False)
    with torch.no_grad():
        one.weight *= 5
        two.weight *= 5
    beta = float(np.exp(-1 / TAU))
    hidden = snn.Leaky(beta=beta, spike_grad=surrogate.fast_sigmoid(slope=25))
    readout = snn.Leaky(beta=beta, reset_mechanism="none", threshold=1e9)

    def forward(batch):
        potential, out = hidden.init_leaky(), readout.init_leaky()
        best = None
        for x in batch:
            spikes, potential = hidden(one(x), potential)
            _, out = readout(two(spikes), out)
            best = out if best is None else torch.maximum(best, out)
        return best

    return forward, [*one.parameters(), *two.parameters()]


def spikingjelly(torch):
    from spikingjelly.activation_based import functional, layer, neuron, surrogate

    one = layer.Linear(784, HIDDEN, bias=False, step_mode="m")
    two = layer.Linear(HIDDEN, 10, bias=False, step_mode="m")
    with torch.no_grad():
        one.weight *= 5
        two.weight *= 5
    hidden = neuron.LIFNode(
        tau=TAU,
        decay_input=False,
        v_reset=0.0,
        surrogate_function=surrogate.ATan(),
        step_mode="m",
        detach_reset=True,
    )
    readout = neuron.LIFNode(
        tau=TAU, decay_input=False, v_threshold=1e9, v_reset=None, step_mode="m", store_v_seq=True
    )

    def forward(batch):
        functional.reset_net(hidden)
        functional.reset_net(readout)
        readout(two(hidden(one(batch))))
        return readout.v_seq.max(0).values

    return forward, [*one.parameters(), *two.parameters()]


print(
    f"{len(y)} images, {arguments.epochs} epochs, {HIDDEN} hidden neurons, {STEPS} steps, "
    f"{arguments.threads} thread(s)\n\n| | test accuracy | training, processor time |\n|---|---|---|"
)
if "here" in arguments.who:
    here()
if "snntorch" in arguments.who:
    peer("snnTorch", snntorch)
if "spikingjelly" in arguments.who:
    peer("SpikingJelly", spikingjelly)
