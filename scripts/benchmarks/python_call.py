"""What a call from Python costs above the same call from Rust.

    python scripts/benchmarks/python_call.py [--neurons 12500] [--time 1000] [--rounds 20]

Side by side on the same connections: `Network.run` here, and the example `run` of the crate of the
simulator (`cargo run --release -p equipoise-encoder --example run -- N TIME`), each in turn, on one
thread. Both have to be built without CARGO_INCREMENTAL, whose machine code differs by some percent
between the two. Prints for the time of the processor (on Linux), which other processes disturb least,
and for the time that passed: the medians, and the median of the ratios of the rounds with its 95 %
interval (by order statistics); and the time of a call that simulates one step. The thread that waits
looks for signals 30 times a second of the time that passes: on a busy machine that counts for more.
"""

import argparse
import os
import subprocess
import time

os.environ["RAYON_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402

import equipoise as eq  # noqa: E402  after the number of threads

parser = argparse.ArgumentParser()
parser.add_argument("--neurons", type=int, default=12500)
parser.add_argument("--time", type=float, default=1000.0)
parser.add_argument("--rounds", type=int, default=20)
parser.add_argument("--rust", default="target/release/examples/run", help="the example")
arguments = parser.parse_args()

net = eq.Network.brunel(arguments.neurons, g=5, eta=2)
net.run(0.1, warm_up=0)  # draws the connections


def here():
    start, processor = time.perf_counter(), time.process_time()
    spikes = len(net.run(arguments.time).spikes)
    return time.perf_counter() - start, spikes, time.process_time() - processor


def there():
    command = [arguments.rust, str(arguments.neurons), str(arguments.time)]
    seconds, spikes, *processor = subprocess.check_output(command, text=True).split()
    return float(seconds), int(spikes), *(float(value) for value in processor)


rounds = []
for k in range(arguments.rounds):
    # The one first, then the other: whatever the machine drifts.
    first, second = (here, there) if k % 2 == 0 else (there, here)
    a, b = first(), second()
    rounds.append((a, b) if k % 2 == 0 else (b, a))
assert all(a[1] == b[1] for a, b in rounds), "other spikes"


def told(what, place):
    python, rust = (np.array([r[side][place] for r in rounds]) for side in (0, 1))
    ratios, n = np.sort(python / rust), len(rounds)
    # The order statistics that hold the median with at least 95 %.
    below = max(int(np.floor(n / 2 - 0.98 * np.sqrt(n))), 0)
    print(
        f"{what}: Python {np.median(python):.4f} s, Rust {np.median(rust):.4f} s, least "
        f"{python.min():.4f} and {rust.min():.4f}; ratio {np.median(ratios):.4f} "
        f"({ratios[below]:.4f} to {ratios[n - 1 - below]:.4f}), {n} rounds"
    )


if all(len(b) == 3 for _, b in rounds):
    told("time of the processor", 2)
told("time that passed", 0)
steps = []
for _ in range(200):
    start = time.perf_counter()
    net.run(0.1, warm_up=0)
    steps.append(time.perf_counter() - start)
print(f"a call of one step {1e3 * min(steps):.2f} ms")
