"""What all studies have in common."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import _arrays, _native
from ._errors import MissingFileError, SettingsError
from ._frames import tidy
from ._reports import Report, Tables
from ._settings import to_json
from .network import Network
from .populations import Populations
from .run import Run

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["StudyResults", "settings", "study"]


@dataclass(frozen=True, eq=False)
class StudyResults:
    """What a study found.

    Attributes
    ----------
    name : str
        The study.
    results : dict
        Everything, as dictionaries and lists.
    tables : Tables
        The tables of the report, by name, as the command writes them.
    summary : str
        In a few lines.
    report : Report
    path : str or None
        The run directory; None if results were kept in memory.
    """

    name: str
    results: Any = field(repr=False)
    tables: Tables
    summary: str = field(repr=False)
    report: Report = field(repr=False)
    path: str | None = None

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """Everything in ``results`` as tidy tables: one row a record."""
        return tidy(self.results)

    def __str__(self) -> str:
        return self.summary


def _plain(changes: Mapping[str, Any]) -> str:
    """Settings as JSON; networks by what is written down of them."""
    return to_json({name: _written(name, value) for name, value in changes.items()})


def _written(key: str, value: Any) -> Any:
    if isinstance(value, Network | Populations):
        return value.settings
    if isinstance(value, Mapping):
        return {name: _written(str(name), inner) for name, inner in value.items()}
    if key == "populations" and isinstance(value, list | tuple):
        return [_case(entry) for entry in value]
    return value


def _case(entry: Any) -> Any:
    """A network that encodes images: the name of a published one, the path of a TOML file,
    Populations, or a table as in a run's configuration, with Populations as its ``network``."""
    if isinstance(entry, str | os.PathLike):
        return json.loads(_native.populations_case(os.fspath(entry)))
    if isinstance(entry, Populations):
        entry = {"network": entry}
    if not isinstance(entry, Mapping):
        return entry
    case = {name: _written(str(name), value) for name, value in entry.items()}
    network = entry.get("network")
    if isinstance(network, Populations) and network._sees:
        way = dict(case.get("image", {}))
        way.setdefault("onto", list(network._sees))
        case["image"] = way
    return case


def _file(config: str | os.PathLike[str] | None) -> str | None:
    if config is None:
        return None
    if not os.path.isfile(config):
        raise MissingFileError(f"{os.fspath(config)}: there is no such file")
    return os.fspath(config)


def settings(
    name: str,
    config: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    /,
    *,
    preset: str | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """The settings that a study would run with.

    Parameters
    ----------
    name
        The study, as ``"hebb"``.
    config
        A TOML file or a dictionary.
    preset
        Where a study has some.
    **changes
        Settings above those.
    """
    if isinstance(config, Mapping):
        changes = {**config, **changes}
        config = None
    text = _native.study_settings(name, _plain(changes), _file(config), preset)
    return json.loads(text)  # type: ignore[no-any-return]


def study(
    name: str,
    config: str | os.PathLike[str] | Mapping[str, Any] | None,
    out: str | os.PathLike[str] | None,
    resume: str | os.PathLike[str] | None,
    data: str | os.PathLike[str] | None,
    preset: str | None,
    progress: bool,
    changes: Mapping[str, Any],
) -> StudyResults:
    """Runs a study; its arguments are explained in :mod:`equipoise.studies`."""
    if resume is not None and (config is not None or changes or out is not None):
        raise SettingsError("resume takes the settings of the run; give no others with it")
    if isinstance(config, Mapping):
        changes = {**config, **changes}
        config = None
    results, summary, tables, report, path = _native.study(
        name,
        _plain(changes),
        _file(config),
        preset,
        None if out is None else os.fspath(out),
        None if resume is None else os.fspath(resume),
        None if data is None else os.fspath(data),
        _arrays.bar(progress),
    )
    found = Tables(tables)
    if path is not None:
        # A run directory holds more tables than its report shows.
        found = Run(path).tables
    return StudyResults(
        name,
        json.loads(results),
        found,
        summary,
        Report(report),
        None if path is None else os.fspath(path),
    )
