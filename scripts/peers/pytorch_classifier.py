"""A training step of the E:I classifiers' network in PyTorch, the peer of
`cargo bench -p equipoise-decoder --bench classifier`.

    python scripts/peers/pytorch_classifier.py [--threads 1] [--seconds 5] [--case images]

The fastest form found: time-major, the loop over steps vectorised over the batch, spikes through one
custom function, states in place of lists where autograd allows it. The input current of all steps is
made at once, for few events a sample by gathering rows of the weights, for many by one matrix product
with a dense input made from the events (making it is part of the step, as events are what the data
set holds). Batch 256, T = 100, plain SGD.
Prints samples a second of one core's time and the peak memory of the process; `--case images`,
`speech` or `recurrent` runs only that one, so that the memory is its own. With `--synapses
conductance` synapses have reversal potentials, E_E = 4 and E_I = -0.5.
"""

import argparse
import resource
import time

import torch

BATCH, STEPS, SCALE = 256, 100, 100.0
# 1 / E_E and E_I / E_E.
PER_REVERSAL, RATIO = 0.25, -0.125


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad / (SCALE * x.abs() + 1.0).square_()


def events(kind, generator):
    """(step, channel) of each event of a batch, `[batch, events]`, in 16 bits as the data set has."""
    if kind == "images":
        x = torch.rand(BATCH, 327, generator=generator) * 0.795 + 0.205
        step = (20 * torch.log(x / (x - 0.2))).floor().clamp(max=99).long()
        channel = torch.stack([torch.randperm(784, generator=generator)[:327] for _ in range(BATCH)])
    else:
        spread = torch.rand(BATCH, 8000, generator=generator) * 0.7 + 0.3
        step = (torch.rand(BATCH, 8000, generator=generator) * spread * STEPS).long()
        channel = torch.randint(700, (BATCH, 8000), generator=generator)
    return step.short(), channel.short()


def network(sizes, sigma, recurrent, generator):
    inputs, hidden, classes = sizes
    draw = lambda a, b, s: (torch.randn(a, b, generator=generator) * s)
    w1 = draw(inputs, hidden, sigma).abs()
    v1 = draw(hidden, hidden, sigma) if recurrent else None
    if recurrent and arguments.synapses == "conductance":
        v1 = v1.abs()
        v1[hidden * 4 // 5 :] *= -1
    w2 = draw(hidden, classes, 0.07)
    return [w.requires_grad_() for w in (w1, w2, v1) if w is not None]


def step(weights, batch, labels, alpha, beta, gather):
    w1, w2, *rest = weights
    v1 = rest[0] if rest else None
    hidden, classes = w2.shape
    row = batch[0].int() * BATCH + torch.arange(BATCH, dtype=torch.int32)[:, None]
    if gather:
        x = torch.zeros(STEPS * BATCH, hidden)
        x = x.index_add(0, row.flatten(), w1.index_select(0, batch[1].flatten().int()))
        x = x.view(STEPS, BATCH, hidden)
    else:
        dense = torch.zeros(STEPS, BATCH, w1.shape[0])
        at = (row * w1.shape[0] + batch[1]).flatten()
        dense.view(-1).index_add_(0, at, torch.ones(len(at)))
        x = (dense.view(-1, w1.shape[0]) @ w1).view(STEPS, BATCH, hidden)
    v = torch.zeros(BATCH, hidden)
    i = torch.zeros(BATCH, hidden)
    h = torch.zeros(BATCH, hidden)
    conductances, excitatory = arguments.synapses == "conductance", hidden * 4 // 5
    spikes = []
    for t in range(STEPS):
        s = Spike.apply(v - 1.0)
        keep = 1.0 - s.detach()
        if conductances and v1 is None:
            v = torch.addcmul(i, v, beta - PER_REVERSAL * i) * keep
            i = torch.add(x[t], i, alpha=alpha)
            spikes.append(s)
            continue
        if conductances:
            factor = beta - PER_REVERSAL * (i - h)
            v = torch.addcmul(torch.sub(i, h, alpha=RATIO), v, factor) * keep
            i = torch.addmm(torch.add(x[t], i, alpha=alpha), s[:, :excitatory], v1[:excitatory])
            h = torch.addmm(alpha * h, s[:, excitatory:], v1[excitatory:])
            spikes.append(s)
            continue
        v = torch.addcmul(torch.zeros(()), torch.add(i, v, alpha=beta), keep)
        i = torch.add(x[t], i, alpha=alpha)
        if v1 is not None:
            i = torch.addmm(i, s, v1)
        spikes.append(s)
    into = (torch.stack(spikes).view(-1, hidden) @ w2).view(STEPS, BATCH, classes)
    o = torch.zeros(BATCH, classes)
    f = torch.zeros(BATCH, classes)
    out = [o]
    for t in range(STEPS):
        o, f = torch.add(f, o, alpha=beta), torch.add(into[t], f, alpha=alpha)
        out.append(o)
    logits = torch.stack(out).amax(0)
    loss = torch.nn.functional.cross_entropy(logits, labels)
    gradients = torch.autograd.grad(loss, weights)
    with torch.no_grad():
        for w, g in zip(weights, gradients):
            w -= 0.0 * g


def measure(name, kind, sizes, sigma, beta, recurrent, seconds):
    generator = torch.Generator().manual_seed(1)
    weights = network(sizes, sigma, recurrent, generator)
    gather = arguments.input == "gather" if arguments.input else kind == "images"
    batches = [events(kind, generator) for _ in range(4)]
    labels = torch.arange(BATCH) % sizes[2]
    alpha = 0.8187307530779818
    step(weights, batches[0], labels, alpha, beta, gather)
    cpu, wall, n = time.process_time(), time.perf_counter(), 0
    while time.process_time() - cpu < seconds:
        step(weights, batches[n % len(batches)], labels, alpha, beta, gather)
        n += 1
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name:<24} {n * BATCH / cpu:8.0f} samples/s of one core, {n * BATCH / wall:8.0f} /s on the "
        f"clock (peak {peak:.0f} MB)",
        flush=True,
    )


CASES = {
    "images": ("784-100-10", "images", (784, 100, 10), 0.002, 0.9048374180359595, False),
    "speech": ("700-200-20", "speech", (700, 200, 20), 5e-4, 0.8187307530779818, False),
    "recurrent": ("700-200-20 recurrent", "speech", (700, 200, 20), 5e-4, 0.8187307530779818, True),
}
parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--seconds", type=float, default=5)
parser.add_argument("--case", choices=CASES)
parser.add_argument("--synapses", choices=["current", "conductance"], default="current")
parser.add_argument("--input", choices=["dense", "gather"], help="instead of the faster one")
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)
for name, case in CASES.items():
    if arguments.case in (None, name):
        measure(*case, arguments.seconds)
