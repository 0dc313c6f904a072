"""Networks of any populations and projections between them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from . import _arrays, _native
from ._errors import MissingFileError, SettingsError
from ._frames import frame
from ._settings import to_json
from .metrics import cv
from .spikes import Spikes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PopulationRecording", "Populations"]

Published = Literal["brunel", "microcircuit", "clustered", "pv-sst-vip", "vogels"]


@dataclass(frozen=True, eq=False)
class PopulationRecording:
    """What a run of a network of populations gave.

    Attributes
    ----------
    spikes : Spikes
        Of all populations; ids are the neurons' numbers in the network.
    potential : numpy.ndarray
        Of the probed neurons after each time step, mV; float32, [neurons, steps].
    probed : numpy.ndarray
        Which neurons; int64.
    names : tuple of str
        The populations.
    firsts : tuple of int
        The number of the first neuron of each, and how many there are in all.
    """

    spikes: Spikes
    potential: npt.NDArray[np.float32] = field(repr=False)
    probed: npt.NDArray[np.int64] = field(repr=False)
    names: tuple[str, ...]
    firsts: tuple[int, ...] = field(repr=False)

    def of(self, name: str) -> Spikes:
        """The spikes of one population; ids are counted within it."""
        if name not in self.names:
            raise SettingsError(f"there is no population {name!r}; there are {list(self.names)}")
        place = self.names.index(name)
        first, last = self.firsts[place : place + 2]
        inside = (self.spikes.ids >= first) & (self.spikes.ids < last)
        ids = self.spikes.ids[inside] - np.uint32(first)
        return Spikes(self.spikes.times[inside], ids, self.spikes.duration, last - first)

    @property
    def rates(self) -> pd.DataFrame:
        """Each population: ``population``, ``neurons``, ``rate_hz``, the mean CV of its
        intervals ``cv``."""
        rows = []
        for name in self.names:
            part = self.of(name)
            values = cv(part)
            mean = float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
            rows.append(
                {"population": name, "neurons": part.units, "rate_hz": part.rate, "cv": mean}
            )
        return frame(rows)


class Populations:
    """A network of named populations and projections between them.

    Parameters
    ----------
    **settings
        ``populations`` and ``projections``, lists of dictionaries, and ``dt``, ``precision``,
        ``warm_up``, ``duration``; as in TOML files.

    Examples
    --------
    >>> import equipoise as eq
    >>> net = eq.Populations.microcircuit(0.02)
    >>> net.names[:2]
    ('L2/3E', 'L2/3I')
    """

    def __init__(self, **settings: Any) -> None:
        self._set(_native.populations_settings(None, None, to_json(settings)))

    def _set(self, text: str, sees: Sequence[str] = ()) -> None:
        self._json = text
        self._settings: dict[str, Any] = json.loads(text)
        self._built: tuple[int, _native.Populations] | None = None
        self._encoder: tuple[Any, _native.ImageEncoder] | None = None
        #: Who sees images if nobody is named: known of published networks.
        self._sees = tuple(sees)

    @classmethod
    def _of(
        cls,
        text: str | None,
        file: str | None,
        changes: dict[str, Any],
        sees: Sequence[str] = (),
    ) -> Populations:
        network = cls.__new__(cls)
        network._set(_native.populations_settings(text, file, to_json(changes)), sees)
        return network

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str], **settings: Any) -> Populations:
        """The network whose settings are in a TOML file."""
        if not os.path.isfile(path):
            raise MissingFileError(f"{os.fspath(path)}: there is no such file")
        return cls._of(None, os.fspath(path), settings)

    @classmethod
    def brunel(
        cls, neurons: int = 12500, g: float = 5.0, eta: float = 2.0, **settings: Any
    ) -> Populations:
        """Brunel's network, as :meth:`equipoise.Network.brunel`, as two populations."""
        number = _arrays.whole("neurons", neurons, 10, 2**31)
        text = _native.populations_brunel(number, float(g), float(eta))
        return cls._of(text, None, settings, ("E",))

    @classmethod
    def microcircuit(
        cls,
        neurons: float = 1.0,
        synapses: float | None = None,
        *,
        drive: Literal["poisson", "current"] = "poisson",
        **settings: Any,
    ) -> Populations:
        """The cortical microcircuit (Potjans & Diesmann 2014, Cereb. Cortex 24:785).

        Parameters
        ----------
        neurons
            Share of its 77,169 neurons.
        synapses
            Share of the synapses of each; that of the neurons if not given. Below 1, mean and
            variance of the input are kept.
        drive
            Its external input: spikes, or the constant current of their mean.
        **settings
            Other settings.
        """
        if drive not in ("poisson", "current"):
            raise SettingsError(f'drive: {drive!r}; there are "poisson" and "current"')
        share = float(neurons) if synapses is None else float(synapses)
        text = _native.populations_microcircuit(float(neurons), share, drive == "poisson")
        return cls._of(text, None, settings, ("L4E", "L4I"))

    @classmethod
    def published(cls, name: Published, **published: Any) -> Populations:
        """A published network, as the command's ``--populations`` names it.

        Parameters
        ----------
        name
            ``"brunel"`` (2000), ``"microcircuit"`` (Potjans & Diesmann 2014), ``"clustered"``
            (Litwin-Kumar & Doiron 2012), ``"pv-sst-vip"`` (Billeh et al. 2020), ``"vogels"``
            (2011).
        **published
            The keys of ``published`` in a run's configuration: ``scale``, the share of its
            neurons (of the microcircuit a tenth if not given), ``g``, ``eta``, ``clusters`` and
            others. Settings of the network itself are changed with :meth:`replace`.
        """
        text, sees = _native.populations_published(to_json({"name": name, **published}))
        return cls._of(text, None, {}, sees)

    def replace(self, **settings: Any) -> Populations:
        """This network with other settings."""
        return self._of(self._json, None, settings, self._sees)

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting, as dictionaries; a copy."""
        return json.loads(self._json)  # type: ignore[no-any-return]

    def to_toml(self) -> str:
        """The settings as TOML."""
        return _native.populations_toml(self._json)

    @property
    def names(self) -> tuple[str, ...]:
        """The populations, in the order in which neurons are numbered."""
        return tuple(p["name"] for p in self._settings["populations"])

    @property
    def neurons(self) -> int:
        """How many neurons and sources there are."""
        return sum(int(p["size"]) for p in self._settings["populations"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Populations) and self._settings == other._settings

    def __hash__(self) -> int:
        return hash(self._json)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{p['name']} {p['size']}" for p in self._settings["populations"])
        return f"Populations({sizes})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Populations._of, (self._json, None, {}, self._sees)

    def _build(self, seed: int) -> _native.Populations:
        if self._built is None or self._built[0] != seed:
            self._built = None
            self._built = (seed, _native.Populations(self._json, seed))
        return self._built[1]

    def _shown(
        self,
        seed: int,
        shape: tuple[int, int, int],
        onto: Sequence[str] | str | None,
        record: Sequence[str] | str | None,
        image: Mapping[str, Any] | None,
    ) -> _native.ImageEncoder:
        """The network with the sources of images, its synapses drawn."""
        way = dict(image or {})
        if onto is not None:
            way["onto"] = _arrays.names("onto", onto)
        elif "onto" not in way and way.get("population", "image") not in self.names:
            way["onto"] = list(self._sees)
        read = [] if record is None else _arrays.names("record", record)
        key = (seed, shape, to_json(way), read)
        if self._encoder is None or self._encoder[0] != key:
            self._encoder = None
            built = _native.ImageEncoder(self._json, key[2], read, seed, shape)
            self._encoder = (key, built)
        return self._encoder[1]

    def synapses(self, seed: int = 0) -> int:
        """How many synapses the network of a seed has."""
        return self._build(_arrays.whole("seed", seed)).synapses

    def run(
        self,
        duration: float | None = None,
        *,
        seed: int = 0,
        warm_up: float | None = None,
        probe: npt.ArrayLike = (),
        progress: bool = False,
    ) -> PopulationRecording:
        """Run the network and record its spikes.

        Parameters
        ----------
        duration
            Recorded, ms; the network's ``duration`` if not given.
        seed
            Of the synapses and of everything else that is random.
        warm_up
            Simulated before and thrown away, ms; the network's ``warm_up`` if not given.
        probe
            Neurons whose potential is recorded after each time step.
        progress
            Show a bar (needs tqdm).

        Returns
        -------
        PopulationRecording
        """
        seed = _arrays.whole("seed", seed)
        probed = _arrays.integers("probe", probe)
        spikes, potential = self._build(seed).run(
            seed,
            None if duration is None else float(duration),
            None if warm_up is None else float(warm_up),
            [int(k) for k in probed],
            _arrays.bar(progress),
        )
        return PopulationRecording(
            Spikes(spikes.times, spikes.ids, spikes.duration, spikes.units),
            potential,
            probed.astype(np.int64),
            self.names,
            self._firsts,
        )

    @property
    def _firsts(self) -> tuple[int, ...]:
        """The number of the first neuron of each population, and how many there are in all."""
        sizes = [int(p["size"]) for p in self._settings["populations"]]
        return tuple(int(n) for n in np.concatenate([[0], np.cumsum(sizes)]))
