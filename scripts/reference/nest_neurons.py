"""Neuron models in NEST 3.10 (`pip install nest-simulator`) on given input spikes: potentials at
some times and all output spikes, for the tests of `crates/encoder/src/populations`.

    python nest_neurons.py crates/encoder/tests/reference/nest_neurons.json

Input spikes come from a linear congruential generator that the tests repeat, so that only the
output is written down. Each neuron gets excitatory spikes (weight w_e) and inhibitory ones (w_i).

NEST integrates no adapting neuron exactly. But the current of an adapting one is that of an
inhibitory synapse onto itself with the time constant of adaptation: `adaptation_exact` is
`iaf_psc_exp` with one. It arrives a step after the spike, while the neuron is refractory, so its
weight is the increment less what decays in a step.
"""

import json
import math
import sys

import nest

TIME = 300.0
SAMPLES = [k * 2.5 for k in range(1, 121)]


def spikes(seed, mean_interval):
    """Times in steps of 0.1 ms, ascending and different: intervals uniform in 1..2 mean - 1."""
    state, step, times = seed, 0, []
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        step += 1 + (state >> 33) % (2 * mean_interval - 1)
        if step > 2900:
            return times
        times.append(step)


MEMBRANE = {"C_m": 250.0, "E_L": -65.0, "V_th": -50.0, "V_reset": -60.0, "t_ref": 2.0}
CASES = {
    "delta": (
        "iaf_psc_delta",
        {**MEMBRANE, "tau_m": 10.0, "I_e": 300.0, "V_m": -65.0},
        (1.5, -2.0),
    ),
    "exponential": (
        "iaf_psc_exp",
        {**MEMBRANE, "tau_m": 10.0, "tau_syn_ex": 0.5, "tau_syn_in": 5.0, "I_e": 350.0, "V_m": -63.0},
        (600.0, -120.0),
    ),
    "exponential_alike": (
        "iaf_psc_exp",
        {**MEMBRANE, "tau_m": 10.0, "tau_syn_ex": 2.0, "tau_syn_in": 2.0, "I_e": 330.0, "V_m": -65.0},
        (200.0, -300.0),
    ),
    "conductance": (
        "iaf_cond_exp",
        {
            **MEMBRANE,
            "g_L": 25.0,
            "tau_syn_ex": 2.0,
            "tau_syn_in": 6.0,
            "E_ex": 0.0,
            "E_in": -80.0,
            "I_e": 200.0,
            "V_m": -65.0,
        },
        (8.0, -6.0),
    ),
    "adaptation": (
        "aeif_psc_exp",
        {
            "C_m": 250.0,
            "E_L": -65.0,
            "g_L": 25.0,
            "V_th": -50.0,
            "V_peak": -50.0,
            "V_reset": -60.0,
            "t_ref": 2.0,
            "Delta_T": 0.0,
            "a": 0.0,
            "b": 60.0,
            "tau_w": 80.0,
            "tau_syn_ex": 2.0,
            "tau_syn_in": 5.0,
            "I_e": 400.0,
            "V_m": -65.0,
            "gsl_error_tol": 1e-12,
        },
        (150.0, -100.0),
    ),
    "adaptation_exact": (
        "iaf_psc_exp",
        {**MEMBRANE, "tau_m": 10.0, "tau_syn_ex": 2.0, "tau_syn_in": 80.0, "I_e": 400.0, "V_m": -65.0},
        (150.0, 0.0),
    ),
}
ONTO_ITSELF = {"adaptation_exact": -60.0 * math.exp(-0.1 / 80.0)}


def run(model, parameters, weights, onto_itself):
    nest.ResetKernel()
    nest.set_verbosity("M_ERROR")
    nest.resolution = 0.1
    neuron = nest.Create(model, params=parameters)
    for seed, interval, weight in zip((1, 2), (20, 30), weights):
        times = [round(step * 0.1, 1) for step in spikes(seed, interval)]
        generator = nest.Create("spike_generator", params={"spike_times": times})
        nest.Connect(generator, neuron, syn_spec={"weight": weight, "delay": 1.0})
    if onto_itself is not None:
        nest.Connect(neuron, neuron, syn_spec={"weight": onto_itself, "delay": 0.1})
    recorder = nest.Create("spike_recorder")
    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": 0.1})
    nest.Connect(neuron, recorder)
    nest.Connect(meter, neuron)
    nest.Simulate(TIME + 1.0)
    events = meter.get("events")
    at = {round(t * 10): v for t, v in zip(events["times"], events["V_m"])}
    potentials = [float(at[round(10 * t)]) for t in SAMPLES]
    out = [round(float(t) * 10) for t in recorder.get("events")["times"] if t <= TIME]
    return potentials, out


def main():
    result = {}
    for name, (model, parameters, weights) in CASES.items():
        potentials, out = run(model, parameters, weights, ONTO_ITSELF.get(name))
        potentials = [round(v, 10) for v in potentials]
        result[name] = {"model": model, "potentials_mv": potentials, "spike_steps": out}
    with open(sys.argv[1], "w") as file:
        file.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
