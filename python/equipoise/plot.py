"""Figures with matplotlib, in the colours of the reports. Needs ``equipoise[plot]``."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _native
from ._errors import SettingsError
from .balance import BalanceMap, Diagnosis
from .network import Recording
from .spikes import events

__all__ = ["COLORS", "balance_map", "images", "inputs", "raster", "rate"]

#: The palette of the reports (Okabe & Ito 2008), by what it stands for.
COLORS: dict[str, str] = _native.palette()


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise SettingsError("figures need matplotlib: pip install equipoise[plot]") from None
    return plt.subplots()[1]


def raster(
    spikes: Any, *, ax: Any = None, neurons: int = 100, excitatory: int | None = None
) -> Any:
    """Draw each spike as a point: time in ms against the neuron.

    Parameters
    ----------
    spikes
        As :func:`equipoise.spikes.events`.
    ax
        Axes of matplotlib; new ones if not given.
    neurons
        How many neurons are drawn, spread evenly.
    excitatory
        Of the neurons, the first so many are excitatory.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = _axes(ax)
    given = events(spikes, excitatory=excitatory)
    chosen = np.unique(np.linspace(0, given.units - 1, min(neurons, given.units)).astype(int))
    place = np.full(given.units, -1)
    place[chosen] = np.arange(len(chosen))
    rows = place[given.ids]
    inside = rows >= 0
    times, ids, rows = given.times[inside], given.ids[inside], rows[inside]
    if given.excitatory is None:
        ax.scatter(times, rows, s=2, color=COLORS["net"], linewidths=0)
    else:
        for name, which in (
            ("excitatory", ids < given.excitatory),
            ("inhibitory", ids >= given.excitatory),
        ):
            ax.scatter(times[which], rows[which], s=2, color=COLORS[name], label=name, linewidths=0)
        ax.legend(loc="upper right", markerscale=3)
    ax.set(xlabel="time (ms)", ylabel="neuron", xlim=(0, given.duration))
    return ax


def rate(spikes: Any, *, ax: Any = None, window: float = 5.0) -> Any:
    """Draw the population rate, Hz, in windows of ``window`` ms."""
    ax = _axes(ax)
    given = events(spikes)
    counts = given.counts(window).sum(axis=0)
    hertz = counts / given.units / window * 1000.0
    ax.step(window * np.arange(len(hertz)), hertz, where="post", color=COLORS["net"])
    ax.set(xlabel="time (ms)", ylabel="rate (Hz)", xlim=(0, given.duration), ylim=(0, None))
    return ax


def inputs(recording: Recording | Diagnosis, *, ax: Any = None, neuron: int = 0) -> Any:
    """Draw excitation, inhibition and their sum over time, mV, of a probed neuron.

    Parameters
    ----------
    recording
        A recording with a probe, or a diagnosis.
    ax
        Axes of matplotlib; new ones if not given.
    neuron
        Which of the probed neurons, from 0.
    """
    ax = _axes(ax)
    traces = recording.traces
    if not 0 <= neuron < len(traces.neurons):
        raise SettingsError(f"neuron: {neuron} of {len(traces.neurons)} probed ones")
    for name, values in (
        ("excitatory", traces.excitation[neuron]),
        ("inhibitory", traces.inhibition[neuron]),
        ("net", traces.net[neuron]),
    ):
        ax.plot(traces.times, values, color=COLORS[name], label=name, linewidth=0.8)
    ax.set(xlabel="time (ms)", ylabel="input (mV)")
    ax.legend(loc="upper right")
    return ax


def balance_map(found: BalanceMap, *, ax: Any = None) -> Any:
    """Draw the state at each point of a map."""
    ax = _axes(ax)
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    states = found.grid("state")
    names = [s for s in COLORS if s in set(states.ravel())]
    number = np.vectorize(names.index)(states)
    x = np.unique(np.asarray(found.table[found.x]))
    y = np.unique(np.asarray(found.table[found.y]))
    ax.imshow(
        number,
        origin="lower",
        aspect="auto",
        cmap=ListedColormap([COLORS[name] for name in names]),
        vmin=-0.5,
        vmax=len(names) - 0.5,
    )
    ax.set_xticks(range(len(x)), [f"{v:g}" for v in x])
    ax.set_yticks(range(len(y)), [f"{v:g}" for v in y])
    ax.set(xlabel=found.x, ylabel=found.y)
    patches = [Patch(color=COLORS[name], label=name.replace("_", "-")) for name in names]
    ax.legend(handles=patches, loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def images(*rows: Any, titles: Any = None, count: int = 8) -> Any:
    """Draw rows of images, one batch [n, height, width(, 3)] a row.

    Parameters
    ----------
    *rows
        Batches of images.
    titles
        A word for each row.
    count
        How many of each.

    Returns
    -------
    matplotlib.figure.Figure
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise SettingsError("figures need matplotlib: pip install equipoise[plot]") from None
    figure, grid = plt.subplots(
        len(rows), count, figsize=(1.1 * count, 1.2 * len(rows)), squeeze=False
    )
    for k, batch in enumerate(rows):
        for j in range(count):
            axes = grid[k, j]
            axes.set_xticks([])
            axes.set_yticks([])
            if j < len(batch):
                axes.imshow(np.asarray(batch[j]), cmap="gray", vmin=0, vmax=1)
            else:
                axes.axis("off")
        if titles is not None:
            grid[k, 0].set_ylabel(titles[k])
    return figure
