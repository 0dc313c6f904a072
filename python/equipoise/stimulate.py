"""Rate networks that are trained by stimulating them.

Each takes its settings as keyword arguments, with two underscores for the point of a table
(``data__train=2000``) or a dictionary (``data={"train": 2000}``), above those of ``config``, a TOML
file as the command reads it or a dictionary. All of them:

Parameters
----------
config
    A TOML file, or a dictionary.
out
    A directory for the run, as the command writes it, with tables, figures, report and what the
    study needs to go on after an interruption; in memory if not given.
resume
    The directory of a run to go on with, to the same end as if it had never stopped.
data
    Where the data sets live; ``EQUIPOISE_DATA`` or ``./datasets`` if not given.
progress
    Show bars (needs tqdm).
**settings
    What ``settings(name)`` lists.

Returns
-------
StudyResults
    ``results`` in full, ``tables`` and ``frames`` as DataFrames, ``summary``, ``report``.

The same settings and seed give the same results, bit for bit, as the command.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal

from ._studies import StudyResults, settings, study

__all__ = [
    "StudyResults",
    "associate",
    "controllability",
    "settings",
    "structure",
]

Path = str | os.PathLike[str] | None
Config = str | os.PathLike[str] | Mapping[str, Any] | None


def associate(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    preset: Literal["guided"] | None = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Teach a rate network associations by stimulating it.

    The study of ``equipoise stimulate associate``; ``settings("associate")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    preset
        "guided": settings below those given.
    """
    return study("associate", config, out, resume, data, preset, progress, settings)


def structure(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """A ring attractor by stimulation.

    The study of ``equipoise stimulate structure``; ``settings("structure")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("structure", config, out, resume, data, None, progress, settings)


def controllability(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """How far stimulation can take the activity of a network.

    The study of ``equipoise stimulate controllability``; ``settings("controllability")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("controllability", config, out, resume, data, None, progress, settings)
