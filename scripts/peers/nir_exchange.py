"""Classifiers of `equipoise export nir` in snnTorch and Norse, and networks of theirs in Equipoise.

    pip install torch nir==1.0.8 nirtorch snntorch==1.0.0 norse==1.1.0 neurobench
    python scripts/peers/nir_exchange.py --equipoise target/release/equipoise --data datasets

Trains two classifiers of Fashion-MNIST with `network.dynamics = "nir"`, feed-forward and recurrent,
exports them, and runs the first 1,000 test images through each reader: entries of the raster of hidden
spikes that differ, the readout, the accuracy. Then the other way round: networks made and written by
the tools are imported, and their spikes and answers compared with what the tool itself computes.
Prints a table in Markdown and ends with 1 if something that should agree does not.

snnTorch has no leaky integrators and reads the hidden layer alone (`--readout none`). Norse 1.1 does
not import LI; its own LIBoxCell, which does what the node says, is taken for it here.
"""

import argparse
import contextlib
import gzip
import io
import json
import logging
import pathlib
import subprocess
import tempfile
import warnings

import nir
import nirtorch
import norse.torch as norse
import numpy as np
import snntorch
import torch
from norse.torch.utils.import_nir import _import_norse_module
from snntorch.export_nir import export_to_nir
from snntorch.import_nir import import_from_nir

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
STEP, T, HIDDEN = 1e-4, 100, 100
# A classifier's input acts on the membrane after two steps, and a spike on the readout after two.
LATER, READOUT_LATER = 2, 4
wrong = []


def images(data, count):
    """The first test images as intensities, and their labels."""

    def read(name, header):
        path = next(p for p in pathlib.Path(data).rglob(name + "*") if p.is_file())
        raw = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
        return np.frombuffer(raw, np.uint8, offset=header)

    pixels = read("t10k-images-idx3-ubyte", 16).reshape(-1, 784)[:count]
    return pixels / 255.0, read("t10k-labels-idx1-ubyte", 8)[:count]


def latency(x):
    """The latency code, [T, samples, pixels]: floor(20 ln(x / (x - 0.2))), nothing for x <= 0.2."""
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(x > 0.2, np.floor(20 * np.log(x / (x - 0.2))), T)
    dense = np.zeros((T, *x.shape), np.float32)
    sample, pixel = np.nonzero(step < T)
    dense[step[sample, pixel].astype(int), sample, pixel] = 1
    return torch.from_numpy(dense)


def run(module, x):
    """The outputs of a module at each step."""
    outputs, state = [], None
    with torch.no_grad():
        for now in x:
            out = module(now) if state is None else module(now, state)
            out, state = out if isinstance(out, tuple) else (out, None)
            outputs.append(out)
    return torch.stack(outputs).numpy()


def quietly(f, *args, **kwargs):
    with contextlib.redirect_stdout(io.StringIO()):
        return f(*args, **kwargs)


def in_norse(path):
    def module(node):
        if isinstance(node, nir.LI):
            cell = norse.LIBoxCell
            tau = torch.as_tensor(node.tau)
            parameters = norse.LIBoxParameters(tau_mem_inv=1 / tau, v_leak=torch.as_tensor(node.v_leak))
            return cell(parameters, dt=STEP)
        return _import_norse_module(node, ignore_warnings=True, dt=STEP)

    return nirtorch.load(nir.read(path), module)


class Equipoise:
    def __init__(self, program, data, folder):
        self.program, self.data, self.folder = program, data, folder

    def __call__(self, *words):
        command = [self.program, *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}: {done.stderr}")

    def train(self, name, *options):
        out = self.folder / name
        self("classify", "--dataset", "fashion-mnist", "--data-dir", self.data, "--quiet", "--out", out, *options)
        return out

    def spikes(self, name, samples, *source):
        """Hidden spikes [T, samples, hidden], the logits, and accuracy on all test images."""
        out = self.folder / f"{name}-evaluated"
        keep = f"keep_spikes={samples}"
        self("evaluate", "--data-dir", self.data, "--quiet", "--out", out, "--set", keep, *source)
        kept = np.load(out / "hidden.npz")
        hidden = int(kept["neurons"][0])
        raster = np.zeros((T, samples, hidden), np.float32)
        raster[kept["step"], kept["sample"], kept["neuron"]] = 1
        metrics = json.loads((out / "metrics.json").read_text())
        return raster, kept["logits"], metrics


def compare(title, ours, theirs):
    """Entries of two rasters that differ; ours is later."""
    a, b = ours[LATER:], theirs[: T - LATER]
    differ = int((a != b).sum())
    samples = int((a != b).any(axis=(0, 2)).sum())
    print(f"| {title} | {a.size} | {int(a.sum())} | {differ} | {samples} |", flush=True)
    return differ


def answers(outputs):
    """The logits of outputs of readouts, over the steps that the classifier sees."""
    return np.maximum(outputs[: T - READOUT_LATER + 1].max(axis=0), 0)


def must(holds, what):
    if not holds:
        wrong.append(what)


def outwards(equipoise, samples, epochs):
    pixels, labels = images(equipoise.data / "fashion-mnist", 10_000)
    x = latency(pixels[:samples])
    print("| exported, read by | entries | spikes | entries that differ | samples with one |\n|---|---|---|---|---|")
    notes = []
    for name, options in [("feed-forward", []), ("recurrent", ["--recurrent"])]:
        trained = equipoise.train(name, "--epochs", epochs, "--set", "network.dynamics=nir", *options)
        raster, logits, metrics = equipoise.spikes(name, samples, "--run", trained)
        hidden, whole = equipoise.folder / f"{name}-hidden.nir", equipoise.folder / f"{name}.nir"
        equipoise("export", "nir", trained, hidden, "--readout", "none")
        equipoise("export", "nir", trained, whole)
        if name == "feed-forward":
            module = quietly(import_from_nir, nir.read(hidden))
            must(compare(f"{name}: snnTorch", raster, run(module, x)) == 0, f"{name}: snnTorch")
        must(compare(f"{name}: Norse", raster, run(in_norse(hidden), x)) == 0, f"{name}: Norse")
        found = answers(run(in_norse(whole), x))
        off = float(np.abs(found - logits).max() / np.abs(logits).max())
        theirs = []
        for start in range(0, len(labels), 1000):
            part = answers(run(in_norse(whole), latency(pixels[start : start + 1000])))
            theirs.append(part.argmax(axis=1))
        right = float((np.concatenate(theirs) == labels).mean())
        notes.append(
            f"{name}: logits in Norse differ by at most {off:.1e} of the largest; accuracy on 10,000 images "
            f"{100 * metrics['accuracy']:.2f} % here, {100 * right:.2f} % in Norse"
        )
        must(off < 1e-4, f"{name}: readout")
        # Sums in another order can turn a spike where a potential comes to the threshold within rounding.
        must(abs(right - metrics["accuracy"]) < 5e-4, f"{name}: accuracy")
        # The same file, read back.
        equipoise("import", "nir", whole, equipoise.folder / f"{name}-back.safetensors")
        source = ["--model", equipoise.folder / f"{name}-back.safetensors", "--dataset", "fashion-mnist"]
        back = equipoise.spikes(f"{name}-back", samples, *source)
        compare(f"{name}: imported again", raster, np.concatenate([back[0][LATER:], back[0][:LATER]]))
        must((back[0] == raster).all(), f"{name}: import")
        if name == "feed-forward":
            operations(trained, hidden, pixels, metrics, notes)
    print()
    for note in notes:
        print("*", note)


class Whole(torch.nn.Module):
    """snnTorch's hidden layer and the matrix of the readout: what NeuroBench counts on."""

    def __init__(self, hidden, readout):
        super().__init__()
        self.hidden = hidden
        self.readout = torch.nn.Linear(*readout.shape, bias=False)
        self.readout.weight.data = torch.from_numpy(readout.T.copy())

    def forward(self, batch):
        state = None
        # snnTorch's neurons remember the batch before.
        snntorch.utils.reset(self.hidden)
        for step, now in enumerate(batch.transpose(0, 1)):
            spikes, state = self.hidden(now) if state is None else self.hidden(now, state)
            # Here spikes come later: the last ones lie after the end of a sample.
            if step < T - LATER:
                out = self.readout(spikes)
        return out


def operations(trained, hidden, pixels, metrics, notes):
    """The effective accumulates of an answer, by NeuroBench's metric and here, on all test images."""
    try:
        from neurobench.metrics.workload import SynapticOperations
        from neurobench.models import TorchModel
        from safetensors.numpy import load_file
    except ImportError as missing:
        notes.append(f"NeuroBench: skipped, {missing}")
        return
    net = Whole(quietly(import_from_nir, nir.read(hidden)), load_file(trained / "model.safetensors")["readout"])
    model, metric = TorchModel(net), SynapticOperations()
    model.register_hooks()
    for start in range(0, len(pixels), 500):
        x = latency(pixels[start : start + 500]).transpose(0, 1)
        model.reset_hooks()
        with torch.no_grad():
            found = metric(model, model(x), (x, torch.zeros(len(x))))
    theirs, ours = found["Effective_ACs"], metrics["accumulates_per_answer"]
    notes.append(f"effective accumulates of an answer, {len(pixels)} images: {theirs} by NeuroBench, {ours} here")
    # Equal but for those of the few spikes that rounding decides.
    must(abs(theirs - ours) * len(pixels) < 100 and found["Effective_MACs"] == 0, "accumulates")


def inwards(equipoise, samples):
    pixels, _ = images(equipoise.data / "fashion-mnist", samples)
    x = latency(pixels)
    torch.manual_seed(0)
    w1 = torch.rand(HIDDEN, 784) * 0.02
    w2 = torch.randn(10, HIDDEN) * 0.1
    linear = lambda w: torch.nn.Linear(w.shape[1], w.shape[0], bias=False)

    def fill(module):
        layers = [m for m in module.modules() if isinstance(m, torch.nn.Linear)]
        for layer, w in zip(layers, (w1, w2)):
            layer.weight.data = w.clone()
        return module

    made = []
    one, ten = torch.ones(HIDDEN), torch.ones(10)
    spiking = norse.LIFBoxParameters(tau_mem_inv=80 * one, v_th=one, v_leak=0 * one)
    neurons = norse.LIFBoxCell(spiking, dt=1e-3)
    reader = norse.LIBoxCell(norse.LIBoxParameters(tau_mem_inv=50 * ten, v_leak=0 * ten), dt=1e-3)
    module = norse.SequentialState(linear(w1 * 12), neurons, linear(w2), reader)
    fill(module)[0].weight.data *= 12
    # Norse divides the step by the inverse time constant: a step of 1 gives the time constant.
    graph = norse.to_nir(module, x[0, 0], dt=1.0)
    made.append(("Norse: LIFBoxCell, LIBoxCell", module, graph, 1e-3))
    kind = {"threshold": one, "reset_mechanism": "zero", "reset_delay": False, "init_hidden": True}
    for title, cell in [
        ("snnTorch: Leaky", snntorch.Leaky(beta=0.9 * one, **kind)),
        ("snnTorch: Synaptic", snntorch.Synaptic(alpha=0.8 * one, beta=0.9 * one, **kind)),
    ]:
        module = fill(torch.nn.Sequential(linear(w1), cell, linear(w2)))
        graph = quietly(export_to_nir, module, x[0, 0])
        cell.reset_mem()
        made.append((title, module, graph, 1e-4))
    print("\n| made by, imported | samples | logits differ by, of the largest | answers that differ |\n|---|---|---|---|")
    for k, (title, module, graph, dt) in enumerate(made):
        path = equipoise.folder / f"made-{k}.nir"
        nir.write(path, graph)
        equipoise("import", "nir", path, equipoise.folder / f"made-{k}.safetensors", "--dt", dt)
        source = ["--model", equipoise.folder / f"made-{k}.safetensors", "--dataset", "fashion-mnist"]
        _, logits, _ = equipoise.spikes(f"made-{k}", samples, *source)
        found = answers(run(module, x))
        off = float(np.abs(found - logits).max() / np.abs(logits).max())
        differ = int((found.argmax(axis=1) != logits.argmax(axis=1)).sum())
        print(f"| {title} | {samples} | {off:.1e} | {differ} |", flush=True)
        must(off < 1e-4, title)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--equipoise", default="equipoise")
    parser.add_argument("--data", type=pathlib.Path, default="datasets", help="where fashion-mnist/ is")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        equipoise = Equipoise(args.equipoise, args.data, pathlib.Path(folder))
        outwards(equipoise, args.samples, args.epochs)
        inwards(equipoise, args.samples)
    if wrong:
        raise SystemExit("do not agree: " + ", ".join(wrong))


if __name__ == "__main__":
    main()
