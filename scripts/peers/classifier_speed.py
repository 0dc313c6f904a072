"""The E:I classifiers' training step against PyTorch, side by side on one core.

    python scripts/peers/classifier_speed.py [--rounds 5] [--seconds 3] [--bench EXECUTABLE]

Round by round, this project's benchmark and the PyTorch peer run in turn, each in a process of its
own pinned to the same core, so that whatever else the machine does falls on both. Prints, for each
network, the median samples a second of CPU time of both, the median of the rounds' ratios with the
smallest and largest, and peak memory; then time and memory of this project for T = 100, 400, 1600.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LINE = re.compile(r"(\d+) samples/s of one core.*peak (\d+) MB")


def find_bench():
    command = ["cargo", "bench", "-p", "equipoise-decoder", "--bench", "classifier", "--no-run"]
    built = subprocess.run(
        [*command, "--message-format", "json"], check=True, stdout=subprocess.PIPE, text=True
    )
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "classifier":
            return message["executable"]
    sys.exit("cargo built no benchmark")


def run(command, case, seconds, *more):
    environment = dict(os.environ, RAYON_NUM_THREADS="1", OMP_NUM_THREADS="1")
    command = [*command, "--case", case, "--seconds", str(seconds), *more]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    speed, memory = LINE.search(out.stdout).groups()
    return float(speed), float(memory)


parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--seconds", type=float, default=3)
parser.add_argument("--bench", help="the benchmark's executable, if it is built already")
parser.add_argument("--core", type=int, default=0)
arguments = parser.parse_args()
bench = [arguments.bench or find_bench()]
torch = [sys.executable, str(HERE / "pytorch_classifier.py"), "--threads", "1"]
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {arguments.core})

print("| network | here, samples/s | PyTorch, samples/s | ratio (range) | memory here | PyTorch |")
print("|---|---|---|---|---|---|")
CASES = {"images": "784-100-10", "speech": "700-200-20", "recurrent": "700-200-20 recurrent"}
for case, synapses in [(c, s) for s in ("current", "conductance") for c in CASES]:
    name = CASES[case] + (", conductances" if synapses == "conductance" else "")
    ours, theirs = [], []
    for _ in range(arguments.rounds):
        theirs.append(run(torch, case, arguments.seconds, "--synapses", synapses))
        ours.append(run(bench, case, arguments.seconds, "--synapses", synapses))
    ratios = [a[0] / b[0] for a, b in zip(ours, theirs)]
    median = lambda pairs, k: statistics.median(p[k] for p in pairs)
    print(
        f"| {name} | {median(ours, 0):,.0f} | {median(theirs, 0):,.0f} "
        f"| {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f}) "
        f"| {median(ours, 1):.0f} MB | {median(theirs, 1):.0f} MB |",
        flush=True,
    )

print()
print("| network | T | ms a sample and 100 steps | memory |")
print("|---|---|---|---|")
for case, name in [("images", "784-100-10"), ("speech", "700-200-20")]:
    for steps in [100, 400, 1600]:
        speed, memory = run(bench, case, arguments.seconds, "--steps", str(steps))
        print(f"| {name} | {steps} | {1e5 / speed / steps:.4f} | {memory:.0f} MB |", flush=True)
