"""Decoders: from spike counts back to images."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from . import _arrays, _native
from ._errors import MissingFileError, SettingsError
from ._frames import frame
from ._images import planes
from ._settings import to_json
from .encoding import Counts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Decoder"]

Kind = Literal["mlp-unet", "mlp-vae", "ridge"]

# Settings of the training, which people give without its name.
_TRAINING = (
    "epochs",
    "batch_size",
    "learning_rate",
    "schedule",
    "warmup_epochs",
    "final_share",
    "weight_decay",
    "patience",
    "seed",
)


class Decoder:
    """A decoder of spike counts: ``fit``, then ``predict``.

    Parameters
    ----------
    kind
        ``"mlp-unet"``, fully connected layers and a U-Net; ``"mlp-vae"``, a variational
        autoencoder; ``"ridge"``, linear regression, which both have to beat.
    **settings
        Of the training: ``epochs``, ``batch_size``, ``learning_rate``, ``patience``, ``seed``
        and others. Of the network: ``decoder__hidden``, ``decoder__channels``,
        ``decoder__ssim_share`` and others. Of what it reads: ``features__kind`` ("counts",
        "bins", "traces"), ``features__transform`` and others. :attr:`settings` holds all.
    """

    def __init__(self, kind: Kind = "mlp-unet", **settings: Any) -> None:
        if kind not in ("mlp-unet", "mlp-vae", "ridge"):
            raise SettingsError(f'kind: {kind!r}; there are "mlp-unet", "mlp-vae" and "ridge"')
        self.kind = kind
        changes = {
            f"training__{name}" if name in _TRAINING else name: value
            for name, value in settings.items()
        }
        if kind != "ridge":
            changes.setdefault("decoder__kind", kind)
        self._settings = _native.decoder_settings(to_json(changes))
        self._model: _native.Decoder | None = None
        self._history: list[dict[str, Any]] = []

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting, as dictionaries; a copy."""
        return json.loads(self._settings)  # type: ignore[no-any-return]

    def fit(
        self,
        counts: Any,
        images: npt.ArrayLike,
        *,
        validation: tuple[Any, npt.ArrayLike] | float = 0.1,
        progress: bool = False,
    ) -> Decoder:
        """Learn the images from the counts.

        Parameters
        ----------
        counts
            Counts, or an array [n, units] or [n, units, bins].
        images
            The images that evoked them, as :func:`equipoise.encode`.
        validation
            Counts and images by which the epoch (of ridge: the penalty) is chosen; or which
            share of those given is held out for that, every 10th for 0.1.
        progress
            Show a bar (needs tqdm).

        Returns
        -------
        Decoder
            This one.
        """
        table = Counts.of(counts)
        array, shape = planes("images", images)
        if len(table) != len(array):
            raise SettingsError(f"{len(table)} counts but {len(array)} images")
        if isinstance(validation, tuple):
            held_table = Counts.of(validation[0])
            held_array, held_shape = planes("validation images", validation[1])
            if held_shape != shape:
                raise SettingsError(f"validation images of {held_shape}, images of {shape}")
        else:
            share = float(validation)
            if not 0 < share <= 0.5:
                raise SettingsError(f"validation: a share of {share}; above 0, up to 0.5")
            held = np.arange(len(array)) % round(1 / share) == round(1 / share) - 1
            held_table, held_array = table[held], array[held]
            table, array = table[~held], array[~held]
        if not len(array) or not len(held_array):
            raise SettingsError(f"{len(array)} images to fit and {len(held_array)} held out")
        self._model, history = _native.fit_decoder(
            self._settings,
            self.kind == "ridge",
            table._native(),
            np.ascontiguousarray(array).reshape(-1),
            held_table._native(),
            np.ascontiguousarray(held_array).reshape(-1),
            shape,
            _arrays.bar(progress, "update"),
        )
        self._history = json.loads(history)
        return self

    def _fitted(self) -> _native.Decoder:
        if self._model is None:
            raise SettingsError("the decoder is not fitted; call fit first")
        return self._model

    @property
    def history(self) -> pd.DataFrame:
        """Each epoch of the training: losses, learning rate, which is the best."""
        return frame(self._history)

    def predict(self, counts: Any) -> npt.NDArray[np.float32]:
        """Reconstruct images.

        Parameters
        ----------
        counts
            As :meth:`fit`.

        Returns
        -------
        numpy.ndarray
            Intensities in 0..1, float32, [n, height, width], or [n, height, width, 3].
        """
        model = self._fitted()
        table = Counts.of(counts)
        channels, height, width = model.shape
        flat = model.predict(table._native())
        images = flat.reshape(len(table), channels, height, width)
        if channels == 1:
            return images[:, 0]
        return np.ascontiguousarray(images.transpose(0, 2, 3, 1))

    def evaluate(self, counts: Any, images: npt.ArrayLike) -> pd.DataFrame:
        """MSE, PSNR in dB and SSIM of each image: ``mse``, ``psnr``, ``ssim``."""
        found = self.predict(counts)
        array, shape = planes("images", images)
        if len(array) != len(found) or shape != self._fitted().shape:
            raise SettingsError(f"{len(found)} reconstructions, images of shape {array.shape}")
        planar = found[:, None] if found.ndim == 3 else found.transpose(0, 3, 1, 2)
        mse, psnr, ssim = _native.image_quality(
            array.reshape(-1),
            np.ascontiguousarray(planar).reshape(-1),
            shape,
            1.0,
            "gaussian",
            11,
            1.5,
            False,
        )
        return frame({"mse": mse, "psnr": psnr, "ssim": ssim})

    def score(self, counts: Any, images: npt.ArrayLike) -> float:
        """Mean PSNR over the images, dB."""
        table: Any = self.evaluate(counts, images)
        return float(np.mean(np.asarray(table["psnr"])))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the decoder's file (safetensors)."""
        self._fitted().save(os.fspath(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Decoder:
        """Read a decoder that :meth:`save`, or a run of the command, wrote."""
        if not os.path.exists(path):
            raise MissingFileError(f"{os.fspath(path)}: there is no such file")
        model = _native.load_decoder(os.fspath(path))
        decoder, features = json.loads(model.settings or "[{}, {}]")
        loaded = cls(decoder["kind"], decoder=decoder, features=features)
        loaded._model = model
        return loaded

    def __repr__(self) -> str:
        return f"Decoder({self.kind!r}{'' if self._model else ', not fitted'})"
