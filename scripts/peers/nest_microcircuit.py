"""The cortical microcircuit of Potjans & Diesmann 2014 in NEST (`pip install nest-simulator`), the
other side of `cargo bench -p equipoise-encoder --bench populations`: rates, CV of intervals and
count correlations of each population, and the time that it takes.

    python nest_microcircuit.py [SCALE] [MS] [--dc] [--threads 1] [--seed 1]

SCALE is the share of the neurons and of the synapses of each, as in the preset; below 1 the weights
grow and a current replaces the lost mean, as in NEST's own example. NEST is as its wheel was built;
how is printed. The whole network takes 14.5 GB, and three threads: NEST refuses it on one.
"""

import argparse
import resource
import time

import nest
import numpy as np

NAMES = ["L2/3E", "L2/3I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"]
FULL = np.array([20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948])
EXTERNAL = np.array([1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100])
RATES = np.array([0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829])
V0 = [-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43]
V0_SD = [5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48]
PROBABILITY = np.array(
    [
        [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0],
        [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0],
        [0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0.0],
        [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0],
        [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0],
        [0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0.0],
        [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
        [0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443],
    ]
)
TAU_M, TAU_S, C_M = 10.0, 0.5, 250.0


def weight_of_potential(psp):
    ratio, difference = TAU_M / TAU_S, TAU_M - TAU_S
    height = ratio ** (-TAU_M / difference) - ratio ** (-TAU_S / difference)
    return psp * C_M / (TAU_M * TAU_S / (TAU_S - TAU_M) * height)


def build(share, dc):
    weight = weight_of_potential(0.15)
    weights = np.tile(np.where(np.arange(8) % 2 == 1, -4.0, 1.0) * weight, (8, 1))
    weights[0, 2] *= 2
    product = np.outer(FULL, FULL)
    full_synapses = np.round(np.log(1 - PROBABILITY) / np.log(1 - 1 / product))
    recurrent = (weights * full_synapses / FULL[:, None] * RATES).sum(axis=1)
    external = weight * EXTERNAL * 8.0
    lost = (1 - np.sqrt(share)) * TAU_S / 1000
    current = TAU_S / 1000 * external + lost * recurrent if dc else lost * (recurrent + external)
    sizes = np.maximum(1, np.round(FULL * share)).astype(int)
    populations = []
    for k in range(8):
        populations.append(
            nest.Create(
                "iaf_psc_exp",
                int(sizes[k]),
                {
                    "C_m": C_M,
                    "tau_m": TAU_M,
                    "tau_syn_ex": TAU_S,
                    "tau_syn_in": TAU_S,
                    "t_ref": 2.0,
                    "E_L": -65.0,
                    "V_reset": -65.0,
                    "V_th": -50.0,
                    "I_e": float(current[k]),
                    "V_m": nest.random.normal(V0[k], V0_SD[k]),
                },
            )
        )
    growth = 1 / np.sqrt(share)
    for target in range(8):
        for source in range(8):
            number = int(np.round(full_synapses[target, source] * share * share))
            if number == 0:
                continue
            mean = weights[target, source] * growth
            bounds = {"min": 0.0} if mean > 0 else {"max": 0.0}
            delay = 1.5 if source % 2 == 0 else 0.75
            nest.Connect(
                populations[source],
                populations[target],
                {"rule": "fixed_total_number", "N": number},
                {
                    "weight": nest.math.redraw(
                        nest.random.normal(mean, abs(0.1 * mean)),
                        **{"min": -np.inf, "max": np.inf, **bounds},
                    ),
                    "delay": nest.math.redraw(
                        nest.random.normal(delay, 0.5 * delay), min=0.05, max=np.inf
                    ),
                },
            )
    if not dc:
        for k in range(8):
            rate = 8.0 * np.round(EXTERNAL[k] * share)
            noise = nest.Create("poisson_generator", params={"rate": float(rate)})
            nest.Connect(noise, populations[k], syn_spec={"weight": weight * growth, "delay": 1.5})
    recorder = nest.Create("spike_recorder")
    for population in populations:
        nest.Connect(population, recorder)
    return populations, recorder, sizes


def statistics(times, senders, first, size, start, stop, generator):
    chosen = (senders >= first) & (senders < first + size)
    times, senders = times[chosen], senders[chosen] - first
    rate = len(times) / size / (stop - start) * 1000
    cvs = []
    order = np.lexsort((times, senders))
    for train in np.split(times[order], np.flatnonzero(np.diff(senders[order])) + 1):
        if len(train) >= 3:
            intervals = np.diff(train)
            cvs.append(intervals.std() / intervals.mean())
    some = generator.choice(size, min(size, 200), replace=False)
    bins = int((stop - start) / 2)
    counts = np.zeros((len(some), bins))
    place = {unit: k for k, unit in enumerate(some)}
    for time_, sender in zip(times, senders):
        if sender in place:
            counts[place[sender], min(int((time_ - start) / 2), bins - 1)] += 1
    counts = counts[counts.std(axis=1) > 0]
    correlations = np.corrcoef(counts)[np.triu_indices(len(counts), 1)] if len(counts) > 1 else []
    return rate, np.mean(cvs), np.mean(correlations) if len(correlations) else np.nan


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("share", type=float, nargs="?", default=0.1)
    parser.add_argument("time", type=float, nargs="?", default=500.0)
    parser.add_argument("--dc", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    nest.ResetKernel()
    nest.set_verbosity("M_ERROR")
    nest.resolution = 0.1
    nest.local_num_threads = arguments.threads
    nest.rng_seed = arguments.seed
    used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_utime
    before = used()
    populations, recorder, sizes = build(arguments.share, arguments.dc)
    synapses = nest.num_connections
    print(f"{synapses} synapses, built in {used() - before:.1f} s of processor")
    nest.Simulate(500.0)
    before, start = used(), time.perf_counter()
    nest.Simulate(arguments.time)
    took, passed = used() - before, time.perf_counter() - start
    events = recorder.get("events")
    later = events["times"] > 500.0
    times, senders = events["times"][later], events["senders"][later]
    generator = np.random.default_rng(1)
    for population, name, size in zip(populations, NAMES, sizes):
        first = population[0].global_id
        rate, cv, correlation = statistics(
            times, senders, first, size, 500.0, 500.0 + arguments.time, generator
        )
        print(f"{name:6} {rate:7.3f} Hz, CV {cv:.3f}, correlation {correlation:.4f}")
    info = nest.build_info
    print(f"NEST {info['version']}, {info['threads_model']} threads, ndebug {info['ndebug']}")
    per_spike = synapses / sizes.sum()
    print(
        f"real-time factor {1000 * passed / arguments.time:.2f}, of processor "
        f"{1000 * took / arguments.time:.2f}, about {1e9 * took / (len(times) * per_spike):.0f} ns "
        "a synaptic event"
    )


if __name__ == "__main__":
    main()
