"""Spikes and recordings, and their ways to other packages."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays
from ._errors import DataError, MissingFileError, SettingsError
from ._extras import needs

__all__ = ["Spikes", "Traces", "events", "is_train", "load", "milliseconds", "spikes_of", "trains"]


@dataclass(frozen=True, eq=False)
class Spikes:
    """The spikes of a recording, as events.

    Attributes
    ----------
    times : numpy.ndarray
        Time of each spike, ms from the start of the recording; float32, shape [spikes].
    ids : numpy.ndarray
        The unit of each spike; uint32, shape [spikes].
    duration : float
        Length of the recording, ms.
    units : int
        Neurons recorded, silent ones included.
    excitatory : int or None
        Of these, units 0.. this are excitatory; None if it is not known.
    """

    times: npt.NDArray[np.float32]
    ids: npt.NDArray[np.uint32]
    duration: float
    units: int
    excitatory: int | None = None

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        return (
            f"Spikes({len(self)} spikes of {self.units} units in {self.duration:g} ms, "
            f"{self.rate:.3g} Hz)"
        )

    @property
    def rate(self) -> float:
        """Mean rate of a unit, Hz."""
        unit_seconds = self.units * self.duration / 1000.0
        return len(self) / unit_seconds if unit_seconds > 0 else 0.0

    def trains(self) -> list[npt.NDArray[np.float64]]:
        """The spike times of each unit, ms, ascending: a list of [spikes] float64."""
        order = np.lexsort((self.times, self.ids))
        times = self.times[order].astype(np.float64)
        ends = np.searchsorted(self.ids[order], np.arange(1, self.units))
        return np.split(times, ends)

    def counts(self, window: float) -> npt.NDArray[np.int64]:
        """Spikes of each unit in whole windows of ``window`` ms: int64, [units, windows].

        A window holds its start and not its end; what is left over at the end of the recording
        is not counted.
        """
        if not (window > 0 and np.isfinite(window)):
            raise SettingsError(f"window: {window} ms is not a positive time")
        bins = int(np.floor(self.duration / window + 1e-9))
        if bins < 1:
            raise SettingsError(
                f"window: {window} ms is longer than the recording of {self.duration:g} ms"
            )
        if self.units * bins > 2**33:
            raise SettingsError(f"window: {self.units} x {bins} windows do not fit in memory")
        column = np.floor(self.times.astype(np.float64) / window).astype(np.int64)
        inside = column < bins
        place = self.ids[inside].astype(np.int64) * bins + column[inside]
        return np.bincount(place, minlength=self.units * bins).reshape(self.units, bins)

    def to_neo(self) -> list[Any]:
        """One :class:`neo.SpikeTrain` a unit, in ms. Needs neo."""
        neo, quantities = needs("neo"), needs("quantities")
        return [
            neo.SpikeTrain(
                train,
                units=quantities.ms,
                t_start=0.0,
                t_stop=max(self.duration, float(train[-1]) if len(train) else 0.0),
                unit=unit,
            )
            for unit, train in enumerate(self.trains())
        ]

    def to_nwb(self, path: str | os.PathLike[str] | None = None, **description: Any) -> Any:
        """The spikes as units of an NWB file, in seconds. Needs pynwb.

        Parameters
        ----------
        path
            Where to write; nothing is written if None.
        **description
            Passed to :class:`pynwb.NWBFile`: ``session_description``, ``identifier``,
            ``session_start_time`` and others.

        Returns
        -------
        pynwb.NWBFile
        """
        pynwb = needs("pynwb")
        from datetime import datetime, timezone

        description.setdefault("session_description", "spikes of equipoise")
        description.setdefault("identifier", "equipoise")
        description.setdefault("session_start_time", datetime(1970, 1, 1, tzinfo=timezone.utc))
        file = pynwb.NWBFile(**description)
        if self.excitatory is not None:
            file.add_unit_column("population", "excitatory or inhibitory")
        interval = [[0.0, self.duration / 1000.0]]
        for unit, train in enumerate(self.trains()):
            row: dict[str, Any] = {"id": unit, "spike_times": train / 1000.0}
            row["obs_intervals"] = interval
            if self.excitatory is not None:
                row["population"] = "excitatory" if unit < self.excitatory else "inhibitory"
            file.add_unit(**row)
        if path is not None:
            with pynwb.NWBHDF5IO(os.fspath(path), "w") as writer:
                writer.write(file)
        return file

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an NPZ file with ``times`` (ms), ``ids``, ``duration`` and ``units``."""
        extra: dict[str, Any] = {}
        if self.excitatory is not None:
            extra["excitatory"] = np.uint64(self.excitatory)
        with open(path, "wb") as file:
            np.savez_compressed(
                file,
                times=self.times,
                ids=self.ids,
                duration=np.float64(self.duration),
                units=np.uint64(self.units),
                **extra,
            )


@dataclass(frozen=True, eq=False)
class Traces:
    """Potential and input of some neurons over a recording.

    Attributes
    ----------
    neurons : numpy.ndarray
        Which neurons; int64, shape [neurons].
    sample : float
        Time between samples, ms.
    potential : numpy.ndarray
        Potential at the end of each sample, mV above rest; float32, [neurons, samples].
    excitation, inhibition : numpy.ndarray
        Input R I, averaged over each sample, mV (inhibition is negative); float32,
        [neurons, samples].
    """

    neurons: npt.NDArray[np.int64]
    sample: float
    potential: npt.NDArray[np.float32]
    excitation: npt.NDArray[np.float32]
    inhibition: npt.NDArray[np.float32]

    def __repr__(self) -> str:
        n, samples = self.potential.shape
        return f"Traces({n} neurons, {samples} samples of {self.sample:g} ms)"

    @property
    def net(self) -> npt.NDArray[np.float32]:
        """Excitation plus inhibition, mV; [neurons, samples]."""
        return self.excitation + self.inhibition

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """The end of each sample, ms from the start of the recording; [samples]."""
        return self.sample * np.arange(1, self.potential.shape[1] + 1, dtype=np.float64)


def spikes_of(value: Any) -> Spikes | None:
    """The spikes of what holds some, as :class:`Spikes` themselves and a recording do."""
    held = getattr(value, "spikes", value)
    return held if isinstance(held, Spikes) else None


def load(path: str | os.PathLike[str]) -> Spikes:
    """Read spikes that :meth:`Spikes.save` or ``equipoise convert`` wrote, or the units of an NWB file.

    Parameters
    ----------
    path
        An NPZ file with ``times`` (or ``times_ms``) in ms and ``ids``, and perhaps ``duration``
        (or ``duration_ms``) in ms, ``units`` and ``excitatory``; of one recording. Or an NWB file
        with units, the rows of which are numbered from 0: the recording begins at its time 0 and
        ends where they were observed last, or with the last spike. Needs pynwb.

    Returns
    -------
    Spikes
    """
    if not os.path.exists(path):
        raise MissingFileError(f"{os.fspath(path)}: there is no such file")
    with open(path, "rb") as start:
        if start.read(8) == b"\x89HDF\r\n\x1a\n":
            return _nwb(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except Exception as error:
        raise SettingsError(f"{os.fspath(path)}: not an NPZ file: {error}") from None
    for name in ("times", "duration"):
        if name not in arrays and f"{name}_ms" in arrays:
            arrays[name] = arrays[f"{name}_ms"]
    if "sample" in arrays and np.any(arrays["sample"] != 0):
        raise SettingsError(
            f"{os.fspath(path)}: several recordings; `equipoise convert --recording` takes one"
        )
    missing = [name for name in ("times", "ids") if name not in arrays]
    if missing:
        raise SettingsError(f"{os.fspath(path)}: no array {missing[0]!r}")
    return events(
        (arrays["times"], arrays["ids"]),
        duration=_scalar(path, arrays, "duration"),
        units=_scalar(path, arrays, "units"),
        excitatory=_scalar(path, arrays, "excitatory"),
    )


def _nwb(path: str | os.PathLike[str]) -> Spikes:
    """The units of an NWB file."""
    pynwb = needs("pynwb")
    try:
        with pynwb.NWBHDF5IO(os.fspath(path), "r") as reader:
            units = reader.read().units
            rows = range(0 if units is None else len(units))
            columns = () if units is None else units.colnames
            listed = [np.asarray(units["spike_times"][row], np.float64) for row in rows]
            observed = [units["obs_intervals"][row] for row in rows if "obs_intervals" in columns]
            kinds = [str(units["population"][row]) for row in rows if "population" in columns]
    except Exception as error:
        raise DataError(f"{os.fspath(path)}: units cannot be read from it: {error}") from None
    if not listed:
        raise DataError(f"{os.fspath(path)}: there are no units in it")
    ends = [float(np.max(intervals)) for intervals in observed if np.size(intervals)]
    excitatory = kinds.count("excitatory")
    # As it is written here: the excitatory ones first.
    known = kinds == ["excitatory"] * excitatory + ["inhibitory"] * (len(kinds) - excitatory)
    return events(
        [1000.0 * train for train in listed],
        duration=1000.0 * max(ends) if ends else None,
        units=len(listed),
        excitatory=excitatory if kinds and known else None,
    )


def _scalar(path: str | os.PathLike[str], arrays: dict[str, Any], name: str) -> Any:
    value = arrays.get(name)
    if value is None:
        return None
    if value.size != 1 or value.dtype.kind not in "fiu":
        raise SettingsError(f"{os.fspath(path)}: {name!r} is not one number")
    number = value.reshape(-1)[0].item()
    return number if name == "duration" else int(number)


def events(
    spikes: Any,
    ids: npt.ArrayLike | None = None,
    *,
    duration: float | None = None,
    units: int | None = None,
    excitatory: int | None = None,
) -> Spikes:
    """Spikes from whatever somebody has.

    Parameters
    ----------
    spikes
        :class:`Spikes`, or a recording or diagnosis with them; a pair ``(times, ids)`` of times in ms and units;
        a list of Neo ``SpikeTrain`` s, one a unit; or a list of arrays of times in ms, one a
        unit. Times may be in any order, and may be quantities.
    ids
        The unit of each spike, if ``spikes`` are the times alone.
    duration
        Length of the recording, ms; that of Neo's trains, or else the last spike's time.
    units
        How many units there are; the greatest in ``ids`` and one if not given.
    excitatory
        Of these, the first so many are excitatory.

    Returns
    -------
    Spikes
        Sorted by time, then by unit.
    """
    held = spikes_of(spikes)
    if held is not None:
        if ids is not None:
            raise SettingsError("ids: the spikes have theirs already")
        given = excitatory if excitatory is not None else held.excitatory
        if duration is None and units is None:
            return Spikes(held.times, held.ids, held.duration, held.units, given)
        duration = held.duration if duration is None else duration
        units = held.units if units is None else units
        return _checked(held.times, held.ids, duration, units, given)
    if ids is not None:
        return _checked(milliseconds("times", spikes), ids, duration, units, excitatory)
    if isinstance(spikes, tuple) and len(spikes) == 2 and not is_train(spikes[0]):
        return _checked(milliseconds("times", spikes[0]), spikes[1], duration, units, excitatory)
    listed = trains(spikes)
    if duration is None:
        stops = [float(t.t_stop.rescale("ms")) for t in spikes if is_train(t)]
        duration = max(stops) if stops else None
    times = np.concatenate(listed) if listed else np.zeros(0)
    lengths = [len(train) for train in listed]
    each = np.repeat(np.arange(len(listed), dtype=np.uint32), lengths)
    return _checked(times, each, duration, units or max(len(listed), 1), excitatory)


def trains(spikes: Any) -> list[npt.NDArray[np.float64]]:
    """The spike times of each unit, ms: from anything that :func:`events` takes.

    Returns
    -------
    list of numpy.ndarray
        One array of float64, [spikes], a unit, ascending.
    """
    held = spikes_of(spikes)
    if held is not None:
        return held.trains()
    if isinstance(spikes, tuple) and len(spikes) == 2 and not is_train(spikes[0]):
        first = np.ndim(spikes[0]) if not isinstance(spikes[0], list) else 1
        if first == 1 and np.shape(spikes[0]) == np.shape(spikes[1]):
            return events(spikes).trains()
    if is_train(spikes):
        spikes = [spikes]
    if not isinstance(spikes, Sequence | np.ndarray) and not hasattr(spikes, "__iter__"):
        raise SettingsError(
            f"spikes: {type(spikes).__name__}; Spikes, (times, ids), a list of Neo's SpikeTrains "
            "or a list of arrays of times are needed"
        )
    listed = [
        np.sort(milliseconds(f"spikes[{k}]", train), kind="stable")
        for k, train in enumerate(spikes)
    ]
    for k, train in enumerate(listed):
        if train.ndim != 1:
            raise SettingsError(f"spikes[{k}]: shape {train.shape}; one train is a vector")
    return listed


def is_train(value: Any) -> bool:
    """Whether it is Neo's SpikeTrain, without importing Neo."""
    return hasattr(value, "t_stop") and hasattr(value, "rescale")


def milliseconds(name: str, values: Any) -> npt.NDArray[np.float64]:
    """Times as a vector of float64 in ms; quantities are converted."""
    if hasattr(values, "rescale"):
        try:
            values = values.rescale("ms").magnitude
        except Exception as error:
            raise SettingsError(f"{name}: not times: {error}") from None
    return _arrays.decimals(name, values)


def _checked(
    times: npt.ArrayLike,
    ids: npt.ArrayLike,
    duration: float | None,
    units: int | None,
    excitatory: int | None,
) -> Spikes:
    events_times = _arrays.numbers("times", times, np.float32, dimensions=1)
    events_ids = _arrays.integers("ids", ids)
    if len(events_times) != len(events_ids):
        raise SettingsError(f"{len(events_times)} times but {len(events_ids)} ids")
    last = float(np.max(events_times)) if len(events_times) else 0.0
    if duration is None:
        if last <= 0.0:
            raise SettingsError("duration: not given, and there is no spike to tell it from")
        duration = last
    duration = float(duration)
    if not (duration > 0 and np.isfinite(duration)):
        raise SettingsError(f"duration: {duration} ms is not a positive time")
    if len(events_times):
        first = float(np.min(events_times))
        if first < 0:
            raise SettingsError(f"times: {first} ms is before the start of the recording")
        if last > duration:
            # A time of float32 may be rounded up past the end.
            if last > duration * (1 + 1e-6):
                raise SettingsError(f"times: {last} ms is after the end, {duration:g} ms")
            events_times = np.minimum(events_times, np.nextafter(np.float32(duration), np.float32(0)))
    most = int(np.max(events_ids)) if len(events_ids) else -1
    units = max(most + 1, 1) if units is None else _arrays.whole("units", units, 1, 2**32 - 1)
    if most >= units:
        raise SettingsError(f"ids: {most} is no unit of 0..{units}")
    if excitatory is not None:
        excitatory = _arrays.whole("excitatory", excitatory, 0, units)
    if len(events_times) > 1 and (np.diff(events_times) < 0).any():
        order = np.lexsort((events_ids, events_times))
        events_times, events_ids = events_times[order], events_ids[order]
    return Spikes(events_times, events_ids, duration, units, excitatory)
