"""Brunel's network in NEST, Brian2 and here, judged by the same numbers; and a network of snnTorch.

    pip install equipoise nest-simulator brian2 snntorch torch
    python scripts/peers/strangers_judged.py [nest] [brian2] [snntorch] [--neurons 2500]

Spikes and inputs go to `equipoise.judge` as anybody's would. The inputs of the probed neurons are R I
in mV: for jumps by J, the sum of a sample's jumps times the membrane time constant over the sample.
"""

import argparse
import time

import numpy as np

import equipoise as eq

TAU, THRESHOLD, RESET, REFRACTORY, DELAY, DT = 20.0, 20.0, 10.0, 2.0, 1.5, 0.1
WARM_UP, DURATION, PROBED, SAMPLE = 100.0, 1000.0, 60, 1.0


def inputs_of_spikes(times, senders, sources, weights, delay):
    """R I in mV of one neuron from the spikes of its sources: one number a sample."""
    weight = dict(zip(sources.tolist(), weights.tolist(), strict=True))
    mine = np.isin(senders, sources)
    arrivals = times[mine] + delay - WARM_UP
    jumps = np.array([weight[s] for s in senders[mine].tolist()])
    inside = (arrivals > 0) & (arrivals <= DURATION)
    sample = np.minimum((arrivals[inside] / SAMPLE).astype(int), int(DURATION / SAMPLE) - 1)
    sums = np.bincount(sample, weights=jumps[inside], minlength=int(DURATION / SAMPLE))
    return sums * TAU / SAMPLE


def nest_network(n, g, eta, seed):
    import nest

    nest.ResetKernel()
    nest.set_verbosity("M_ERROR")
    nest.resolution = DT
    nest.rng_seed = seed + 1
    n_e = int(0.8 * n)
    c_e, c_i = n_e // 10, (n - n_e) // 10
    weight = 100.0 / c_e
    neurons = nest.Create(
        "iaf_psc_delta",
        n,
        {
            "C_m": 1.0,
            "tau_m": TAU,
            "t_ref": REFRACTORY,
            "E_L": 0.0,
            "V_reset": RESET,
            "V_m": nest.random.uniform(0.0, THRESHOLD),
            "V_th": THRESHOLD,
        },
    )
    rule = {"rule": "fixed_indegree", "allow_multapses": False, "allow_autapses": False}
    for part, k, w in ((neurons[:n_e], c_e, weight), (neurons[n_e:], c_i, -g * weight)):
        nest.Connect(part, neurons, {**rule, "indegree": k}, {"weight": w, "delay": DELAY})
    noise = nest.Create(
        "poisson_generator", params={"rate": 1000.0 * eta * THRESHOLD / (weight * TAU)}
    )
    probed = [k * n // PROBED for k in range(PROBED)]
    rest = sorted(set(range(n)) - set(probed))
    nest.Connect(noise, neurons[rest], syn_spec={"weight": weight, "delay": DELAY})
    # The background of the probed neurons goes through parrots, which can be recorded.
    parrots = nest.Create("parrot_neuron", PROBED)
    nest.Connect(noise, parrots, syn_spec={"delay": DT})
    nest.Connect(parrots, neurons[probed], "one_to_one", {"weight": weight, "delay": DELAY})
    recorder = nest.Create("spike_recorder")
    background = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder)
    nest.Connect(parrots, background)
    nest.Simulate(WARM_UP + DURATION + DELAY)
    first = neurons[0].global_id
    events, outside = recorder.get("events"), background.get("events")
    senders, times = events["senders"] - first, events["times"]
    traces = {"excitation": [], "inhibition": []}
    for k, neuron in enumerate(probed):
        synapses = nest.GetConnections(source=neurons, target=neurons[neuron])
        sources = np.array(synapses.get("source")) - first
        weights = np.array(synapses.get("weight"))
        e = inputs_of_spikes(times, senders, sources[weights > 0], weights[weights > 0], DELAY)
        i = inputs_of_spikes(times, senders, sources[weights < 0], weights[weights < 0], DELAY)
        mine = outside["senders"] == parrots[k].global_id
        drive = inputs_of_spikes(
            outside["times"][mine], np.zeros(mine.sum(), int), np.array([0]), np.array([weight]), DELAY
        )
        traces["excitation"].append(e + drive)
        traces["inhibition"].append(i)
    inside = (times > WARM_UP) & (times <= WARM_UP + DURATION)
    return times[inside] - WARM_UP, senders[inside], traces, probed


def brian2_network(n, g, eta, seed):
    import brian2 as b2
    from brian2 import ms, mV

    b2.prefs.codegen.target = "numpy"
    b2.defaultclock.dt = DT * ms
    b2.seed(seed)
    rng = np.random.default_rng(seed)
    b2.start_scope()
    n_e = int(0.8 * n)
    weight = 100.0 / (n_e // 10)
    neurons = b2.NeuronGroup(
        n,
        "dv/dt = -v / (20*ms) : volt (unless refractory)\nexc : volt\ninh : volt",
        threshold="v >= 20*mV",
        reset="v = 10*mV",
        refractory=REFRACTORY * ms,
        method="exact",
    )
    neurons.v = rng.uniform(0, THRESHOLD, n) * mV
    keep = []
    for first, last, w in ((0, n_e, weight), (n_e, n, -g * weight)):
        sign = "exc" if w > 0 else "inh"
        jump = f"v_post += {w}*mV*int(not_refractory_post); {sign}_post += {w}*mV"
        synapses = b2.Synapses(neurons[first:last], neurons, on_pre=jump, delay=DELAY * ms)
        k = (last - first) // 10
        sources = np.concatenate([rng.choice(last - first, k, replace=False) for _ in range(n)])
        synapses.connect(i=sources, j=np.repeat(np.arange(n), k))
        keep.append(synapses)
    drive = b2.PoissonGroup(n, 1000.0 * eta * THRESHOLD / (weight * TAU) * b2.Hz)
    jump = f"v_post += {weight}*mV*int(not_refractory_post); exc_post += {weight}*mV"
    outside = b2.Synapses(drive, neurons, on_pre=jump)
    outside.connect(j="i")
    probed = np.arange(PROBED) * n // PROBED
    samples = []

    @b2.network_operation(dt=SAMPLE * ms, when="end")
    def gather():
        samples.append((neurons.exc[probed] / mV, neurons.inh[probed] / mV))
        neurons.exc = 0 * mV
        neurons.inh = 0 * mV

    spikes = b2.SpikeMonitor(neurons)
    b2.Network(neurons, keep, drive, outside, spikes, gather).run((WARM_UP + DURATION) * ms)
    times = np.asarray(spikes.t / ms)
    inside = times >= WARM_UP
    jumps = np.array(samples[int(WARM_UP / SAMPLE) : int((WARM_UP + DURATION) / SAMPLE)])
    traces = {
        "excitation": jumps[:, 0].T * TAU / SAMPLE,
        "inhibition": jumps[:, 1].T * TAU / SAMPLE,
    }
    return times[inside] - WARM_UP, np.asarray(spikes.i)[inside], traces, probed


def judged(times, ids, traces, probed, n):
    return eq.judge(
        times,
        ids,
        traces["excitation"],
        traces["inhibition"],
        threshold=THRESHOLD,
        refractory=REFRACTORY,
        duration=DURATION,
        neurons=n,
        excitatory=int(0.8 * n),
        recorded=probed,
    )


def snntorch_network(g, seed, n=500, steps=1500):
    """A recurrent network of snnTorch's Leaky neurons; threshold 1, a step is 1 ms."""
    import snntorch as snn
    import torch

    torch.manual_seed(seed)
    n_e, k_e, k_i = int(0.8 * n), int(0.08 * n), int(0.02 * n)
    beta = float(np.exp(-1 / TAU))
    weight = 5.0 / k_e
    recurrent = torch.zeros(n, n)
    for target in range(n):
        recurrent[target, torch.randperm(n_e)[:k_e]] = weight
        recurrent[target, n_e + torch.randperm(n - n_e)[:k_i]] = -g * weight
    neuron = snn.Leaky(beta=beta, threshold=1.0, reset_mechanism="zero")
    membrane, spikes = torch.rand(n), torch.zeros(n)
    rate = 2.0 / (weight * TAU)  # twice the rate that alone reaches threshold, a step
    times, ids, e_rows, i_rows = [], [], [], []
    excitatory, inhibitory = recurrent.clamp(min=0), recurrent.clamp(max=0)
    with torch.no_grad():
        for step in range(steps):
            drive = weight * torch.poisson(torch.full((n,), rate))
            e, i = excitatory @ spikes + drive, inhibitory @ spikes
            spikes, membrane = neuron(e + i, membrane)
            if step >= 500:
                fired = torch.nonzero(spikes).flatten().numpy()
                times.append(np.full(len(fired), step - 500 + 0.5))
                ids.append(fired)
                e_rows.append(e[:PROBED].numpy())
                i_rows.append(i[:PROBED].numpy())
    # What a current would bring the membrane to in the end is the current over 1 - beta.
    return eq.judge(
        np.concatenate(times),
        np.concatenate(ids),
        np.array(e_rows).T / (1 - beta),
        np.array(i_rows).T / (1 - beta),
        threshold=1.0,
        duration=float(steps - 500),
        neurons=n,
        excitatory=n_e,
    )


def row(who, g, found, took):
    f = found.numbers
    print(
        f"| {who} | {g} | {f['rate_hz']:.1f} | {f['cv']:.2f} | {f['net_mv']:.1f} | "
        f"{f['inhibition_over_excitation']:.2f} | {found.verdict.state} | {took:.1f} |",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("who", nargs="*", default=["nest", "brian2", "snntorch"])
    parser.add_argument("--neurons", type=int, default=2500)
    parser.add_argument("--eta", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    n, eta, seed = arguments.neurons, arguments.eta, arguments.seed
    print("| network | g | rate, Hz | CV | net, mV | I/E | verdict | s |")
    print("|---|---|---|---|---|---|---|---|")
    same = True
    for g in (5.0, 3.5):
        start = time.perf_counter()
        ours = eq.diagnose(eq.Network.brunel(n, g=g, eta=eta), DURATION, seed=seed)
        row("here", g, ours, time.perf_counter() - start)
        for name, simulate in (("nest", nest_network), ("brian2", brian2_network)):
            if name in arguments.who:
                start = time.perf_counter()
                found = judged(*simulate(n, g, eta, seed), n)
                row(name, g, found, time.perf_counter() - start)
                same &= found.verdict.state == ours.verdict.state
        if "snntorch" in arguments.who:
            start = time.perf_counter()
            row("snntorch, n 500", g, snntorch_network(g, seed), time.perf_counter() - start)
    print("the verdicts agree" if same else "THE VERDICTS DIFFER")


main()
