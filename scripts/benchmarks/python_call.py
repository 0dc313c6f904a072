"""What a call from Python costs above the same call from Rust.

    python scripts/benchmarks/python_call.py [--neurons 12500] [--time 1000] [--rounds 5]

Side by side on the same connections: `Network.run` here, and the example `run` of the crate of the
simulator (`cargo run --release -p equipoise-encoder --example run -- N TIME`), each in turn, on one
thread. Prints the smallest time of both, their ratio, and the time of a call that simulates one step.
"""

import argparse
import os
import subprocess
import time

os.environ["RAYON_NUM_THREADS"] = "1"

import equipoise as eq  # noqa: E402  after the number of threads

parser = argparse.ArgumentParser()
parser.add_argument("--neurons", type=int, default=12500)
parser.add_argument("--time", type=float, default=1000.0)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--rust", default="target/release/examples/run", help="the example")
arguments = parser.parse_args()

net = eq.Network.brunel(arguments.neurons, g=5, eta=2)
net.run(0.1, warm_up=0)  # draws the connections


def here():
    start = time.perf_counter()
    spikes = len(net.run(arguments.time).spikes)
    return time.perf_counter() - start, spikes


def there():
    command = [arguments.rust, str(arguments.neurons), str(arguments.time)]
    seconds, spikes = subprocess.check_output(command, text=True).split()
    return float(seconds), int(spikes)


rounds = [(here(), there()) for _ in range(arguments.rounds)]
assert all(a[1] == b[1] for a, b in rounds), "other spikes"
python, rust = (min(r[side][0] for r in rounds) for side in (0, 1))
ratios = sorted(a[0] / b[0] for a, b in rounds)
steps = []
for _ in range(200):
    start = time.perf_counter()
    net.run(0.1, warm_up=0)
    steps.append(time.perf_counter() - start)
print(
    f"Python {python:.3f} s, Rust {rust:.3f} s: {python / rust:.3f} times; by round "
    f"{ratios[0]:.3f} to {ratios[-1]:.3f}; a call of one step {1e3 * min(steps):.2f} ms"
)
