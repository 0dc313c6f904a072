"""The cortical microcircuit of Potjans & Diesmann 2014 in Brian2's C++ standalone mode
(`pip install brian2 scipy`, and a C++ compiler), beside
`cargo bench -p equipoise-encoder --bench populations`.

    python brian2_microcircuit.py [SCALE] [MS] [--seed 1]

SCALE is the share of the neurons and of the synapses of each, as in the preset. The constants are
those of `nest_microcircuit.py`, which must lie beside this script; Poisson input. Compiling and
making the synapses are not counted: the time is that of the compiled program's own clock for `run`.
"""

import argparse
import ast
import pathlib
import tempfile

import numpy as np
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    PoissonInput,
    SpikeMonitor,
    Synapses,
    defaultclock,
    device,
    ms,
    mV,
    pA,
    prefs,
    seed,
    set_device,
)


def constants():
    """The tables of the NEST script, without importing NEST."""
    text = (pathlib.Path(__file__).parent / "nest_microcircuit.py").read_text()
    wanted = {"NAMES", "FULL", "EXTERNAL", "RATES", "V0", "V0_SD", "PROBABILITY"}
    scope = {"np": np}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) in wanted:
            exec(compile(ast.Module([node], []), "constants", "exec"), scope)
    return scope


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("share", type=float, nargs="?", default=0.1)
    parser.add_argument("time", type=float, nargs="?", default=500.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    share = arguments.share
    c = constants()
    folder = tempfile.mkdtemp()
    set_device("cpp_standalone", directory=folder, build_on_run=False)
    prefs.devices.cpp_standalone.openmp_threads = 0
    seed(arguments.seed)
    generator = np.random.default_rng(arguments.seed)
    defaultclock.dt = 0.1 * ms

    membrane, synapse, capacitance = 10.0, 0.5, 250.0
    ratio, difference = membrane / synapse, membrane - synapse
    height = ratio ** (-membrane / difference) - ratio ** (-synapse / difference)
    weight = 0.15 * capacitance / (membrane * synapse / (synapse - membrane) * height)
    weights = np.tile(np.where(np.arange(8) % 2 == 1, -4.0, 1.0) * weight, (8, 1))
    weights[0, 2] *= 2
    product = np.outer(c["FULL"], c["FULL"])
    full = np.round(np.log(1 - c["PROBABILITY"]) / np.log(1 - 1 / product))
    recurrent = (weights * full / c["FULL"][:, None] * c["RATES"]).sum(axis=1)
    external = weight * c["EXTERNAL"] * 8.0
    lost = (1 - np.sqrt(share)) * synapse / 1000 * (recurrent + external)
    growth = 1 / np.sqrt(share)
    sizes = np.maximum(1, np.round(c["FULL"] * share)).astype(int)
    firsts = np.concatenate([[0], np.cumsum(sizes)])

    neurons = NeuronGroup(
        int(firsts[-1]),
        """dv/dt = (-65*mV - v) / (10*ms) + (current + steady) / (250*pF) : volt (unless refractory)
        dcurrent/dt = -current / (0.5*ms) : amp
        steady : amp""",
        threshold="v >= -50*mV",
        reset="v = -65*mV",
        refractory=2 * ms,
        method="exact",
    )
    v0 = np.repeat(c["V0"], sizes) + np.repeat(c["V0_SD"], sizes) * generator.standard_normal(firsts[-1])
    neurons.v = v0 * mV
    neurons.steady = np.repeat(lost, sizes) * pA
    parts = [neurons]
    for k in range(8):
        group = neurons[firsts[k] : firsts[k + 1]]
        count = int(np.round(c["EXTERNAL"][k] * share))
        parts.append(PoissonInput(group, "current", count, 8 * Hz, weight=weight * growth * pA))

    # One set of synapses, as each would be its own loop over the spikes.
    sources, targets, strengths, delays = [], [], [], []

    def cut(mean, sd, count, low, high):
        drawn = generator.normal(mean, sd, count)
        while (wrong := (drawn < low) | (drawn > high)).any():
            drawn[wrong] = generator.normal(mean, sd, wrong.sum())
        return drawn

    for target in range(8):
        for source in range(8):
            count = int(np.round(full[target, source] * share * share))
            if count == 0:
                continue
            sources.append(generator.integers(firsts[source], firsts[source + 1], count))
            targets.append(generator.integers(firsts[target], firsts[target + 1], count))
            mean = weights[target, source] * growth
            bounds = (0, np.inf) if mean > 0 else (-np.inf, 0)
            strengths.append(cut(mean, abs(0.1 * mean), count, *bounds))
            delay = 1.5 if source % 2 == 0 else 0.75
            delays.append(cut(delay, 0.5 * delay, count, 0.05, np.inf))
    synapses = Synapses(neurons, neurons, "w : amp", on_pre="current += w")
    synapses.connect(i=np.concatenate(sources), j=np.concatenate(targets))
    synapses.w = np.concatenate(strengths) * pA
    synapses.delay = np.concatenate(delays) * ms
    monitor = SpikeMonitor(neurons)
    network = Network(*parts, synapses, monitor)
    network.run((500 + arguments.time) * ms)
    device.build(directory=folder, compile=True, run=True, debug=False)

    times, ids = np.asarray(monitor.t / ms), np.asarray(monitor.i)
    for k, name in enumerate(c["NAMES"]):
        chosen = (times > 500) & (ids >= firsts[k]) & (ids < firsts[k + 1])
        print(f"{name:6} {chosen.sum() / sizes[k] / arguments.time * 1000:7.3f} Hz")
    took = device._last_run_time
    print(f"real-time factor {1000 * took / (500 + arguments.time):.2f}, warm-up included")
    print("flags:", " ".join(prefs.codegen.cpp.extra_compile_args_gcc or []))


if __name__ == "__main__":
    main()
