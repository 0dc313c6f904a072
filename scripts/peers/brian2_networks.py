"""The networks of `cargo bench -p equipoise-encoder --bench network` in Brian2's C++ standalone
mode (`pip install 'numpy<2' brian2`, and a C++ compiler).

    python brian2_networks.py brunel [--g 5]
    python brian2_networks.py encoder [--images 20]

Compiling is not counted; the time is that of the compiled program's own clock for `run`.
"""

import argparse
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
    # Named constants become part of the generated code.
    synapses = Synapses(source, target, on_pre=f"v_post += {weight}*mV", delay=delay)
    i, j = fixed_in_degree(len(source), len(target), count, rng, first)
    synapses.connect(i=i, j=j)
    return synapses


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
    device.build(directory=tempfile.mkdtemp(), compile=True, run=True, debug=False)
    took = device._last_run_time
    print(f"brian2 brunel 12500, g {arguments.g}: 1 s of biological time in {took:.2f} s, "
          f"{monitor.num_spikes / n:.1f} Hz")


def encoder(arguments):
    rng = np.random.default_rng(1)
    images = arguments.images
    pictures = np.where(rng.random((images, 784)) < 0.5, 0.0, np.minimum(rng.random((images, 784)) * 1.144, 1.0))
    group = neurons(1000)
    # One picture every 100 ms, in one run, so that nothing is compiled or loaded between them.
    rates = TimedArray(pictures * 200 * Hz, dt=100 * ms)
    pixels = PoissonGroup(784, rates="rates(t, i)", namespace={"rates": rates})
    feed = connect(pixels, group, 0.5, 78, rng, 0.1 * ms)
    e = connect(group[:800], group, 0.4, 80, rng, 1.5 * ms, 0)
    i = connect(group[800:], group, -2.0, 20, rng, 1.5 * ms, 800)
    monitor = SpikeMonitor(group)
    network = Network(group, pixels, feed, e, i, monitor)
    network.run(images * 100 * ms)
    device.build(directory=tempfile.mkdtemp(), compile=True, run=True, debug=False)
    took = device._last_run_time
    print(f"brian2 encoder: {images / took:.0f} images/s, {monitor.num_spikes / images / 100:.1f} Hz")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("network", choices=["brunel", "encoder"])
    parser.add_argument("--g", type=float, default=5.0)
    parser.add_argument("--images", type=int, default=20)
    arguments = parser.parse_args()
    set_device("cpp_standalone", build_on_run=False)
    # One thread, all optimisation that the compiler has.
    prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-ffast-math", "-march=native"]
    defaultclock.dt = 0.1 * ms
    seed(1)
    {"brunel": brunel, "encoder": encoder}[arguments.network](arguments)


if __name__ == "__main__":
    main()
