"""Is a network balanced? Verdicts with their reasons in numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from . import _arrays, _native
from ._diagnoses import Diagnosis, PopulationsDiagnosis, Verdict, without_none
from ._errors import SettingsError
from ._frames import frame
from ._images import planes
from ._settings import to_json
from .network import Network, Recording, traces_of
from .populations import PopulationRecording, Populations
from .spikes import Spikes, Traces, events, spikes_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BalanceMap",
    "Diagnosis",
    "PopulationsDiagnosis",
    "Verdict",
    "balance_map",
    "diagnose",
    "judge",
]


def _settings(settings: Mapping[str, Any]) -> str:
    return _native.diagnosis_settings(to_json(settings))


@overload
def diagnose(
    network: Network,
    duration: float | None = None,
    *,
    seed: int = 0,
    trial: int = 0,
    warm_up: float | None = None,
    image: npt.ArrayLike | None = None,
    progress: bool = False,
    **settings: Any,
) -> Diagnosis: ...


@overload
def diagnose(
    network: Populations,
    duration: float | None = None,
    *,
    seed: int = 0,
    trial: int = 0,
    warm_up: float | None = None,
    image: npt.ArrayLike | None = None,
    onto: Sequence[str] | str | None = None,
    progress: bool = False,
    **settings: Any,
) -> PopulationsDiagnosis: ...


def diagnose(
    network: Network | Populations,
    duration: float | None = None,
    *,
    seed: int = 0,
    trial: int = 0,
    warm_up: float | None = None,
    image: npt.ArrayLike | None = None,
    onto: Sequence[str] | str | None = None,
    progress: bool = False,
    **settings: Any,
) -> Diagnosis | PopulationsDiagnosis:
    """Run a network and say in numbers whether it is balanced, as a whole or each population.

    Parameters
    ----------
    network
        The network. Of Populations every population is judged; plastic synapses do not learn.
    duration
        Recorded, ms; the network's ``duration`` if not given.
    seed, trial, warm_up, image, progress
        As :meth:`Network.run`; Populations have one trial a seed.
    onto
        Of Populations: those that see the image, as :func:`equipoise.encode`.
    **settings
        Of the diagnosis: ``probed_neurons``, ``sample_ms``, ``correlation_ms``, ``count_ms``,
        ``minimum_spikes``, and the bounds, ``criteria={"least_cv": 0.3}``.

    Returns
    -------
    Diagnosis or PopulationsDiagnosis
    """
    seed = _arrays.whole("seed", seed)
    if isinstance(network, Populations):
        if trial != 0:
            raise SettingsError("trial: Populations have one trial a seed; give another seed")
        return _populations(
            network, duration, seed, warm_up, image, onto, progress, _settings(settings)
        )
    if not isinstance(network, Network):
        kind = type(network).__name__
        raise SettingsError(f"network: {kind}; a Network or Populations are needed")
    if onto is not None:
        raise SettingsError("onto: is of Populations, and this is a Network")
    picture, shape = (None, None) if image is None else planes("image", image, one=True)
    text, spikes, traces = _native.diagnose(
        network._build(seed, shape),
        _settings(settings),
        seed,
        _arrays.whole("trial", trial),
        None if duration is None else float(duration),
        None if warm_up is None else float(warm_up),
        None if picture is None else picture.reshape(-1),
        _arrays.bar(progress),
    )
    found = json.loads(text)
    return Diagnosis(Verdict(found["verdict"]), network._spikes(spikes), traces_of(traces), found)


def _populations(
    network: Populations,
    duration: float | None,
    seed: int,
    warm_up: float | None,
    image: npt.ArrayLike | None,
    onto: Sequence[str] | str | None,
    progress: bool,
    settings: str,
) -> PopulationsDiagnosis:
    """Runs a network of populations and judges each."""
    names, firsts = network.names, network._firsts
    if image is None:
        if onto is not None:
            raise SettingsError("onto: no image is given")
        spikes, text = network._build(seed).diagnose(
            settings,
            seed,
            None if duration is None else float(duration),
            None if warm_up is None else float(warm_up),
            _arrays.bar(progress),
        )
    else:
        picture, shape = planes("image", image, one=True)
        way = {"warm_up": float(network.settings["warm_up"] if warm_up is None else warm_up)}
        shown = network._shown(seed, shape, onto, None, way)
        time = float(network.settings["duration"] if duration is None else duration)
        spikes, text = shown.observe(picture.reshape(-1), settings, seed, time)
        if spikes.units > firsts[-1]:
            # The sources of the image were added.
            names, firsts = (*names, "image"), (*firsts, spikes.units)
    found = json.loads(text)
    whole = Spikes(spikes.times, spikes.ids, spikes.duration, spikes.units)
    recording = PopulationRecording(
        whole, np.zeros((0, 0), np.float32), np.zeros(0, np.int64), names, firsts
    )
    none = np.zeros((0, 0), np.float32)
    traces = Traces(np.zeros(0, np.int64), 1.0, none, none, none)
    each = {
        p["name"]: Diagnosis(
            Verdict(p["diagnosis"]["verdict"]), recording.of(p["name"]), traces, p["diagnosis"]
        )
        for p in found["populations"]
    }
    return PopulationsDiagnosis(each, whole, found, names)


def judge(
    spikes: Any,
    ids: npt.ArrayLike | None = None,
    excitation: npt.ArrayLike | None = None,
    inhibition: npt.ArrayLike | None = None,
    *,
    threshold: float,
    refractory: float = 0.0,
    sample: float = 1.0,
    duration: float | None = None,
    neurons: int | None = None,
    excitatory: int | None = None,
    recorded: npt.ArrayLike | None = None,
    **settings: Any,
) -> Diagnosis:
    """Say of anybody's recording whether the network is balanced, and why.

    Parameters
    ----------
    spikes, ids
        As :func:`equipoise.spikes.events`: (times, ids) in ms, Neo's trains, a Recording.
    excitation, inhibition
        Inputs R I of some neurons, mV: [neurons, samples], inhibition negative. R I is what the
        current would bring the membrane to in the end; for jumps of J mV the sum of the jumps
        of a sample times the membrane time constant over the sample's length. Those of a
        Recording's traces if not given.
    threshold
        Mean threshold, mV above rest.
    refractory
        Mean absolute refractory time, ms.
    sample
        Time between samples of the inputs, ms.
    duration
        Length of the recording, ms; the samples' if not given, or else the last spike's time.
    neurons
        Neurons of the network; the greatest id and one if not given.
    excitatory
        Of these, the first so many are excitatory; four fifths if not given.
    recorded
        Which neurons' inputs are given; 0, 1, 2.. if not.
    **settings
        As :func:`diagnose`.

    Returns
    -------
    Diagnosis
    """
    if isinstance(spikes, Recording) and excitation is None and inhibition is None:
        traces = spikes.traces
        excitation, inhibition, sample = traces.excitation, traces.inhibition, traces.sample
        recorded = traces.neurons if recorded is None else recorded
    if excitation is None or inhibition is None:
        raise SettingsError("excitation and inhibition are needed: inputs in mV of some neurons")
    e = _rows("excitation", excitation)
    i = _rows("inhibition", inhibition)
    if i.size and np.max(i) > 0 and np.min(i) >= 0:
        raise SettingsError("inhibition: all values are positive; inhibition is negative, in mV")
    if e.size and np.min(e) < 0 and np.max(e) <= 0:
        raise SettingsError("excitation: all values are negative; excitation is positive, in mV")
    which = np.arange(len(e)) if recorded is None else _arrays.integers("recorded", recorded)
    if duration is None and spikes_of(spikes) is None:
        duration = e.shape[1] * float(sample) if e.shape[1] else None
    train = events(spikes, ids, duration=duration, units=neurons, excitatory=excitatory)
    if len(which) and int(max(which)) >= train.units:
        raise SettingsError(f"recorded: {int(max(which))} is no neuron of 0..{train.units}")
    excitatory = train.excitatory
    if excitatory is None:
        excitatory = round(0.8 * train.units)
    text = _native.judge(
        train.times,
        train.ids,
        e,
        i,
        [int(k) for k in which],
        train.units,
        excitatory,
        train.duration,
        float(threshold),
        float(refractory),
        float(sample),
        _settings(settings),
    )
    found = json.loads(text)
    empty = np.full_like(e, np.nan)
    traces = Traces(np.asarray(which, dtype=np.int64), float(sample), empty, e, i)
    return Diagnosis(Verdict(found["verdict"]), train, traces, found)


def _rows(name: str, values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    array = _arrays.numbers(name, values, np.float32)
    if array.ndim == 1:
        array = array[None, :]
    if array.ndim != 2:
        raise SettingsError(f"{name}: shape {array.shape}; [neurons, samples] is needed")
    return array


@dataclass(frozen=True, eq=False)
class BalanceMap:
    """Where balance ends, over two settings.

    Attributes
    ----------
    x, y : str
        The settings; x changes fastest.
    table : pandas.DataFrame
        One row a point: the two settings, ``rate_hz``, ``cv``, ``inhibition_over_excitation``,
        ``net_mv``, ``net_over_threshold``, ``synchrony``, ``state``, ``balanced``.
    verdicts : list of Verdict
        Of the points, in the order of the table.
    """

    x: str
    y: str
    table: pd.DataFrame
    verdicts: list[Verdict] = field(repr=False)

    def grid(self, column: str = "balanced") -> npt.NDArray[Any]:
        """A column of the table as an array [values of y, values of x]."""
        values = np.asarray(self.table[column])
        return values.reshape(-1, len(set(self.table[self.x])))


def balance_map(
    network: Network,
    *,
    seed: int = 0,
    progress: bool = False,
    diagnosis: Mapping[str, Any] | None = None,
    **axes: Sequence[float] | npt.ArrayLike,
) -> BalanceMap:
    """Diagnose a network at each point of a grid over two of its settings.

    Parameters
    ----------
    network
        The network; its ``duration`` is recorded at each point.
    seed
        Of the connections and of everything else that is random.
    progress
        Show a bar (needs tqdm).
    diagnosis
        Settings of the diagnosis, as :func:`diagnose`.
    **axes
        Two settings with their values, the first one fastest: of ``g``, ``eta``,
        ``connection_probability``, ``threshold``, ``background_rate``, ``excitatory_weight``,
        ``excitatory_fraction``, ``delay``.

    Returns
    -------
    BalanceMap
    """
    if isinstance(network, Populations):
        raise SettingsError(
            "network: a map of Populations is equipoise.studies.populations_map(network=net, "
            'x={"key": "inhibition", "values": [...]}, y={"key": "drive", "values": [...]})'
        )
    if not isinstance(network, Network):
        raise SettingsError(f"network: {type(network).__name__}; a Network is needed")
    if len(axes) != 2:
        raise SettingsError(
            f"{len(axes)} settings ({', '.join(axes) or 'none'}); a map is over two, "
            "as balance_map(net, g=[3, 4, 5], eta=[1, 2])"
        )
    names = list(axes)
    x, y = (
        json.dumps({"setting": name, "values": _arrays.decimals(name, values).tolist()})
        for name, values in axes.items()
    )
    text = _native.balance_map(
        network._json,
        x,
        y,
        _settings(diagnosis or {}),
        _arrays.whole("seed", seed),
        _arrays.bar(progress, "network"),
    )
    rows, verdicts = [], []
    for point in json.loads(text)["points"]:
        verdict = point.pop("verdict")
        row = {names[0]: point.pop("x"), names[1]: point.pop("y"), **without_none(point)}
        rows.append({**row, "state": verdict["state"], "balanced": verdict["balanced"]})
        verdicts.append(Verdict(verdict))
    return BalanceMap(names[0], names[1], frame(rows), verdicts)
