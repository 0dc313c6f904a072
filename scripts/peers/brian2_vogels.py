"""Inhibition that learns to balance (Vogels et al. 2011) in Brian2, after Brian2's own example: the
other side of `equipoise balance populations --preset vogels`.

    python brian2_vogels.py [SCALE] [SECONDS] [--rate 5] [--learning-rate 0.1] [--inhibitory 40] [--seed 1]

SCALE is the share of the 10,000 neurons; each has as many synapses as in the whole network, as far as
there are neurons for it, and `--inhibitory` plastic ones, whose weights begin in proportion. Prints the
rates of both populations in ten windows, and at the end the correlation of excitation and inhibition
onto some neurons in windows of 5 ms. Code is generated in C++ and compiled.
"""

import argparse
import tempfile

import brian2 as b2
import numpy as np
from brian2 import Hz, ms, mV, nS, pA, pF, second

EQUATIONS = """
dv/dt = (-10*nS*(v + 60*mV) - (g_e*v + g_i*(v + 80*mV)) + 200*pA)/(200*pF) : volt (unless refractory)
dg_e/dt = -g_e/(5*ms) : siemens
dg_i/dt = -g_i/(10*ms) : siemens
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scale", type=float, nargs="?", default=0.1)
    parser.add_argument("seconds", type=int, nargs="?", default=60)
    parser.add_argument("--rate", type=float, default=5.0)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--inhibitory", type=float, default=40.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    directory = tempfile.mkdtemp(prefix="brian2-")
    b2.set_device("cpp_standalone", directory=directory, build_on_run=False)
    b2.seed(arguments.seed)
    b2.defaultclock.dt = 0.1 * ms
    excitatory, inhibitory = int(8000 * arguments.scale), int(2000 * arguments.scale)
    probability = min(0.02 / arguments.scale, 1.0)
    neurons = b2.NeuronGroup(
        excitatory + inhibitory,
        EQUATIONS,
        threshold="v > -50*mV",
        reset="v = -60*mV",
        refractory=5 * ms,
        method="euler",
    )
    neurons.v = "-60*mV + 10*mV*rand()"
    e, i = neurons[:excitatory], neurons[excitatory:]
    from_e = b2.Synapses(e, neurons, on_pre="g_e += 0.3*nS")
    from_e.connect(p=probability)
    between_i = b2.Synapses(i, i, on_pre="g_i += 3*nS")
    between_i.connect(p=probability)
    plastic = b2.Synapses(
        i,
        e,
        """w : 1
        dx/dt = -x/(20*ms) : 1 (event-driven)
        dy/dt = -y/(20*ms) : 1 (event-driven)""",
        on_pre="""x += 1
        w = clip(w + (y - alpha)*eta, 0, 100)
        g_i += w*nS""",
        on_post="""y += 1
        w = clip(w + x*eta, 0, 100)""",
        namespace={
            "alpha": float(arguments.rate * Hz * 20 * ms * 2),
            "eta": arguments.learning_rate,
        },
    )
    plastic.connect(p=min(arguments.inhibitory / inhibitory, 1.0))
    plastic.w = 0.3 * 40.0 / arguments.inhibitory
    spikes = b2.SpikeMonitor(neurons)
    b2.run((arguments.seconds - 1) * second)
    # The conductances of the last second.
    watched = b2.StateMonitor(e, ["g_e", "g_i"], record=np.arange(0, excitatory, excitatory // 20))
    b2.run(1 * second)
    b2.device.build(directory=directory, compile=True, run=True, debug=False)
    times, ids = np.asarray(spikes.t / second), np.asarray(spikes.i)
    length = max(1, arguments.seconds // 10)
    for start in range(0, arguments.seconds, length):
        chosen = ids[(times >= start) & (times < start + length)]
        rates = (chosen < excitatory).sum() / excitatory, (chosen >= excitatory).sum() / inhibitory
        print(f"{start:4} s: E {rates[0] / length:.2f} Hz, I {rates[1] / length:.2f} Hz")
    windows = [
        np.asarray(g / nS)[:, : 50 * 200].reshape(-1, 200, 50).mean(axis=2)
        for g in (watched.g_e, watched.g_i)
    ]
    r = [np.corrcoef(a, b)[0, 1] for a, b in zip(*windows)]
    print(f"correlation of excitation and inhibition {np.nanmean(r):.3f}")
    print(f"mean weight {np.mean(plastic.w):.3f} nS")


if __name__ == "__main__":
    main()
