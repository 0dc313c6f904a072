"""Trained networks as PyTorch modules (``pip install equipoise[torch]``).

The modules compute what :class:`equipoise.Decoder` and :class:`equipoise.Classifier` do, from the same
files, and can be trained further or built into networks of one's own. :func:`load` reads a file.

>>> from equipoise.torch import load
>>> decoder = load("decoder.safetensors")          # doctest: +SKIP
>>> images = decoder(decoder.features(counts))     # doctest: +SKIP
"""

from __future__ import annotations

import json
import math
import os
import struct
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ._errors import DataError, MissingFileError, SettingsError
from .encoding import Counts

__all__ = ["Classifier", "Unet", "Vae", "load"]

# Bounds of the log variance of a latent code, and what is added to it.
_LOG_VARIANCE = (-12.0, 12.0)
_FIRST_LOG_VARIANCE = -4.0


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, str], dict[str, Tensor]]:
    """The texts and the arrays of a safetensors file."""
    if not os.path.exists(path):
        raise MissingFileError(f"{os.fspath(path)}: there is no such file")
    with open(path, "rb") as file:
        content = file.read()
    try:
        (length,) = struct.unpack_from("<Q", content)
        header = json.loads(content[8 : 8 + length])
        texts = header.pop("__metadata__", {})
        arrays = {}
        for name, part in header.items():
            start, end = (8 + length + at for at in part["data_offsets"])
            if part["dtype"] != "F32" or end > len(content):
                raise ValueError(f"{name} is {part['dtype']}, or cut off")
            numbers = np.frombuffer(content[start:end], "<f4").astype(np.float32)
            arrays[name] = torch.from_numpy(numbers).reshape(part["shape"])
    except (ValueError, KeyError, TypeError, struct.error, RuntimeError) as error:
        raise DataError(f"{os.fspath(path)}: not a safetensors file ({error})") from None
    return texts, arrays


def load(path: str | os.PathLike[str]) -> Unet | Vae | Classifier:
    """The network in a file that :meth:`equipoise.Decoder.save`, :meth:`equipoise.Classifier.save` or
    a run of the command wrote.

    Parameters
    ----------
    path
        The file. Its checksum is looked at by ``Decoder.load`` and ``Classifier.load``, not here.

    Returns
    -------
    Unet, Vae or Classifier
        In evaluation mode, with gradients.
    """
    texts, arrays = _read(path)
    kind = texts.get("kind", "")
    try:
        if kind == "equipoise classifier":
            return Classifier(json.loads(texts["network"]), arrays).eval()
        if kind == "equipoise reconstructor":
            config = json.loads(texts["decoder"])
            features, image = json.loads(texts["features"]), json.loads(texts["image"])
            module = Unet if config["kind"] == "mlp-unet" else Vae
            return module(config, features, image, arrays).eval()
    except KeyError as missing:
        raise DataError(f"{os.fspath(path)}: {missing} is missing") from None
    what = f"an {kind}" if kind else "a file of another program"
    raise DataError(f"{os.fspath(path)}: {what}; a decoder or a classifier can be loaded")


def _dense(arrays: dict[str, Tensor], name: str) -> nn.Linear:
    weight = arrays[f"{name}.weight"]
    layer = nn.Linear(*weight.shape)
    layer.weight = nn.Parameter(weight.T.contiguous())
    layer.bias = nn.Parameter(arrays[f"{name}.bias"])
    return layer


def _conv(arrays: dict[str, Tensor], name: str) -> nn.Conv2d:
    """A convolution; in the file its rows are (y, x, input channel)."""
    weight = arrays[f"{name}.weight"]
    inputs, outputs = weight.shape[0] // 9, weight.shape[1]
    layer = nn.Conv2d(inputs, outputs, 3, padding=1)
    kernel = weight.reshape(3, 3, inputs, outputs).permute(3, 2, 0, 1)
    layer.weight = nn.Parameter(kernel.contiguous())
    layer.bias = nn.Parameter(arrays[f"{name}.bias"])
    return layer


def _twice(image: Tensor) -> Tensor:
    return F.interpolate(image, scale_factor=2.0, mode="nearest")


class _Mlp(nn.Module):
    """Fully connected layers; dropout before the first and after each while training."""

    def __init__(
        self,
        arrays: dict[str, Tensor],
        name: str,
        relu: bool,
        before: float = 0.0,
        after: float = 0.0,
    ) -> None:
        super().__init__()
        count = sum(key.startswith(f"{name}.layers.") and key.endswith(".weight") for key in arrays)
        self.layers = nn.ModuleList(_dense(arrays, f"{name}.layers.{k}") for k in range(count))
        self.relu, self.before, self.after = relu, before, after

    def forward(self, x: Tensor) -> Tensor:
        x = F.dropout(x, self.before, self.training)
        for layer in self.layers:
            x = layer(x)
            x = F.dropout(F.relu(x) if self.relu else x, self.after, self.training)
        return x


class _Level(nn.Module):
    """Two convolutions with ReLU."""

    def __init__(self, arrays: dict[str, Tensor], name: str) -> None:
        super().__init__()
        self.first = _conv(arrays, f"{name}.first")
        self.second = _conv(arrays, f"{name}.second")

    def forward(self, image: Tensor) -> Tensor:
        found: Tensor = F.relu(self.second(F.relu(self.first(image))))
        return found


class _Decoder(nn.Module):
    """What both decoders share: what they read, and the range of what they give."""

    mean: Tensor
    scale: Tensor

    def __init__(
        self,
        config: dict[str, Any],
        features: dict[str, Any],
        image: dict[str, int],
        arrays: dict[str, Tensor],
    ) -> None:
        super().__init__()
        self.config, self.reads = config, features
        self.channels, self.height, self.width = (
            image["channels"],
            image["height"],
            image["width"],
        )
        self.register_buffer("mean", arrays["normaliser.mean"])
        self.register_buffer("scale", arrays["normaliser.scale"])
        refines = config["kind"] == "mlp-unet" and config["residual"]
        self.output = config.get("output") or ("linear" if refines else "sigmoid")

    def features(self, counts: Any) -> Tensor:
        """What the decoder reads of counts.

        Parameters
        ----------
        counts
            Counts, or an array [n, units] or [n, units, bins].

        Returns
        -------
        torch.Tensor
            [n, features].
        """
        table = Counts.of(counts)
        x, kind = torch.from_numpy(table.counts.astype(np.float32)), self.reads["kind"]
        n, units, bins = x.shape
        if kind == "counts":
            x = x.sum(dim=2)
        elif kind == "bins":
            if bins % self.reads["bins"]:
                wanted = self.reads["bins"]
                raise SettingsError(f"counts: {bins} bins cannot be grouped into {wanted}")
            x = x.reshape(n, units, self.reads["bins"], -1).sum(dim=3)
        else:
            width = table.duration / bins
            before = (bins - torch.arange(bins, dtype=torch.float64) - 0.5) * width
            decays = [torch.exp(-before / tau).float() for tau in self.reads["time_constants"]]
            x = x @ torch.stack(decays, dim=1)
        x = x.reshape(n, -1)
        transform = {"none": lambda y: y, "sqrt": torch.sqrt, "log1p": torch.log1p}
        found: Tensor = transform[self.reads["transform"]](x)
        return found

    def _normal(self, features: Tensor) -> Tensor:
        return (features - self.mean) * self.scale

    def _bounded(self, images: Tensor) -> Tensor:
        """Intensities; clamped to 0..1 only where they are not trained on."""
        images = torch.sigmoid(images) if self.output == "sigmoid" else images
        return images if self.training else images.clamp(0.0, 1.0)

    def _reader(self, arrays: dict[str, Tensor], name: str) -> _Mlp:
        config = self.config
        relu = config["hidden_activation"] == "relu"
        return _Mlp(arrays, name, relu, config["feature_dropout"], config["dropout"])


class Unet(_Decoder):
    """Features to images by fully connected layers and a U-Net: [n, features] to
    [n, channels, height, width]."""

    def __init__(self, config: Any, features: Any, image: Any, arrays: dict[str, Tensor]) -> None:
        super().__init__(config, features, image, arrays)
        depth = range(config["depth"])
        self.mlp = self._reader(arrays, "Unet.mlp")
        self.map = _dense(arrays, "Unet.map")
        self.down = nn.ModuleList(_Level(arrays, f"Unet.unet.down.{k}") for k in depth)
        self.bottom = _Level(arrays, "Unet.unet.bottom")
        self.up = nn.ModuleList(_Level(arrays, f"Unet.unet.up.{k}") for k in depth)
        self.head = _conv(arrays, "Unet.unet.head")

    def forward(self, features: Tensor) -> Tensor:
        flat = self.map(self.mlp(self._normal(features)))
        image = flat.reshape(-1, self.height, self.width, self.channels).permute(0, 3, 1, 2)
        x, skips = image, []
        for level in self.down:
            skips.append(level(x))
            x = F.max_pool2d(skips[-1], 2)
        x = self.bottom(x)
        for level in self.up:
            x = level(torch.cat([skips.pop(), _twice(x)], dim=1))
        x = self.head(x)
        return self._bounded(image + x if self.config["residual"] else x)


class Vae(_Decoder):
    """Features to images by a latent normal distribution: [n, features] to
    [n, channels, height, width]. The code is the mean; while training, a sample."""

    def __init__(self, config: Any, features: Any, image: Any, arrays: dict[str, Tensor]) -> None:
        super().__init__(config, features, image, arrays)
        self.encoder = self._reader(arrays, "Vae.encoder")
        self.latent_mean = _dense(arrays, "Vae.mean")
        self.latent_log_variance = _dense(arrays, "Vae.log_variance")
        self.decoder = _Mlp(arrays, "Vae.decoder", relu=True)
        self.map = _dense(arrays, "Vae.map")
        self.first = _conv(arrays, "Vae.first")
        self.second = _conv(arrays, "Vae.second")
        self.head = _conv(arrays, "Vae.head")

    def encode(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the latent code: [n, latent] each."""
        hidden = self.encoder(self._normal(features))
        low, high = _LOG_VARIANCE
        log_variance = self.latent_log_variance(hidden) + _FIRST_LOG_VARIANCE
        return self.latent_mean(hidden), log_variance.clamp(low, high)

    def decode(self, code: Tensor) -> Tensor:
        """Images from latent codes [n, latent]."""
        low = F.relu(self.map(self.decoder(code)))
        height, width = self.height // 4, self.width // 4
        x = low.reshape(len(code), height, width, -1).permute(0, 3, 1, 2)
        x = F.relu(self.first(_twice(x)))
        x = F.relu(self.second(_twice(x)))
        return self._bounded(self.head(x))

    def forward(self, features: Tensor) -> Tensor:
        mean, log_variance = self.encode(features)
        if not self.training:
            return self.decode(mean)
        return self.decode(mean + (0.5 * log_variance).exp() * torch.randn_like(mean))


class _Spike(torch.autograd.Function):
    """1 above the threshold; in the backward pass the derivative of a surrogate."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kind: str, scale: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.surrogate = (kind, scale)
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        (x,) = ctx.saved_tensors
        kind, scale = ctx.surrogate
        y = scale * x
        factor = {
            "fast_sigmoid": lambda: (1 + y.abs()) ** -2,
            "arctangent": lambda: 1 / (1 + y * y),
            "triangle": lambda: (1 - y.abs()).clamp(min=0),
            "rectangle": lambda: (y.abs() <= 0.5).to(x.dtype),
            "sigmoid": lambda: torch.cosh(0.5 * y) ** -2,
        }[kind]()
        return grad * factor, None, None


class Classifier(nn.Module):
    """Spikes to logits, as :class:`equipoise.Classifier`.

    ``forward`` takes input spikes [steps, n, channels] and gives logits [n, classes];
    :meth:`run` gives the hidden spikes too. ``input`` is [channels, hidden], ``readout`` [hidden,
    classes], ``recurrent`` [hidden, hidden], each with sources first. :meth:`clamp` restores Dale's
    law after an update.
    """

    recurrent: Tensor | None

    def __init__(self, network: dict[str, Any], arrays: dict[str, Tensor]) -> None:
        super().__init__()
        config = network["config"]
        self.config, self.classes = config, network["classes"]
        self.steps, self.step_ms = network["grid"]["steps"], network["grid"]["step_ms"]
        self.input = nn.Parameter(arrays["input"])
        self.readout = nn.Parameter(arrays["readout"])
        self.feed_forward = config.get("feed_forward_inhibition", False)
        connected = config["recurrent"] or self.feed_forward
        self.recurrent = nn.Parameter(arrays["recurrent"]) if connected else None

        def decay(tau: float) -> float:
            return float(np.float32(math.exp(-config["dt"] / tau))) if tau > 0 else 0.0

        self.alpha, self.beta = decay(config["tau_syn"]), decay(config["tau_mem"])
        readout = config.get("readout") or config
        self.readout_alpha, self.readout_beta = (
            decay(readout["tau_syn"]),
            decay(readout["tau_mem"]),
        )
        share, hidden = config["excitatory_fraction"], config["hidden"]
        self.excitatory = min(math.floor(share * hidden + 1e-9), hidden)
        self.reversal: tuple[float, float] | None = None
        if config.get("synapses", "current") == "conductance":
            given = {"excitation": 4.0, "inhibition": -0.5} | (config.get("reversal") or {})
            self.reversal = (given["excitation"], given["inhibition"])

    def run(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [n, classes] and hidden spikes [steps, n, hidden]."""
        surrogate = self.config["surrogate"]
        nir = self.config.get("dynamics", "spytorch") == "nir"
        n, hidden = x.shape[1], self.input.shape[1]
        v = x.new_zeros(n, hidden)
        i, o = torch.zeros_like(v), x.new_zeros(n, self.readout.shape[1])
        h = torch.zeros_like(v)
        f, best = torch.zeros_like(o), torch.zeros_like(o)
        extreme = self.config["logit"] == "extreme"
        spikes = []
        for now in x:
            s = _Spike.apply(v - 1, surrogate["kind"], surrogate["scale"])
            spikes.append(s)
            keep = 1 - s.detach()
            back = 0 if self.recurrent is None else s @ self.recurrent
            if self.reversal is not None:
                # Conductances times the reversal potential of excitation.
                above, below = self.reversal
                into = (i * (above - v) + h * (below - v)) / above
                v = (self.beta * v + into) * keep
                i, h = self.alpha * i + now @ self.input, self.alpha * h
                if self.recurrent is not None:
                    e = self.excitatory
                    i = i + s[:, :e] @ self.recurrent[:e]
                    h = h - s[:, e:] @ self.recurrent[e:]
            elif nir:
                i = i + back
                v = self.beta * v * keep + i
                i = self.alpha * i + now @ self.input
            else:
                v = (self.beta * v + i) * keep
                i = self.alpha * i + now @ self.input + back
            o = self.readout_beta * o + f
            f = self.readout_alpha * f + s @ self.readout
            best = torch.where(o.abs() > best.abs(), o, best) if extreme else torch.maximum(best, o)
        return best, torch.stack(spikes)

    def forward(self, x: Tensor) -> Tensor:
        return self.run(x)[0]

    def dense(self, events: Any) -> Tensor:
        """:class:`equipoise.Events` as what :meth:`forward` takes, [steps, n, channels]."""
        x = torch.zeros(events.steps, len(events), events.channels)
        offsets = np.asarray(events.offsets, np.int64)
        sample = np.repeat(np.arange(len(events)), np.diff(offsets))
        at = (
            torch.from_numpy(np.asarray(events.step, np.int64)),
            torch.from_numpy(sample),
            torch.from_numpy(np.asarray(events.channel, np.int64)),
        )
        return x.index_put_(at, torch.ones(len(sample)), accumulate=True)

    @torch.no_grad()
    def clamp(self) -> None:
        """Sets every weight of the wrong sign to 0, if the network keeps Dale's law."""
        if not self.config["dale"]:
            return
        self.input.clamp_(min=0)
        for weights in [self.readout, *([] if self.recurrent is None else [self.recurrent])]:
            weights[: self.excitatory].clamp_(min=0)
            weights[self.excitatory :].clamp_(max=0)
        if self.feed_forward and self.recurrent is not None:
            self.recurrent[: self.excitatory] = 0
            self.recurrent[:, self.excitatory :] = 0
