"""Spiking networks of excitatory and inhibitory neurons: encode, decode, classify, judge.

>>> import equipoise as eq
>>> net = eq.Network.brunel(2500, g=5, eta=2)
>>> rec = net.run(200, seed=0)
>>> rec.spikes.times.dtype, rec.spikes.ids.dtype
(dtype('float32'), dtype('uint32'))
"""

from __future__ import annotations

from . import metrics, plot, spikes, stimulate, studies
from ._errors import (
    DataError,
    EquipoiseError,
    InternalError,
    MissingFileError,
    RunError,
    SettingsError,
)
from ._frames import use_frames
from ._native import __version__
from ._studies import StudyResults
from .balance import (
    BalanceMap,
    Diagnosis,
    PopulationsDiagnosis,
    Verdict,
    balance_map,
    diagnose,
    judge,
)
from .classifier import Classifier
from .decoder import Decoder
from .encoding import Counts, Events, encode, latency
from .network import Network, Recording, regimes
from .populations import PopulationRecording, Populations
from .run import Run
from .spikes import Spikes, Traces, load

__all__ = [
    "BalanceMap",
    "Classifier",
    "Counts",
    "DataError",
    "Decoder",
    "Diagnosis",
    "EquipoiseError",
    "Events",
    "InternalError",
    "MissingFileError",
    "Network",
    "PopulationRecording",
    "Populations",
    "PopulationsDiagnosis",
    "Recording",
    "Run",
    "RunError",
    "SettingsError",
    "Spikes",
    "StudyResults",
    "Traces",
    "Verdict",
    "__version__",
    "balance_map",
    "diagnose",
    "encode",
    "judge",
    "latency",
    "load",
    "metrics",
    "plot",
    "regimes",
    "spikes",
    "stimulate",
    "studies",
    "use_frames",
]
