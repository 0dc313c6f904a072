"""From images as people have them to planes of intensities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays
from ._errors import SettingsError

__all__ = ["planes"]


def planes(
    name: str, images: npt.ArrayLike, *, one: bool = False
) -> tuple[npt.NDArray[np.float32], tuple[int, int, int]]:
    """Images as ``[n, channels, height, width]`` of float32 in 0..1, and the shape of one.

    Parameters
    ----------
    name
        What the argument is called.
    images
        ``[n, height, width]`` or ``[n, height, width, channels]`` with 1 or 3 channels; of one
        image without the n. Intensities are in 0..1, or whole numbers of uint8 in 0..255.
    one
        Whether it is one image.
    """
    dtype = getattr(images, "dtype", None)
    array = _arrays.numbers(name, images, np.float32)
    if dtype == np.uint8:
        array = array / np.float32(255.0)
    if one:
        array = array[None]
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or array.shape[3] not in (1, 3):
        wanted = "[height, width] or [height, width, channels]"
        wanted = wanted if one else wanted.replace("[h", "[n, h")
        shape = array.shape[1:] if one else array.shape
        raise SettingsError(
            f"{name}: shape {tuple(shape)}; {wanted} with 1 or 3 channels is needed"
        )
    n, height, width, channels = array.shape
    if min(height, width) == 0:
        raise SettingsError(f"{name}: images of {height} x {width} pixels")
    if array.size and not (array.min() >= 0.0 and array.max() <= 1.0):
        bad = array.min() if array.min() < 0 else array.max()
        raise SettingsError(
            f"{name}: an intensity of {bad:g}; intensities are from 0 to 1, or uint8 to 255"
        )
    planar: npt.NDArray[Any] = array.transpose(0, 3, 1, 2)
    return np.ascontiguousarray(planar), (channels, height, width)
