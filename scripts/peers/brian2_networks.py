"""The networks of `cargo bench -p equipoise-encoder --bench network` in Brian2's C++ standalone
mode (`pip install 'numpy<2' brian2`, and a C++ compiler).

    python brian2_networks.py brunel [--g 5]
    python brian2_networks.py encoder [--images 100] [--data datasets]

Compiling is not counted. Two times are printed: that of the compiled program's own clock for
`run`, and the processor time of the whole program, which a busy machine does not change.
`--beside COMMAND` runs the other side before and after, so that both see the same machine:

    --beside "cargo bench -p equipoise-encoder --bench network -- encoder"
"""

import argparse
import gzip
import pathlib
import resource
import subprocess
import tempfile

import numpy as np
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    SpikeMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    device,
    ms,
    mV,
    prefs,
    seed,
    set_device,
)

EQUATIONS = "dv/dt = -v / (20*ms) : volt (unless refractory)"


def neurons(n):
    group = NeuronGroup(
        n, EQUATIONS, threshold="v >= 20*mV", reset="v = 10*mV", refractory=2 * ms, method="exact"
    )
    group.v = "rand() * 20*mV"
    return group


def fixed_in_degree(sources, targets, count, rng, first):
    """Source and target indices: `count` different sources for each target, no autapses."""
    i = np.empty((targets, count), dtype=np.int32)
    for target in range(targets):
        candidates = sources - (first <= target < first + sources)
        drawn = rng.choice(candidates, count, replace=False)
        if first <= target < first + sources:
            drawn = drawn + (drawn >= target - first)
        i[target] = drawn
    return i.ravel(), np.repeat(np.arange(targets, dtype=np.int32), count)


def connect(source, target, weight, count, rng, delay, first=-(10**9)):
    # What arrives during refractoriness is lost, which Brian2 has to be told.
    effect = f"v_post += {weight}*mV * int(not_refractory_post)"
    synapses = Synapses(source, target, on_pre=effect, delay=delay)
    i, j = fixed_in_degree(len(source), len(target), count, rng, first)
    synapses.connect(i=i, j=j)
    return synapses


def pictures(count, data, rng):
    """Fashion-MNIST's first images, or pictures of its mean intensity, half of the pixels dark."""
    for path in pathlib.Path(data).rglob("train-images-idx3-ubyte*"):
        if "fashion" in str(path).lower():
            opened = gzip.open(path) if path.suffix == ".gz" else open(path, "rb")
            with opened as file:
                pixels = np.frombuffer(file.read(16 + 784 * count)[16:], dtype=np.uint8)
            return pixels.reshape(count, 784) / 255
    dark = rng.random((count, 784)) < 0.5
    return np.where(dark, 0.0, np.minimum(rng.random((count, 784)) * 1.144, 1.0))


def run_compiled():
    """Compiles and runs; seconds by the program's clock and by the processor's."""
    directory = tempfile.mkdtemp()
    device.build(directory=directory, compile=True, run=False, debug=False)
    processor = lambda: resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    before = processor()
    device.run(directory, with_output=False, run_args=[])
    return device._last_run_time, processor() - before


def brunel(arguments):
    rng = np.random.default_rng(1)
    n, excitatory = 12_500, 10_000
    group = neurons(n)
    weight = 0.1
    rate = 2.0 * 20.0 / (weight * 20.0) * 1000 * Hz
    # 1,000 independent sources of 20 Hz each, summed per neuron by Brian2's PoissonInput.
    noise = PoissonInput(group, "v", 1000, rate / 1000, weight * mV)
    e = connect(group[:excitatory], group, weight, 1000, rng, 1.5 * ms, 0)
    i = connect(group[excitatory:], group, -arguments.g * weight, 250, rng, 1.5 * ms, excitatory)
    monitor = SpikeMonitor(group)
    network = Network(group, noise, e, i, monitor)
    network.run(1000 * ms)
    took, processor = run_compiled()
    print(f"brian2 brunel 12500, g {arguments.g}: 1 s of biological time in {took:.2f} s "
          f"({processor:.2f} s of processor), {monitor.num_spikes / n:.1f} Hz")


def encoder(arguments):
    rng = np.random.default_rng(1)
    images = arguments.images
    group = neurons(1000)
    # One picture every 100 ms, in one run, so that nothing is compiled or loaded between them.
    intensity = TimedArray(pictures(images, arguments.data, rng) * 200 * Hz, dt=100 * ms)
    pixels = PoissonGroup(784, rates="intensity(t, i)", namespace={"intensity": intensity})
    feed = connect(pixels, group, 0.5, 78, rng, 0.1 * ms)
    e = connect(group[:800], group, 0.4, 80, rng, 1.5 * ms, 0)
    i = connect(group[800:], group, -2.0, 20, rng, 1.5 * ms, 800)
    monitor = SpikeMonitor(group)
    network = Network(group, pixels, feed, e, i, monitor)
    network.run(images * 100 * ms)
    took, processor = run_compiled()
    print(f"brian2 encoder: {images / processor:.0f} images/s/core by processor time "
          f"({images / took:.0f} by the clock), {monitor.num_spikes / images / 100:.1f} Hz")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("network", choices=["brunel", "encoder"])
    parser.add_argument("--g", type=float, default=5.0)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--data", default="datasets")
    parser.add_argument("--beside", help="run this command before and after")
    arguments = parser.parse_args()
    set_device("cpp_standalone", build_on_run=False)
    # One thread, all optimisation that the compiler has.
    prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-ffast-math", "-march=native"]
    defaultclock.dt = 0.1 * ms
    seed(1)
    beside = lambda: arguments.beside and subprocess.run(arguments.beside, shell=True, check=True)
    beside()
    {"brunel": brunel, "encoder": encoder}[arguments.network](arguments)
    beside()


if __name__ == "__main__":
    main()
