"""The cortical microcircuit of Potjans & Diesmann 2014 in Brian2's C++ standalone mode
(`pip install brian2 scipy`, and a C++ compiler), beside
`cargo bench -p equipoise-encoder --bench populations`.

    python brian2_microcircuit.py [SCALE] [MS] [--warm-up 500] [--seed 1]

SCALE is the share of the neurons and of the synapses of each, as in the preset. The constants are
those of `nest_microcircuit.py`, which must lie beside this script; Poisson input. Compiling and
making the synapses are not counted: the time is that of the compiled program's own clock for `run`.
With 24 GB of memory 0.9 of the neurons, 0.81 of the synapses, runs; the whole network ran out of it.
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
    parser.add_argument("--warm-up", type=float, default=500.0)
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
        steady : amp
        inhibitory : 1 (constant)
        is_l4e : 1 (constant)
        is_l23e : 1 (constant)""",
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

    # One set of synapses, as each would be its own loop over the spikes. Sources and targets are drawn
    # here, as Brian2 has no rule for a total number; weights and delays by the compiled program, which
    # so has no second copy of them. What is cut off is drawn again; of weights that is nothing.
    total = int(np.round(full * share * share).sum())
    ends = [np.empty(total, np.int32), np.empty(total, np.int32)]
    done = 0
    for target in range(8):
        for source in range(8):
            count = int(np.round(full[target, source] * share * share))
            for end, k in zip(ends, (source, target)):
                drawn = generator.integers(firsts[k], firsts[k + 1], count, dtype=np.int32)
                end[done : done + count] = drawn
            done += count
    neurons.inhibitory = np.repeat(np.arange(8) % 2, sizes)
    neurons.is_l4e = np.repeat(np.arange(8) == 2, sizes)
    neurons.is_l23e = np.repeat(np.arange(8) == 0, sizes)
    synapses = Synapses(neurons, neurons, "w : amp", on_pre="current += w")
    synapses.connect(i=ends[0], j=ends[1])
    del ends
    unit = weight * growth * pA
    synapses.w = (
        "unit * (1 - 5 * inhibitory_pre) * (1 + is_l4e_pre * is_l23e_post) * (1 + 0.1 * randn())"
    )
    draw = "(1.5 - 0.75 * inhibitory_pre) * (1 + 0.5 * randn()) * ms"
    synapses.delay = draw
    for _ in range(5):
        synapses.delay["delay < 0.05 * ms"] = draw
    monitor = SpikeMonitor(neurons)
    network = Network(*parts, synapses, monitor)
    network.run((arguments.warm_up + arguments.time) * ms, namespace={"unit": unit})
    device.build(directory=folder, compile=True, run=True, debug=False)

    times, ids = np.asarray(monitor.t / ms), np.asarray(monitor.i)
    for k, name in enumerate(c["NAMES"]):
        chosen = (times > arguments.warm_up) & (ids >= firsts[k]) & (ids < firsts[k + 1])
        print(f"{name:6} {chosen.sum() / sizes[k] / arguments.time * 1000:7.3f} Hz")
    took = device._last_run_time
    print(f"real-time factor {1000 * took / (arguments.warm_up + arguments.time):.2f}, warm-up included")
    print("flags:", " ".join(prefs.codegen.cpp.extra_compile_args_gcc or []))


if __name__ == "__main__":
    main()
