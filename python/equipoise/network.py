"""Networks of excitatory and inhibitory neurons."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays, _native
from ._errors import MissingFileError, SettingsError
from ._extras import needs
from ._images import planes
from ._settings import to_json
from .populations import Populations
from .spikes import Spikes, Traces

__all__ = ["Network", "Recording", "regimes"]


def regimes() -> list[str]:
    """The names of the regimes that a network can be in."""
    return _native.regimes()


def _background(settings: dict[str, Any]) -> dict[str, Any]:
    """A new eta replaces a background rate, which would have the last word."""
    if "eta" in settings and "background_rate" not in settings:
        settings["background_rate"] = None
    return settings


class Network:
    """A network of leaky integrate-and-fire neurons, excitatory and inhibitory.

    Settings are keyword arguments: ``Network(neurons=2000, g=6)``. Those of tables have two
    underscores for the point, ``input__weight=1.5``, or are a dictionary,
    ``input={"weight": 1.5}``. The defaults are those of the network that encodes images;
    ``equipoise settings encode`` lists every one with its unit, and :attr:`settings` what holds.
    What is None is not set; a new ``eta`` replaces the background rate.

    A network is what is written down; its connections are drawn from the seed of a run. The
    connections drawn last are kept, so that runs of one seed draw them once.
    """

    __slots__ = ("_built", "_json", "_settings")

    def __init__(self, **settings: Any) -> None:
        self._set(_native.network_settings(None, None, to_json(_background(settings))))

    def _set(self, text: str) -> None:
        self._json = text
        self._settings: dict[str, Any] = json.loads(text)
        self._built: tuple[int, tuple[int, int, int] | None, _native.Network] | None = None

    @classmethod
    def _of(cls, text: str, changes: Mapping[str, Any]) -> Network:
        network = cls.__new__(cls)
        network._set(_native.network_settings(text, None, to_json(_background(dict(changes)))))
        return network

    @classmethod
    def brunel(
        cls, neurons: int = 12500, g: float = 5.0, eta: float = 2.0, **settings: Any
    ) -> Network:
        """Brunel's network (2000, J. Comput. Neurosci. 8:183) with J_E C_E = 100 mV.

        Parameters
        ----------
        neurons
            Neurons, four fifths of them excitatory.
        g
            Strength of inhibition in units of excitation; the balance is at 4.
        eta
            Background in units of the rate that alone reaches threshold.
        **settings
            Other settings.
        """
        number = _arrays.whole("neurons", neurons, 1, 2**31)
        return cls._of(_native.brunel(number, float(g), float(eta)), settings)

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str], **settings: Any) -> Network:
        """The network whose settings are in a TOML file.

        Parameters
        ----------
        path
            The file. What it leaves out has its default.
        **settings
            Settings above those of the file.
        """
        if not os.path.isfile(path):
            raise MissingFileError(f"{os.fspath(path)}: there is no such file")
        network = cls.__new__(cls)
        changes = to_json(_background(settings))
        network._set(_native.network_settings(None, os.fspath(path), changes))
        return network

    @staticmethod
    def populations(**settings: Any) -> Populations:
        """A network of any populations: see :class:`equipoise.Populations`."""
        return Populations(**settings)

    def regime(self, name: str) -> Network:
        """This network brought into a regime: one of :func:`regimes`.

        ``balanced`` sets g = 5; ``unbalanced-g`` g = 3.5; ``unbalanced-p`` the connection
        probability 0.01; ``low-threshold`` the threshold 12 mV, and is
        balanced while it sees images.
        """
        network = self._of(_native.regime(str(name), self._json), {})
        today = _native.new_regime_name(str(name))
        if today is not None:
            warnings.warn(
                f"the regime {name!r} is called {today!r} now", FutureWarning, stacklevel=2
            )
        return network

    def replace(self, **settings: Any) -> Network:
        """This network with other settings."""
        return self._of(self._json, settings)

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting, as dictionaries; a copy."""
        return json.loads(self._json)  # type: ignore[no-any-return]

    def to_toml(self) -> str:
        """The settings as TOML, as :meth:`from_toml` and the command read them.

        The background is written as a rate, in Hz, also where ``eta`` gave it.
        """
        return _native.network_toml(self._json)

    @property
    def neurons(self) -> int:
        """How many neurons there are."""
        return int(self._settings["neurons"])

    @property
    def excitatory(self) -> int:
        """Of these, neurons 0.. this are excitatory."""
        return _native.network_numbers(self._json)[0]

    @property
    def inhibitory(self) -> int:
        """How many neurons are inhibitory; they come last."""
        return self.neurons - self.excitatory

    @property
    def mean_field_rate(self) -> float:
        """The rate by mean-field theory (Siegert), Hz."""
        return _native.mean_field_rate(self._json)

    @property
    def background_rate(self) -> float:
        """Background spikes per second and neuron, Hz."""
        return _native.network_numbers(self._json)[3]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Network) and self._settings == other._settings

    def __hash__(self) -> int:
        return hash(self._json)

    def __repr__(self) -> str:
        s = self._settings
        return (
            f"Network({self.excitatory} excitatory and {self.inhibitory} inhibitory neurons, "
            f"g = {s['g']:g}, background {self.background_rate:.4g} Hz)"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Network._of, (self._json, {})

    def _build(self, seed: int, shape: tuple[int, int, int] | None = None) -> _native.Network:
        """The network with its connections drawn."""
        if self._built is None or self._built[:2] != (seed, shape):
            # Room first: two large networks need not be in memory together.
            self._built = None
            self._built = (seed, shape, _native.Network(self._json, seed, shape))
        return self._built[2]

    def run(
        self,
        duration: float | None = None,
        *,
        seed: int = 0,
        trial: int = 0,
        warm_up: float | None = None,
        probe: int | Sequence[int] | npt.NDArray[np.integer[Any]] = 0,
        sample: float = 1.0,
        image: npt.ArrayLike | None = None,
        background: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
        progress: bool = False,
    ) -> Recording:
        """Run the network and record its spikes.

        Parameters
        ----------
        duration
            Recorded, ms; the network's ``duration`` if not given.
        seed
            Of the connections and of everything else that is random.
        trial
            Which of the seed's runs: each has its own start and input.
        warm_up
            Simulated before and thrown away, ms; the network's ``warm_up`` if not given.
        probe
            Neurons whose potential and inputs are recorded too: how many, spread evenly over the
            network, or which.
        sample
            Time between the samples of these, ms.
        image
            What is shown: intensities in 0..1, [height, width] or [height, width, channels].
        background
            The background over time, in units of the configured one: times in ms, ascending, and
            the factor at each; straight lines between them.
        progress
            Show a bar (needs tqdm).

        Returns
        -------
        Recording
        """
        seed = _arrays.whole("seed", seed)
        picture, shape = (None, None) if image is None else planes("image", image, one=True)
        if background is not None:
            if not isinstance(background, tuple | list) or len(background) != 2:
                raise SettingsError("background: a pair (times, factors) is needed")
            background = (
                _arrays.decimals("background times", background[0]),
                _arrays.decimals("background", background[1]),
            )
        spikes, traces = self._build(seed, shape).run(
            seed,
            _arrays.whole("trial", trial),
            None if duration is None else float(duration),
            None if warm_up is None else float(warm_up),
            self._probed(probe),
            float(sample),
            None if picture is None else picture.reshape(-1),
            background,
            _arrays.bar(progress),
        )
        return Recording(self._spikes(spikes), traces_of(traces), self)

    def _spikes(self, spikes: _native.Spikes) -> Spikes:
        return Spikes(spikes.times, spikes.ids, spikes.duration, spikes.units, self.excitatory)

    def _probed(self, probe: Any) -> list[int]:
        """Which neurons a probe looks at."""
        if np.ndim(probe) == 0:
            wanted = min(_arrays.whole("probe", probe), self.neurons)
            return [k * self.neurons // wanted for k in range(wanted)]
        return [int(k) for k in _arrays.integers("probe", probe)]


@dataclass(frozen=True, eq=False)
class Recording:
    """What a run of a network gave.

    Attributes
    ----------
    spikes : Spikes
    traces : Traces
        Of the probed neurons; empty without a probe.
    network : Network
        The network that ran.
    """

    spikes: Spikes
    traces: Traces
    network: Network = field(repr=False)

    def to_neo(self) -> Any:
        """A :class:`neo.Segment` with the spikes and, if neurons were probed, their signals."""
        neo, quantities = needs("neo"), needs("quantities")
        segment = neo.Segment(name="equipoise")
        segment.spiketrains.extend(self.spikes.to_neo())
        traces = self.traces
        if traces.neurons.size:
            for name in ("potential", "excitation", "inhibition"):
                segment.analogsignals.append(
                    neo.AnalogSignal(
                        getattr(traces, name).T,
                        units="mV",
                        sampling_period=traces.sample * quantities.ms,
                        name=name,
                        array_annotations={"neuron": traces.neurons},
                    )
                )
        return segment

    def to_nwb(self, path: str | os.PathLike[str] | None = None, **description: Any) -> Any:
        """The spikes as NWB; see :meth:`Spikes.to_nwb`."""
        return self.spikes.to_nwb(path, **description)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the spikes as NPZ; see :meth:`Spikes.save`."""
        self.spikes.save(path)


def traces_of(traces: _native.Traces) -> Traces:
    """Traces in the form that people get."""
    return Traces(
        np.asarray(traces.neurons, dtype=np.int64),
        traces.sample,
        traces.potential,
        traces.excitation,
        traces.inhibition,
    )
