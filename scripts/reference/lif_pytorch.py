"""Gradients of a small LIF network by PyTorch's autograd, for the tests of the LIF kernel.

    python scripts/reference/lif_pytorch.py > crates/decoder/src/lif/pytorch_vectors.json

The loop is that of the SpyTorch tutorials (Neftci, Mostafa & Zenke 2019): fast-sigmoid surrogate
of scale 100, detached reset, maximum over time of the leaky readout, mean cross-entropy. With
`nir` the hidden neurons step as readers of the Neuromorphic Intermediate Representation do; with
conductances, synapses have reversal potentials, and the first hidden neurons are excitatory.
"""

import json

import numpy
import torch

ALPHA, BETA, STEPS, SCALE = 0.81873075, 0.90483742, 30, 100.0


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad / (SCALE * x.abs() + 1.0) ** 2


def case(
    recurrent, seed, scheme="spytorch", inputs=12, hidden=19, classes=3, batch=4, conductances=None
):
    rng = numpy.random.default_rng(seed)
    dtype = torch.float64

    def matrix(a, b, size, sign=None):
        # Rounded to float32, so that both sides start from the same numbers.
        x = (rng.normal(size=(a, b)) * size).astype(numpy.float32)
        if sign is not None:
            x = numpy.abs(x) * sign
        return torch.tensor(x, dtype=dtype, requires_grad=True)

    e_e, e_i, excitatory = conductances or (None, None, hidden)
    # Of conductances, inhibition is strong enough to matter.
    of_source = numpy.where(numpy.arange(hidden) < excitatory, 1, -4).astype(numpy.float32)
    w1 = matrix(inputs, hidden, 0.6, conductances and 1)
    v1 = matrix(hidden, hidden, 0.3, of_source[:, None] if conductances else None)
    w2 = matrix(hidden, classes, 0.4)
    events, dense = [], torch.zeros(STEPS, batch, inputs, dtype=dtype)
    for b in range(batch):
        drawn = sorted((int(rng.integers(STEPS)), int(rng.integers(inputs))) for _ in range(25))
        events.append(drawn)
        for step, channel in drawn:
            dense[step, b, channel] += 1
    labels = torch.tensor(rng.integers(classes, size=batch))
    v = torch.zeros(batch, hidden, dtype=dtype)
    i, h = torch.zeros_like(v), torch.zeros_like(v)
    o = torch.zeros(batch, classes, dtype=dtype)
    f = torch.zeros_like(o)
    outs, counts = [o], torch.zeros_like(v)
    for t in range(STEPS):
        s = Spike.apply(v - 1)
        counts = counts + s
        if conductances:
            g_e, g_i = i / e_e, h / e_e
            into = BETA * v + g_e * (e_e - v) + g_i * (e_i - v)
            i = ALPHA * i + dense[t] @ w1
            h = ALPHA * h
            if recurrent:
                i = i + s[:, :excitatory] @ v1[:excitatory]
                h = h - s[:, excitatory:] @ v1[excitatory:]
            v = into * (1 - s.detach())
        elif scheme == "nir":
            j = i + (s @ v1 if recurrent else 0)
            v, i = BETA * v * (1 - s.detach()) + j, ALPHA * j + dense[t] @ w1
        else:
            x = dense[t] @ w1 + (s @ v1 if recurrent else 0)
            v, i = (BETA * v + i) * (1 - s.detach()), ALPHA * i + x
        o, f = BETA * o + f, ALPHA * f + s @ w2
        outs.append(o)
    logits = torch.stack(outs).max(dim=0).values
    loss = torch.nn.functional.cross_entropy(logits, labels)
    # A regulariser that depends on the spikes themselves, as SpyTorch's.
    penalty = (counts.sum(0) ** 2).mean() / hidden
    weights = [w1, w2] + ([v1] if recurrent else [])
    plain = torch.autograd.grad(loss, weights, retain_graph=True)
    penalised = torch.autograd.grad(loss + penalty, weights)
    numbers = lambda x: [float(f"{y:.8g}") for y in x.detach().flatten().tolist()]
    names = ["input", "readout", "recurrent"]
    return {
        "inputs": inputs, "hidden": hidden, "classes": classes, "steps": STEPS,
        "alpha": ALPHA, "beta": BETA, "recurrent": recurrent, "scheme": scheme,
        "conductances": conductances,
        "events": events, "labels": labels.tolist(),
        "weights": dict(zip(names, map(numbers, weights))),
        "logits": numbers(logits), "counts": numbers(counts), "loss": float(loss.detach()),
        "penalty": 1.0 / hidden / hidden,
        "gradients": dict(zip(names, map(numbers, plain))),
        "penalised": dict(zip(names, map(numbers, penalised))),
    }


cases = [case(False, 1), case(True, 2), case(False, 3, "nir"), case(True, 4, "nir")]
cases += [case(False, 5, conductances=(4.0, -0.5, 13)), case(True, 6, conductances=(3.5, -0.6, 13))]
print(json.dumps(cases, separators=(",", ":")))
