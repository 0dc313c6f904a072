"""Brunel's network in NEST (`pip install nest-simulator`), the independent side of the tests of
the network simulator: rate and CV of inter-spike intervals over seeds.

    python nest_brunel.py N G ETA [--seeds 6] [--time 1000] [--warm-up 100]
                          [--multapses] [--autapses] [--initial zero|uniform]
"""

import argparse
import time

import nest
import numpy as np


def simulate(n, g, eta, seed, arguments):
    nest.ResetKernel()
    nest.set_verbosity("M_ERROR")
    nest.resolution = 0.1
    nest.rng_seed = seed + 1
    excitatory, inhibitory = int(0.8 * n), n - int(0.8 * n)
    c_e, c_i = excitatory // 10, inhibitory // 10
    weight = 100.0 / c_e
    neurons = nest.Create(
        "iaf_psc_delta",
        n,
        {
            "C_m": 1.0,
            "tau_m": 20.0,
            "t_ref": 2.0,
            "E_L": 0.0,
            "V_reset": 10.0,
            "V_m": nest.random.uniform(0.0, 20.0) if arguments.initial == "uniform" else 0.0,
            "V_th": 20.0,
        },
    )
    rate = 1000.0 * eta * 20.0 / (weight * 20.0)
    noise = nest.Create("poisson_generator", params={"rate": rate})
    recorder = nest.Create("spike_recorder", params={"start": arguments.warm_up})
    rule = {
        "rule": "fixed_indegree",
        "allow_multapses": arguments.multapses,
        "allow_autapses": arguments.autapses,
    }
    nest.Connect(noise, neurons, syn_spec={"weight": weight, "delay": 1.5})
    nest.Connect(neurons[:excitatory], neurons, {**rule, "indegree": c_e}, {"weight": weight, "delay": 1.5})
    nest.Connect(neurons[excitatory:], neurons, {**rule, "indegree": c_i}, {"weight": -g * weight, "delay": 1.5})
    nest.Connect(neurons, recorder)
    start = time.perf_counter()
    nest.Simulate(arguments.warm_up + arguments.time)
    took = time.perf_counter() - start
    events = recorder.get("events")
    order = np.lexsort((events["times"], events["senders"]))
    senders, times = events["senders"][order], events["times"][order]
    cvs = []
    for train in np.split(times, np.flatnonzero(np.diff(senders)) + 1):
        if len(train) >= 3:
            intervals = np.diff(train)
            cvs.append(intervals.std() / intervals.mean())
    return len(times) / n / arguments.time * 1000.0, float(np.mean(cvs)), took


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("n", type=int)
    parser.add_argument("g", type=float)
    parser.add_argument("eta", type=float)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--time", type=float, default=1000.0)
    parser.add_argument("--warm-up", type=float, default=100.0)
    parser.add_argument("--multapses", action="store_true")
    parser.add_argument("--autapses", action="store_true")
    parser.add_argument("--initial", choices=["zero", "uniform"], default="uniform")
    arguments = parser.parse_args()
    runs = np.array(
        [simulate(arguments.n, arguments.g, arguments.eta, s, arguments) for s in range(arguments.seeds)]
    )
    (rate, cv, took), spread = runs.mean(axis=0), runs.std(axis=0, ddof=1) if len(runs) > 1 else np.zeros(3)
    print(
        f"N {arguments.n} g {arguments.g} eta {arguments.eta}: {rate:.2f} ± {spread[0]:.2f} Hz, "
        f"CV {cv:.3f} ± {spread[1]:.3f}, simulation {took:.2f} s"
    )


if __name__ == "__main__":
    main()
