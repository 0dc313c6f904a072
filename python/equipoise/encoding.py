"""Images in, spikes out: counts of a network, and codes that need no network."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from . import _arrays, _native
from ._errors import MissingFileError, SettingsError
from ._images import planes
from .network import Network
from .populations import Populations
from .spikes import Spikes, events, is_train, spikes_of

__all__ = ["Counts", "Events", "encode", "latency"]


@dataclass(frozen=True, eq=False)
class Counts:
    """The spike counts of many recordings.

    Attributes
    ----------
    counts : numpy.ndarray
        uint16, [recordings, units, bins].
    duration : float
        Length of a recording, ms.
    labels : numpy.ndarray or None
        The class of each recording.
    """

    counts: npt.NDArray[np.uint16]
    duration: float
    labels: npt.NDArray[Any] | None = None

    @classmethod
    def of(cls, counts: Any, duration: float | None = None) -> Counts:
        """Counts from an array [recordings, units] or [recordings, units, bins].

        Parameters
        ----------
        counts
            Whole numbers, or Counts.
        duration
            Length of a recording, ms; as many ms as bins if not given.
        """
        if isinstance(counts, Counts):
            return counts
        array = _arrays.numbers("counts", counts, np.uint16)
        if array.ndim == 2:
            array = array[:, :, None]
        if array.ndim != 3 or 0 in array.shape[1:]:
            raise SettingsError(
                f"counts: shape {array.shape}; [recordings, units, bins] is needed"
            )
        return cls(array, float(array.shape[2]) if duration is None else float(duration))

    def __len__(self) -> int:
        return len(self.counts)

    def __getitem__(self, which: Any) -> Counts:
        if isinstance(which, int | np.integer):
            which = slice(which, which + 1) if which != -1 else slice(-1, None)
        labels = None if self.labels is None else self.labels[which]
        return Counts(self.counts[which], self.duration, labels)

    def __array__(self, dtype: Any = None, copy: Any = None) -> npt.NDArray[Any]:
        return np.array(self.counts, dtype=dtype, copy=bool(copy))

    @property
    def shape(self) -> tuple[int, ...]:
        """Recordings, units, bins."""
        return self.counts.shape

    @property
    def rate(self) -> float:
        """Mean rate of a unit, Hz."""
        if not self.counts.size:
            return 0.0
        return float(self.counts.sum(axis=2).mean()) / self.duration * 1000.0

    def __repr__(self) -> str:
        n, units, bins = self.counts.shape
        return f"Counts({n} recordings, {units} units, {bins} bins of {self.duration / bins:g} ms)"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an NPZ file with ``counts``, ``duration_ms`` and, if there are any, ``labels``."""
        extra: dict[str, Any] = {} if self.labels is None else {"labels": self.labels}
        with open(path, "wb") as file:
            np.savez_compressed(
                file, counts=self.counts, duration_ms=np.float64(self.duration), **extra
            )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Counts:
        """Read what :meth:`save`, or the command, wrote."""
        if not os.path.exists(path):
            raise MissingFileError(f"{os.fspath(path)}: there is no such file")
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except Exception as error:
            raise SettingsError(f"{os.fspath(path)}: not an NPZ file: {error}") from None
        if "counts" not in arrays:
            raise SettingsError(f"{os.fspath(path)}: no array 'counts'")
        duration = arrays.get("duration_ms")
        counts = cls.of(arrays["counts"], None if duration is None else float(duration))
        return cls(counts.counts, counts.duration, arrays.get("labels"))

    def _native(self) -> tuple[npt.NDArray[np.uint16], int, int, float]:
        counts = np.ascontiguousarray(self.counts, dtype=np.uint16)
        _, units, bins = counts.shape
        return counts.reshape(-1), units, bins, self.duration


def encode(
    images: npt.ArrayLike,
    network: Network | Populations,
    *,
    seed: int = 0,
    part: Literal["train", "validation", "test"] | None = None,
    first: int = 0,
    population: Literal["all", "excitatory", "inhibitory"] = "all",
    onto: Sequence[str] | str | None = None,
    record: Sequence[str] | str | None = None,
    image: Mapping[str, Any] | None = None,
    bins: int = 1,
    progress: bool = False,
) -> Counts:
    """Show images to a network, each for the network's ``duration``, and count its spikes.

    To a network of populations each image is shown through sources of spikes, one a pixel and
    colour, for ``image["duration"]`` after ``image["warm_up"]`` without it.

    Parameters
    ----------
    images
        [n, height, width] or [n, height, width, channels] with 1 or 3 channels: intensities in
        0..1, or uint8.
    network
        The network.
    seed
        Of the connections and of everything else that is random.
    part
        Draw what is random as a run of the command, or of :func:`equipoise.studies.encode`, with
        this seed does for that part of its images: with the images and the network of the run,
        its counts. The input weight of a Network is that of its settings, while a run may fit it
        to its training images (``input.drive``).
    first
        The number of the first image. Image k has random numbers of its own, so that a set can
        be encoded in parts; give images of another set other numbers.
    population
        Whose spikes are counted, of a Network.
    onto
        Of Populations: those that see the images. If not given, those that the input of a
        published network goes to, or those that sources called ``image`` project to.
    record
        Of Populations: those whose spikes are counted, in the order of the network; all neurons
        if not given.
    image
        Of Populations: how images come to them, ``in_degree``, ``weight``, ``r_max`` (Hz),
        ``color``, ``warm_up`` and ``duration`` (ms), ``population`` (the name of the sources); as
        the table ``image`` of an entry of ``populations`` in a run's configuration.
    bins
        Equal parts of the recording that spikes are counted in.
    progress
        Show a bar (needs tqdm).

    Returns
    -------
    Counts
    """
    if not isinstance(network, Network | Populations):
        kind = type(network).__name__
        raise SettingsError(f"network: {kind}; a Network or Populations are needed")
    array, shape = planes("images", images)
    flat, pixels = array.reshape(-1), shape[0] * shape[1] * shape[2]
    drawn = trials = _arrays.whole("seed", seed)
    if part is not None:
        drawn, trials = _native.seeds_of_run(drawn, str(part))
    first, bins = _arrays.whole("first", first), _arrays.whole("bins", bins, 1, 100_000)
    bar = _arrays.bar(progress, "image")
    if isinstance(network, Populations):
        if population != "all":
            raise SettingsError(
                f"population: {population!r} is of a Network; name populations with record"
            )
        shown = network._shown(drawn, shape, onto, record, image)
        found = shown.encode(flat, pixels, trials, first, bins, bar)
    else:
        for name, value in {"onto": onto, "record": record, "image": image}.items():
            if value is not None:
                raise SettingsError(f"{name}: is of Populations, and this is a Network")
        built = network._build(drawn, shape)
        found = _native.encode(built, flat, pixels, trials, first, str(population), bins, bar)
    counts, units, parts, duration = found
    return Counts(counts.reshape(len(array), units, parts), duration)


@dataclass(frozen=True, eq=False)
class Events:
    """Samples as events on a time grid: what a classifier reads.

    Attributes
    ----------
    steps, channels : int
        Size of the grid.
    step_ms : float
        What a step stands for, ms.
    offsets : numpy.ndarray
        Where the events of each sample start, and where the last end; uint64, [samples + 1].
    step, channel : numpy.ndarray
        Of each event; uint16, [events].
    """

    steps: int
    channels: int
    offsets: npt.NDArray[np.uint64] = field(repr=False)
    step: npt.NDArray[np.uint16] = field(repr=False)
    channel: npt.NDArray[np.uint16] = field(repr=False)
    step_ms: float = 1.0

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, which: Any) -> Events:
        chosen = np.atleast_1d(np.arange(len(self))[which])
        starts, ends = self.offsets[chosen], self.offsets[chosen + 1]
        lengths = (ends - starts).astype(np.int64)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.uint64)
        shift = starts.astype(np.int64) - offsets[:-1].astype(np.int64)
        place = np.repeat(shift, lengths) + np.arange(int(lengths.sum()))
        return Events(
            self.steps, self.channels, offsets, self.step[place], self.channel[place], self.step_ms
        )

    def __iter__(self) -> Iterator[Events]:
        return (self[k] for k in range(len(self)))

    def dense(self) -> npt.NDArray[np.uint16]:
        """The events as an array [samples, steps, channels]."""
        grid = np.zeros((len(self), self.steps, self.channels), dtype=np.uint16)
        for k, cells in enumerate(grid):
            events = slice(int(self.offsets[k]), int(self.offsets[k + 1]))
            place = self.step[events].astype(np.int64) * self.channels + self.channel[events]
            where, times = np.unique(place, return_counts=True)
            cells.reshape(-1)[where] = times
        return grid

    @classmethod
    def of(
        cls,
        samples: Any,
        *,
        steps: int = 100,
        channels: int | None = None,
        duration: float | None = None,
    ) -> Events:
        """Events from whatever somebody has.

        Parameters
        ----------
        samples
            Events; an array [samples, time, channels] of counts (spikes as 0 and 1); or a list
            with one entry a sample, each a pair ``(times, ids)`` in ms, Spikes, or a list of
            Neo's ``SpikeTrain`` s.
        steps
            Of lists: into how many steps ``duration`` is cut. Later spikes are left out.
        channels
            Of lists: how many channels there are; the greatest id and one if not given.
        duration
            Of lists: length of a sample, ms; the longest one's if not given.

        Returns
        -------
        Events
        """
        if isinstance(samples, Events):
            return samples
        shape = getattr(samples, "shape", None)
        if shape is not None and len(shape) == 3:
            return cls._dense(samples)
        if isinstance(samples, Counts):
            return cls._dense(samples.counts.transpose(0, 2, 1))
        if shape is not None or not isinstance(samples, Iterable):
            raise SettingsError(
                f"X: {'shape ' + str(tuple(shape)) if shape is not None else type(samples)}; "
                "an array [samples, time, channels] or a list of samples is needed"
            )
        return cls._listed(list(samples), steps, channels, duration)

    @classmethod
    def _dense(cls, samples: Any) -> Events:
        array = _arrays.numbers("X", samples, np.uint16, dimensions=3)
        n, steps, channels = array.shape
        if not (1 <= steps <= 65536 and 1 <= channels <= 65536):
            raise SettingsError(f"X: shape {array.shape}; 1 to 65536 steps and channels")
        sample, step, channel = np.nonzero(array)
        times = array[sample, step, channel]
        if times.size and times.max() > 1:
            sample, step, channel = (np.repeat(part, times) for part in (sample, step, channel))
        offsets = np.searchsorted(sample, np.arange(n + 1)).astype(np.uint64)
        return cls(steps, channels, offsets, step.astype(np.uint16), channel.astype(np.uint16))

    @classmethod
    def _listed(
        cls, samples: list[Any], steps: int, channels: int | None, duration: float | None
    ) -> Events:
        steps = _arrays.whole("steps", steps, 1, 65536)
        recordings: list[Spikes] = []
        for k, sample in enumerate(samples):
            try:
                recordings.append(events(sample, duration=None if _has_length(sample) else 1e12))
            except SettingsError as error:
                raise SettingsError(f"X[{k}]: {error}") from None
        if duration is None:
            lengths = [r.duration if r.duration < 1e12 else _last(r) for r in recordings]
            duration = max(lengths, default=0.0)
        duration = float(duration)
        if not (duration > 0 and np.isfinite(duration)):
            raise SettingsError(f"duration: {duration} ms is not a positive time")
        most = max((r.units for r in recordings), default=1)
        channels = most if channels is None else _arrays.whole("channels", channels, 1, 65536)
        if most > channels:
            raise SettingsError(f"channels: there are {most}, not {channels}")
        width = duration / steps
        parts_step, parts_channel, counts = [], [], []
        for recording in recordings:
            step = np.floor(recording.times.astype(np.float64) / width).astype(np.int64)
            # The last bin is closed.
            step = np.where(recording.times == np.float32(duration), steps - 1, step)
            inside = step < steps
            parts_step.append(step[inside].astype(np.uint16))
            parts_channel.append(recording.ids[inside].astype(np.uint16))
            counts.append(int(inside.sum()))
        return cls(
            steps,
            channels,
            np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.uint64),
            np.concatenate([*parts_step, np.zeros(0, np.uint16)]),
            np.concatenate([*parts_channel, np.zeros(0, np.uint16)]),
            width,
        )

    def _native(
        self,
    ) -> tuple[
        int,
        int,
        float,
        npt.NDArray[np.uint64],
        npt.NDArray[np.uint16],
        npt.NDArray[np.uint16],
    ]:
        return self.steps, self.channels, self.step_ms, self.offsets, self.step, self.channel


def _has_length(sample: Any) -> bool:
    """Whether a recording tells how long it is."""
    if spikes_of(sample) is not None:
        return True
    return isinstance(sample, list) and any(is_train(train) for train in sample)


def _last(recording: Any) -> float:
    return float(recording.times[-1]) if len(recording) else 0.0


def latency(
    images: npt.ArrayLike, *, threshold: float = 0.2, tau: float = 20.0, steps: int = 100
) -> Events:
    """The latency code: one spike a pixel, the earlier the brighter.

    Intensity x fires in step floor(tau ln(x / (x - threshold))); not at all up to the threshold.

    Parameters
    ----------
    images
        As :func:`encode`.
    threshold
        Intensity up to which there is no spike.
    tau
        Time constant, in steps.
    steps
        Steps; a spike that would come later is left out.

    Returns
    -------
    Events
        A channel a pixel, [channels, height, width] in order.
    """
    steps = _arrays.whole("steps", steps, 1, 65536)
    if getattr(images, "dtype", None) == np.uint8:
        # The 256 intensities exactly.
        level = _native.latency(np.arange(256) / 255.0, float(threshold), float(tau), steps)
        array, _ = planes("images", images)
        values = np.asarray(np.rint(array * 255.0), dtype=np.uint8)
        first = level[values.reshape(len(array), -1)]
    else:
        array, _ = planes("images", images)
        exact = array.reshape(-1).astype(np.float64)
        found = _native.latency(exact, float(threshold), float(tau), steps)
        first = found.reshape(len(array), -1)
    if first.shape[1] > 65536:
        raise SettingsError(f"images: {first.shape[1]} values an image; up to 65536 are possible")
    sample, channel = np.nonzero(first >= 0)
    step = first[sample, channel]
    order = np.lexsort((channel, step, sample))
    offsets = np.searchsorted(sample, np.arange(len(first) + 1)).astype(np.uint64)
    return Events(
        steps,
        first.shape[1],
        offsets,
        step[order].astype(np.uint16),
        channel[order].astype(np.uint16),
    )
