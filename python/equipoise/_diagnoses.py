"""What is found of the balance of a network: verdicts with their reasons in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ._errors import SettingsError
from ._frames import frame
from .spikes import Spikes, Traces

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Diagnosis", "PopulationsDiagnosis", "Verdict", "without_none"]


class Verdict:
    """Balanced or not, with the reasons in numbers.

    True if the network is balanced: ``if diagnosis.verdict: ...``.
    """

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._found = found

    @property
    def balanced(self) -> bool:
        """Whether every criterion is met."""
        return bool(self._found["balanced"])

    @property
    def state(self) -> str:
        """In a word: balanced, silent, uncancelled, mean_driven, regular, bursting, synchronous."""
        return str(self._found["state"])

    @property
    def reasons(self) -> pd.DataFrame:
        """Every criterion: ``criterion``, ``value`` (NaN if not measured), ``bound``,
        ``at_least`` (else at most), ``met``."""
        columns = ("criterion", "value", "bound", "at_least", "met")
        rows = [{name: reason[name] for name in columns} for reason in self._found["reasons"]]
        for row in rows:
            if row["value"] is None:
                row["value"] = float("nan")
        return frame(rows)

    def __bool__(self) -> bool:
        return self.balanced

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Verdict) and self._found == other._found

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        head = "balanced" if self.balanced else f"not balanced ({self.state.replace('_', '-')})"
        told = []
        for reason in self._found["reasons"]:
            if reason["met"] != self.balanced:
                continue
            if reason["value"] is None:
                told.append(f"{reason['criterion']} could not be measured")
                continue
            relation = {
                (True, True): "at least",
                (True, False): "below",
                (False, True): "at most",
                (False, False): "above",
            }[reason["at_least"], reason["met"]]
            told.append(
                f"{reason['criterion']} {reason['value']:.2f}, {relation} {reason['bound']:g}"
            )
        return f"{head}: {'; '.join(told)}" if told else head

    def __repr__(self) -> str:
        return f"Verdict({self})"

    def _repr_html_(self) -> str:
        head = "balanced" if self.balanced else f"not balanced ({self.state.replace('_', '-')})"
        table: Any = self.reasons
        return f"<b>{head}</b>{table._repr_html_()}"


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What a recording says about the balance of a network.

    Attributes
    ----------
    verdict : Verdict
    spikes : Spikes
    traces : Traces
        Inputs of the probed neurons.
    found : dict
        Every number, as the library gives it.
    """

    verdict: Verdict
    spikes: Spikes = field(repr=False)
    traces: Traces = field(repr=False)
    found: dict[str, Any] = field(repr=False)

    @property
    def balanced(self) -> bool:
        """Whether the verdict is that the network is balanced."""
        return self.verdict.balanced

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers of the population: rates in Hz, inputs in mV, ratios, CV, Fano factor,
        synchrony, correlation; NaN where there is none."""
        f = self.found
        synchrony = f["synchrony"] or {}
        values = {
            "rate_hz": f["rate_hz"],
            "excitatory_rate_hz": f["excitatory_rate_hz"],
            "inhibitory_rate_hz": f["inhibitory_rate_hz"],
            "mean_field_rate_hz": f["mean_field_rate_hz"],
            "excitation_mv": f["excitation"],
            "inhibition_mv": f["inhibition"],
            "net_mv": f["net"],
            "inhibition_over_excitation": f["inhibition_over_excitation"],
            "input_correlation": f["input_correlation"],
            "cv": f["irregularity"]["cv"]["mean"],
            "lv": f["irregularity"]["local_variation"]["mean"],
            "fano": f["fano"]["mean"],
            "synchrony": synchrony.get("chi"),
            "count_correlation": f["count_correlations"]["mean"],
        }
        return {k: float("nan") if v is None else float(v) for k, v in values.items()}

    @property
    def neurons(self) -> pd.DataFrame:
        """Each neuron: ``spikes``, ``cv``, ``local_variation``, ``fano``."""
        rows = [
            {**without_none(neuron), "fano": float("nan") if fano is None else fano}
            for neuron, fano in zip(
                self.found["irregularity"]["neurons"], self.found["fano_factors"], strict=True
            )
        ]
        return frame(rows)

    @property
    def inputs(self) -> pd.DataFrame:
        """Each probed neuron's input: ``neuron``, ``excitation``, ``inhibition``, ``net``,
        ``net_sd`` in mV, ``correlation``."""
        return frame([without_none(row) for row in self.found["inputs"]])


@dataclass(frozen=True, eq=False)
class PopulationsDiagnosis:
    """What a recording says about each population of a network.

    Attributes
    ----------
    populations : dict of str to Diagnosis
        By name, spike sources left out; neurons are numbered within their population. Of the
        inputs there are the means, ``inputs``, and no traces.
    spikes : Spikes
        Of the whole network.
    found : dict
        Every number, as the library gives it.
    """

    populations: dict[str, Diagnosis]
    spikes: Spikes = field(repr=False)
    found: dict[str, Any] = field(repr=False)
    _sources: tuple[str, ...] = field(repr=False)

    @property
    def balanced(self) -> bool:
        """Whether every population is balanced."""
        return all(found.balanced for found in self.populations.values())

    def __getitem__(self, name: str) -> Diagnosis:
        if name not in self.populations:
            known = list(self.populations)
            raise SettingsError(f"there is no population {name!r}; there are {known}")
        return self.populations[name]

    @property
    def numbers(self) -> pd.DataFrame:
        """Each population: ``population``, ``balanced``, ``state``, and
        :attr:`Diagnosis.numbers`."""
        return frame(
            [
                {
                    "population": name,
                    "balanced": found.balanced,
                    "state": found.verdict.state,
                    **found.numbers,
                }
                for name, found in self.populations.items()
            ]
        )

    @property
    def inputs(self) -> pd.DataFrame:
        """Mean input of each population from each, negative from inhibitory ones, and from the
        background and constant currents, R I in mV: ``population``, ``source``, ``mv``."""
        rows = []
        for found in self.found["populations"]:
            outside = found["input_from_outside_mv"]
            named = zip(self._sources, found["input_from_mv"], strict=True)
            for source, value in [*named, ("outside", outside)]:
                rows.append({"population": found["name"], "source": source, "mv": value})
        return frame(rows)

    @property
    def correlations(self) -> pd.DataFrame:
        """Correlation over time of the rates of any two populations, sources included: ``a``,
        ``b``, ``correlation``; NaN where one does not vary."""
        rows = [
            {"a": a, "b": b, "correlation": float("nan") if value is None else value}
            for a, line in zip(self._sources, self.found["rate_correlations"], strict=True)
            for b, value in zip(self._sources, line, strict=True)
        ]
        return frame(rows)

    def __str__(self) -> str:
        return "\n".join(f"{name}: {d.verdict}" for name, d in self.populations.items())


def without_none(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with NaN for what is not there."""
    return {k: float("nan") if v is None else v for k, v in row.items()}
