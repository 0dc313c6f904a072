"""Measures of activity over time: tight balance, avalanches, branching ratio, fluctuations."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays, _native
from ._errors import SettingsError
from .spikes import events, spikes_of

__all__ = ["avalanches", "branching_ratio", "dfa", "fei", "power_law", "tight_balance"]


def _settings(**given: Any) -> str:
    """What was given, as JSON; what is None has the library's default."""
    return json.dumps({key: value for key, value in given.items() if value is not None})


def _told(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def _is_counts(activity: Any) -> bool:
    return isinstance(activity, np.ndarray) or (
        isinstance(activity, list)
        and len(activity) > 0
        and all(isinstance(count, int | float | np.number) for count in activity)
    )


def _binned(spikes: Any, bin: float) -> npt.NDArray[np.uint32]:
    found = events(spikes)
    return _native.binned(found.times, float(found.duration), float(bin))


def tight_balance(
    excitation: npt.ArrayLike,
    inhibition: npt.ArrayLike,
    *,
    window: int = 1,
    longest_lag: int = 20,
) -> dict[str, Any]:
    """How closely inhibition follows excitation in time (Okun & Lampl 2009, Scholarpedia 4:7467).

    Parameters
    ----------
    excitation, inhibition
        Currents, conductances or inputs in any one unit: of one neuron, [samples], or of several,
        [neurons, samples]. Inhibition may be of either sign.
    window
        Samples that are averaged first: 1 for tight balance, some tens of ms for loose balance.
    longest_lag
        Longest lag either way, in windows.

    Returns
    -------
    dict
        Of one neuron: ``correlation`` at the lag where it is largest, that ``lag`` in windows
        (positive where inhibition follows), the correlation ``without_lag``, and the ``ratio`` of
        mean inhibition to mean excitation. Of several: that of each in ``neurons`` (None where
        nothing varies), the distributions, ``between`` (excitation with the next neuron's
        inhibition) and ``over_neurons`` (correlation of the means).
    """
    e = _arrays.numbers("excitation", excitation, np.float64)
    i = _arrays.numbers("inhibition", inhibition, np.float64)
    if e.ndim not in (1, 2) or e.shape != i.shape:
        raise SettingsError(
            f"excitation has shape {e.shape}, inhibition {i.shape}; both must be [samples] or "
            "[neurons, samples]"
        )
    settings = _settings(
        window=_arrays.whole("window", window, 1),
        longest_lag=_arrays.whole("longest_lag", longest_lag),
    )
    found = _told(_native.coupling(np.atleast_2d(e), np.atleast_2d(i), settings))
    if e.ndim == 2:
        return found
    one: dict[str, Any] | None = found["neurons"][0]
    if one is None:
        raise SettingsError("excitation or inhibition does not vary: there is nothing to correlate")
    return one


def power_law(
    values: npt.ArrayLike,
    *,
    minimum: int | None = None,
    maximum: int | None = None,
    least_values: int = 50,
) -> dict[str, Any]:
    """A power law fitted to whole numbers by maximum likelihood (Clauset et al. 2009).

    Parameters
    ----------
    values
        Whole numbers from 1 on.
    minimum
        Lower cut-off; the one of the nearest fit (Kolmogorov–Smirnov) if not given.
    maximum
        Upper cut-off; none if not given.
    least_values
        Values that a fitted lower cut-off must leave.

    Returns
    -------
    dict
        ``exponent``, its standard ``error``, the cut-offs, ``values`` between them, ``distance``
        (Kolmogorov–Smirnov) and ``log_normal``: one fitted to the same values, with the
        ``log_likelihood_ratio`` (positive where the power law is likelier) and Vuong's ``p_value``.
    """
    settings = _settings(minimum=minimum, maximum=maximum, least_values=least_values)
    return _told(_native.power_law(_positive("values", values), settings))


def _positive(name: str, values: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    found = _arrays.numbers(name, values, np.float64, dimensions=1)
    wrong = np.flatnonzero((found < 1) | (found != np.floor(found)) | (found >= 2**63))
    if wrong.size > 0:
        raise SettingsError(f"{name}: {found[wrong[0]]:g}; whole numbers from 1 on are needed")
    return found.astype(np.uint64)


def avalanches(
    activity: Any,
    *,
    bin: float | None = None,
    threshold: int = 0,
    minimum: int | None = None,
    maximum: int | None = None,
    least_values: int = 50,
) -> dict[str, Any]:
    """Avalanches of a population: runs of active bins between silent ones (Beggs & Plenz 2003).

    Parameters
    ----------
    activity
        Spikes of the whole population in each bin, [bins]; or spikes.
    bin
        Width of the bins that spikes are counted in, ms; their mean interval in the population if
        not given.
    threshold
        An avalanche has more spikes than this in each of its bins.
    minimum, maximum, least_values
        Cut-offs of the sizes' power law, as :func:`power_law`; those of the durations are fitted.

    Returns
    -------
    dict
        ``sizes`` (spikes) and ``durations`` (bins) of the avalanches, ``bin`` (ms; None for given
        counts), and ``exponents``: the power laws of ``size`` and ``duration``, the ``growth`` of
        the mean size with duration, the growth that the scaling relation predicts and the
        ``deviation`` from it. None where there are too few avalanches, and ``why``.
    """
    width = bin
    if _is_counts(activity):
        if bin is not None:
            raise SettingsError("bin: counts are given; a width is for spikes")
        counts = _arrays.integers("activity", activity)
        if counts.ndim != 1:
            raise SettingsError(f"activity has shape {counts.shape}; [bins] is needed")
    else:
        spikes = events(activity)
        if width is None:
            if len(spikes.times) < 2 or spikes.times.max() <= spikes.times.min():
                raise SettingsError("bin: the spikes have no mean interval; give a width")
            width = float(np.ptp(spikes.times.astype(np.float64))) / (len(spikes.times) - 1)
        counts = _binned(spikes, width)
    least = _arrays.whole("threshold", threshold, 0, 2**32 - 1)
    sizes, durations = _native.avalanches(counts, least)
    found: dict[str, Any] = {"sizes": sizes, "durations": durations, "bin": width}
    of_sizes = _settings(minimum=minimum, maximum=maximum, least_values=least_values)
    try:
        exponents = _native.avalanche_exponents(
            sizes, durations, of_sizes, _settings(least_values=least_values)
        )
        return found | {"exponents": _told(exponents), "why": None}
    except SettingsError as error:
        return found | {"exponents": None, "why": str(error)}


def branching_ratio(
    activity: Any,
    *,
    bin: float | None = None,
    longest_lag: int = 50,
    offset: bool = False,
    per_trial: bool = False,
    blocks: int = 20,
    resamples: int = 500,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Any]:
    """The branching ratio by multistep regression (Wilting & Priesemann 2018, Nat. Commun. 9:2325).

    It does not change if only a part of the neurons is recorded.

    Parameters
    ----------
    activity
        Spikes of the whole population in each bin, [bins] or [trials, bins]; or, with ``bin``,
        spikes.
    bin
        Width of the bins that spikes are counted in, ms.
    longest_lag
        The slopes of lags of 1 to so many bins are fitted.
    offset
        Whether a constant is fitted too, for slow drifts.
    per_trial
        Whether each trial has a regression of its own.
    blocks
        Parts of a single recording that are drawn again for the interval.
    resamples
        Times that trials or blocks are drawn again; 0 for no interval.
    confidence
        Level of the interval.
    seed
        Seed of the drawing.

    Returns
    -------
    dict
        The ``ratio``, its ``interval`` (``low``, ``high``), the ``timescale`` over which activity
        decays, in bins, ``amplitude``, ``offset``, ``r_squared`` and the ``slopes``.
    """
    if _is_counts(activity) or (isinstance(activity, list) and bin is None):
        if bin is not None:
            raise SettingsError("bin: counts are given; a width is for spikes")
        counts = _arrays.counts2d("activity", activity)
    elif bin is None:
        raise SettingsError("bin: the width of the bins is needed to count spikes")
    else:
        counts = _binned(activity, bin).astype(np.float64)[None]
    settings = _settings(
        longest_lag=_arrays.whole("longest_lag", longest_lag),
        offset=bool(offset),
        per_trial=bool(per_trial),
        blocks=_arrays.whole("blocks", blocks),
        resamples=_arrays.whole("resamples", resamples),
        confidence=float(confidence),
        seed=_arrays.whole("seed", seed),
    )
    return _told(_native.branching(np.ascontiguousarray(counts), settings))


def _dfa(narrowest: int, widest: int | None, widths: int, overlap: float) -> dict[str, Any]:
    given = {"narrowest": narrowest, "widths": widths, "overlap": float(overlap)}
    return given if widest is None else given | {"widest": widest}


def dfa(
    signal: npt.ArrayLike,
    *,
    narrowest: int = 10,
    widest: int | None = None,
    widths: int = 20,
    overlap: float = 0.5,
) -> dict[str, Any]:
    """Detrended fluctuation analysis (Hardstone et al. 2012, Front. Physiol. 3:450).

    Parameters
    ----------
    signal
        Samples, [n].
    narrowest, widest
        Widths of the windows, in samples; the widest is a tenth of the signal if not given.
    widths
        How many widths, evenly spaced in the logarithm.
    overlap
        Share of a window that the next one overlaps.

    Returns
    -------
    dict
        The ``exponent`` (0.5 without memory), its ``error``, ``r_squared``, ``widths`` and
        ``fluctuations``.
    """
    samples = _arrays.numbers("signal", signal, np.float64, dimensions=1)
    return _told(_native.dfa(samples, json.dumps(_dfa(narrowest, widest, widths, overlap))))


def fei(
    amplitude: Any,
    *,
    bin: float | None = None,
    window: int = 500,
    overlap: float = 0.8,
    narrowest: int = 10,
    widest: int | None = None,
    widths: int = 20,
) -> dict[str, Any]:
    """The functional ratio of excitation to inhibition (Bruining et al. 2020, Sci. Rep. 10:9195).

    Parameters
    ----------
    amplitude
        What is never negative, [n]: the amplitude of an oscillation, or spikes of a population in
        bins; or, with ``bin``, spikes.
    bin
        Width of the bins that spikes are counted in, ms.
    window
        Width of the windows, in samples.
    overlap
        Share of a window that the next one overlaps.
    narrowest, widest, widths
        Windows of the detrended fluctuations that tell whether the ratio is valid, as :func:`dfa`.

    Returns
    -------
    dict
        The ``ratio`` (below 1 where inhibition dominates), whether it is ``valid`` (the
        ``dfa_exponent`` exceeds 0.6), ``windows`` and ``silent_windows``.
    """
    if spikes_of(amplitude) is not None or bin is not None:
        if bin is None:
            raise SettingsError("bin: the width of the bins is needed to count spikes")
        samples = _binned(amplitude, bin).astype(np.float64)
    else:
        samples = _arrays.numbers("amplitude", amplitude, np.float64, dimensions=1)
    settings = {
        "window": _arrays.whole("window", window),
        "overlap": float(overlap),
        "dfa": _dfa(narrowest, widest, widths, 0.5),
    }
    return _told(_native.fei(samples, json.dumps(settings)))
