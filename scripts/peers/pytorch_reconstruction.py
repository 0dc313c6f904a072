"""One training step of the decoders in PyTorch, for comparison with Equipoise's.

    cargo bench -p equipoise-decoder --bench reconstruction --no-run   # prints the program's path
    python scripts/peers/pytorch_reconstruction.py [--threads 2] [--rounds 3] [PROGRAM]

The networks, the loss and AdamW are those of `DecoderConfig::default()` with 1,000 features and
28x28 images. With the path of the benchmark, the two take turns, so both see the same machine; on a
machine with other work, compare processor times with `--threads 1`.
"""

import argparse
import os
import subprocess
import time

import torch
from torch import nn
from torch.nn import functional as F


def level(inputs, outputs):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(),
        nn.Conv2d(outputs, outputs, 3, padding=1), nn.ReLU(),
    )


class Unet(nn.Module):
    def __init__(self, features=1000, c=16):
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(features, 512), nn.Linear(512, 512), nn.Linear(512, 784)
        )
        self.a, self.b, self.bottom = level(1, c), level(c, 2 * c), level(2 * c, 4 * c)
        self.d, self.e = level(6 * c, 2 * c), level(3 * c, c)
        self.head = nn.Conv2d(c, 1, 3, padding=1)

    def forward(self, x):
        a = self.a(self.mlp(x).view(-1, 1, 28, 28))
        b = self.b(F.max_pool2d(a, 2))
        c = self.bottom(F.max_pool2d(b, 2))
        d = self.d(torch.cat([b, F.interpolate(c, scale_factor=2)], 1))
        e = self.e(torch.cat([a, F.interpolate(d, scale_factor=2)], 1))
        return torch.sigmoid(self.head(e)), None


class Vae(nn.Module):
    def __init__(self, features=1000, c=16, latent=64):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(features, 512), nn.Linear(512, 512))
        self.mean, self.log_variance = nn.Linear(512, latent), nn.Linear(512, latent)
        self.decoder = nn.Sequential(
            nn.Linear(latent, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(),
            nn.Linear(512, 49 * 4 * c), nn.ReLU(),
        )
        self.first = nn.Conv2d(4 * c, 2 * c, 3, padding=1)
        self.second = nn.Conv2d(2 * c, c, 3, padding=1)
        self.head = nn.Conv2d(c, 1, 3, padding=1)
        self.c = c

    def forward(self, x):
        h = self.encoder(x)
        mean, log_variance = self.mean(h), self.log_variance(h).clamp(-12, 12)
        code = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        y = self.decoder(code).view(-1, 4 * self.c, 7, 7)
        y = F.relu(self.first(F.interpolate(y, scale_factor=2)))
        y = F.relu(self.second(F.interpolate(y, scale_factor=2)))
        kl = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).sum(1)
        return torch.sigmoid(self.head(y)), kl


def measure(make, batch, steps, channels_last):
    torch.manual_seed(0)
    model = make()
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
    weights = [p for p in model.parameters() if p.dim() > 1]
    biases = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": weights}, {"params": biases, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=1e-3, fused=True)
    x, y = torch.randn(batch, 1000), torch.rand(batch, 1, 28, 28)
    times = []
    for step in range(steps + 4):
        begun = time.perf_counter()
        if step == 4:
            busy = time.process_time()
        optimiser.zero_grad()
        image, kl = model(x)
        loss = F.mse_loss(image, y)
        if kl is not None:
            loss = loss + 1e-3 * kl.mean() / 784
        loss.backward()
        optimiser.step()
        loss.item()
        times.append((time.perf_counter() - begun) * 1e3)
    busy = (time.process_time() - busy) / steps * 1e3
    times = sorted(times[4:])
    return times[len(times) // 2], times[len(times) // 10], busy


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="?", help="the benchmark `reconstruction`")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=40)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for _ in range(options.rounds):
        for name, make in [("mlp-unet", Unet), ("mlp-vae", Vae)]:
            for batch in [32, 128]:
                for last in [False, True]:
                    middle, low, busy = measure(make, batch, options.steps, last)
                    layout = "channels last" if last else "channels first"
                    print(
                        f"PyTorch {name} batch {batch}, {layout}: {middle:.2f} ms a step "
                        f"(10 %: {low:.2f}), {batch / middle * 1e3:.0f} images/s, "
                        f"{busy:.2f} ms of processor time",
                        flush=True,
                    )
        if options.program:
            threads = {"RAYON_NUM_THREADS": str(options.threads)}
            command = [options.program, str(options.steps)]
            subprocess.run(command, check=True, env={**os.environ, **threads})


if __name__ == "__main__":
    main()
