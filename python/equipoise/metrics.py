"""Measures of spike trains and of images.

Where spikes are asked for, a Recording, Spikes, ``(times, ids)``, Neo's ``SpikeTrain`` s or a
list of arrays of times will do; a single train is one array of times.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from . import _arrays, _native, statistics
from ._dynamics import avalanches, branching_ratio, dfa, fei, power_law, tight_balance
from ._errors import SettingsError
from .spikes import events, is_train, milliseconds, spikes_of, trains

__all__ = [
    "avalanches",
    "branching_ratio",
    "correlations",
    "cv",
    "dfa",
    "fano",
    "fei",
    "lv",
    "mse",
    "power_law",
    "psnr",
    "ssim",
    "statistics",
    "synchrony",
    "tight_balance",
    "van_rossum",
]

Convention = Literal["elephant", "van-rossum", "grid"]


def _is_single(spikes: Any) -> bool:
    """Whether it is one train and not many."""
    if is_train(spikes):
        return True
    if isinstance(spikes, np.ndarray):
        return spikes.ndim == 1 and spikes.dtype.kind != "O"
    return (
        isinstance(spikes, list)
        and len(spikes) > 0
        and all(isinstance(t, int | float | np.number) for t in spikes)
    )


def _each(spikes: Any, call: Any) -> Any:
    """Calls with all trains; one value for one train."""
    if _is_single(spikes):
        return float(call([milliseconds("spikes", spikes)])[0])
    return call(trains(spikes))


def cv(spikes: Any) -> Any:
    """Coefficient of variation of the inter-spike intervals: 0 for a clock, 1 for Poisson.

    Parameters
    ----------
    spikes
        One train or many.

    Returns
    -------
    float or numpy.ndarray
        Of each train, float64 [units]; NaN for fewer than three spikes.
    """
    return _each(spikes, _native.cv)


def lv(spikes: Any) -> Any:
    """Local variation of the inter-spike intervals (Shinomoto et al. 2003).

    Parameters
    ----------
    spikes
        One train or many.

    Returns
    -------
    float or numpy.ndarray
        Of each train, float64 [units]; NaN for fewer than three spikes.
    """
    return _each(spikes, _native.lv)


def fano(counts: Any, window: float | None = None) -> Any:
    """Fano factor: variance (population) of counts over their mean.

    Parameters
    ----------
    counts
        Counts over trials or windows, [n] or [units, n]; or, with ``window``, spikes.
    window
        Length of the windows that spikes are counted in, ms.

    Returns
    -------
    float or numpy.ndarray
        Float64, [units] for a table; NaN where all counts are 0.
    """
    single = window is None and np.ndim(counts) == 1
    found = _native.fano(_counts(counts, window))
    return float(found[0]) if single else found


def _counts(counts: Any, window: float | None) -> npt.NDArray[np.float64]:
    if window is None:
        if spikes_of(counts) is not None:
            raise SettingsError("window: the length of the windows is needed to count spikes")
        return _arrays.counts2d("counts", counts)
    return _arrays.counts2d("counts", events(counts).counts(window))


def synchrony(counts: Any, window: float | None = None) -> float:
    """Synchrony index chi (Golomb & Rinzel 1994): 0 for asynchronous, 1 for all as one.

    Parameters
    ----------
    counts
        Counts or potentials over time, [units, n]; or, with ``window``, spikes.
    window
        Length of the windows that spikes are counted in, ms.

    Returns
    -------
    float
        NaN where nothing varies.
    """
    return _native.synchrony(_counts(counts, window))


def correlations(counts: Any, window: float | None = None) -> dict[str, Any]:
    """Pearson's correlations of the counts of pairs of units.

    Parameters
    ----------
    counts, window
        As :func:`synchrony`.

    Returns
    -------
    dict
        ``neurons`` whose counts vary, the ``mean`` over their pairs, and ``pairs``, the
        distribution.
    """
    return json.loads(_native.correlations(_counts(counts, window)))  # type: ignore[no-any-return]


def van_rossum(
    spikes: Any,
    other: Any = None,
    *,
    tau: float,
    convention: Convention = "elephant",
    steps: int | None = None,
) -> Any:
    """Van Rossum distance (van Rossum 2001, Neural Comput. 13:751).

    Parameters
    ----------
    spikes
        Many trains; one, if ``other`` is another one.
    other
        The other train.
    tau
        Time constant, ms.
    convention
        ``"elephant"``: D² = (2 / tau) ∫ (f - g)² dt, one spike against none is 1;
        ``"van-rossum"``: D² = (1 / tau) ∫ (f - g)² dt, as in the paper; ``"grid"``: on ``steps``
        time steps, with times and tau in steps.
    steps
        Number of steps of the grid.

    Returns
    -------
    float or numpy.ndarray
        One distance, or those between all trains, float64 [trains, trains].
    """
    grid = None if steps is None else _arrays.whole("steps", steps, 1, 2**31)
    if other is not None:
        a, b = milliseconds("spikes", spikes), milliseconds("other", other)
        return _native.van_rossum_distance(a, b, float(tau), convention, grid)
    if _is_single(spikes):
        raise SettingsError("one train has no distance; give another one, or many")
    return _native.van_rossum_matrix(trains(spikes), float(tau), convention, grid)


def _pair(
    original: npt.ArrayLike, reconstruction: npt.ArrayLike
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    a = _arrays.numbers("original", original, np.float32)
    b = _arrays.numbers("reconstruction", reconstruction, np.float32)
    if a.shape != b.shape:
        raise SettingsError(f"original has shape {a.shape}, reconstruction {b.shape}")
    return a, b


def mse(original: npt.ArrayLike, reconstruction: npt.ArrayLike) -> float:
    """Mean squared error over all values of two arrays of equal shape."""
    a, b = _pair(original, reconstruction)
    return _native.mse_psnr(a.reshape(-1), b.reshape(-1), 1.0)[0]


def psnr(
    original: npt.ArrayLike, reconstruction: npt.ArrayLike, *, data_range: float = 1.0
) -> float:
    """Peak signal-to-noise ratio over all values, dB; infinite for equal arrays.

    Parameters
    ----------
    original, reconstruction
        Arrays of equal shape.
    data_range
        Range of the values.
    """
    a, b = _pair(original, reconstruction)
    return _native.mse_psnr(a.reshape(-1), b.reshape(-1), float(data_range))[1]


def ssim(
    original: npt.ArrayLike,
    reconstruction: npt.ArrayLike,
    *,
    data_range: float = 1.0,
    window: Literal["gaussian", "uniform"] = "gaussian",
    size: int | None = None,
    sigma: float = 1.5,
    sample_covariance: bool | None = None,
) -> Any:
    """Structural similarity (Wang et al. 2004, IEEE Trans. Image Process. 13:600).

    Parameters
    ----------
    original, reconstruction
        Images [height, width], or batches [n, height, width] or [n, height, width, channels].
    data_range
        Range of the values.
    window
        ``"gaussian"`` of 11 pixels with population covariance, as in the paper, or ``"uniform"``
        of 7 with sample covariance, scikit-image's default.
    size
        Side of the window, pixels, odd.
    sigma
        Of the Gaussian, pixels.
    sample_covariance
        Whether variances are divided by n - 1.

    Returns
    -------
    float or numpy.ndarray
        Of each image, float64 [n] for a batch.
    """
    a, b = _pair(original, reconstruction)
    one = a.ndim == 2
    if one:
        a, b = a[None], b[None]
    if a.ndim == 3:
        a, b = a[..., None], b[..., None]
    if a.ndim != 4:
        raise SettingsError(f"shape {a.shape}; [n, height, width, channels] is possible")
    n, height, width, channels = a.shape
    uniform = window == "uniform"
    side = _arrays.whole("size", size if size is not None else (7 if uniform else 11), 1, 10_001)
    found = _native.image_quality(
        np.ascontiguousarray(a.transpose(0, 3, 1, 2)).reshape(-1),
        np.ascontiguousarray(b.transpose(0, 3, 1, 2)).reshape(-1),
        (channels, height, width),
        float(data_range),
        window,
        side,
        float(sigma),
        uniform if sample_covariance is None else bool(sample_covariance),
    )[2]
    return float(found[0]) if one else found
