"""The studies: whole experiments with tables and a report.

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

A setting that is a network may be one: ``network=eq.Network.brunel(1000)``. Where images are encoded,
``populations`` lists networks of populations in the place of the regimes, or beside them with
``beside_regimes=True``: names of published ones, TOML files, :class:`equipoise.Populations`, or
dictionaries as in a configuration, ``{"name": "mine", "network": net, "record": ["E"]}``.

The same settings and seed give the same results, bit for bit, as the command.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal

from ._studies import StudyResults, settings, study

__all__ = [
    "StudyResults",
    "balance_map",
    "classify",
    "coding",
    "decode",
    "demo",
    "diagnose",
    "dose",
    "encode",
    "evaluate",
    "evaluate_classifier",
    "hebb",
    "hebb_run",
    "linearity",
    "populations",
    "populations_linearity",
    "populations_map",
    "populations_track",
    "ratios",
    "reconstruct",
    "reconstruction",
    "settings",
    "speed",
    "track",
    "train",
]

Path = str | os.PathLike[str] | None
Config = str | os.PathLike[str] | Mapping[str, Any] | None


def diagnose(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Networks and regimes: are they balanced?

    The study of ``equipoise balance``; ``settings("diagnose")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("diagnose", config, out, resume, data, None, progress, settings)


def balance_map(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Where balance ends: maps over two settings.

    The study of ``equipoise balance map``; ``settings("balance_map")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("balance_map", config, out, resume, data, None, progress, settings)


def linearity(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Does the rate follow the background in a straight line?

    The study of ``equipoise balance linearity``; ``settings("linearity")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("linearity", config, out, resume, data, None, progress, settings)


def track(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Does the rate follow a background that changes in time?

    The study of ``equipoise balance track``; ``settings("track")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("track", config, out, resume, data, None, progress, settings)


def coding(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """How much of an image is in the spikes, before any decoder is trained?

    The study of ``equipoise balance coding``; ``settings("coding")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("coding", config, out, resume, data, None, progress, settings)


def populations(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Networks of any populations: are they balanced, and what do they learn?

    The study of ``equipoise balance populations``; ``settings("populations")`` lists what can be set.
    ``network`` may be :class:`equipoise.Populations`.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("populations", config, out, resume, data, None, progress, settings)


def populations_map(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Where balance ends in each population: a map over any two numbers of a network.

    The study of ``equipoise balance populations map``; ``settings("populations_map")`` lists what
    can be set. ``network`` may be :class:`equipoise.Populations`.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("populations_map", config, out, resume, data, None, progress, settings)


def populations_linearity(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Does the rate of each population follow the drive in a straight line?

    The study of ``equipoise balance populations linearity``; ``settings("populations_linearity")`` lists what
    can be set. ``network`` may be :class:`equipoise.Populations`.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("populations_linearity", config, out, resume, data, None, progress, settings)


def populations_track(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Does the rate of each population follow a drive that changes in time?

    The study of ``equipoise balance populations track``; ``settings("populations_track")`` lists what
    can be set. ``network`` may be :class:`equipoise.Populations`.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("populations_track", config, out, resume, data, None, progress, settings)


def demo(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    preset: Literal["standard", "smoke"] | None = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """The main job on drawn digits: encode, decode, compare.

    The study of ``equipoise demo``; ``settings("demo")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    preset
        "standard" (if not given) or "smoke": settings below those given.
    """
    return study("demo", config, out, resume, data, preset, progress, settings)


def reconstruct(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Encode images in balanced and unbalanced networks, decode them, compare.

    The study of ``equipoise reconstruct``; ``settings("reconstruct")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("reconstruct", config, out, resume, data, None, progress, settings)


def reconstruction(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    preset: Literal["full", "quick", "smoke"] | None = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Images from spikes over regimes, decoders, data sets and networks, with controls.

    The study of ``equipoise study reconstruction``; ``settings("reconstruction")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    preset
        "full" (if not given), "quick" or "smoke": settings below those given.
    """
    return study("reconstruction", config, out, resume, data, preset, progress, settings)


def speed(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    preset: Literal["full", "quick", "smoke"] | None = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """How soon is an image read after it comes on?

    The study of ``equipoise study speed``; ``settings("speed")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    preset
        "full" (if not given), "quick" or "smoke": settings below those given.
    """
    return study("speed", config, out, resume, data, preset, progress, settings)


def dose(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    preset: Literal["full", "quick", "smoke"] | None = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """What do spikes tell along lines of networks of the same rate, from hardly to strongly balanced?

    The study of ``equipoise study dose``; ``settings("dose")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    preset
        "full" (if not given), "quick" or "smoke": settings below those given.
    """
    return study("dose", config, out, resume, data, preset, progress, settings)


def decode(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Decode a stimulus that changed over time from recorded spikes, and measure the recordings.

    The study of ``equipoise decode --stimulus``; ``settings("decode")`` lists what can be set, such as
    ``recorded={"counts": "recording.npz", "stimulus": "sound.npz"}``. Images that were shown are
    decoded by :func:`reconstruct` with ``data={"recorded": {"counts": ..., "images": ...}}``.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("decode", config, out, resume, data, None, progress, settings)


def encode(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Encode the images of a data set and keep the counts in a run directory.

    The study of ``equipoise encode``; ``settings("encode")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("encode", config, out, resume, data, None, progress, settings)


def train(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Train a decoder on what an ``encode`` kept.

    The study of ``equipoise train``; ``settings("train")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("train", config, out, resume, data, None, progress, settings)


def evaluate(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Score a decoder that a ``train`` kept.

    The study of ``equipoise evaluate``; ``settings("evaluate")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("evaluate", config, out, resume, data, None, progress, settings)


def classify(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Train one spiking classifier under Dale's law and measure it.

    The study of ``equipoise classify``; ``settings("classify")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("classify", config, out, resume, data, None, progress, settings)


def evaluate_classifier(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Measure a classifier that was kept.

    The study of ``equipoise evaluate``; ``settings("evaluate_classifier")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("evaluate_classifier", config, out, resume, data, None, progress, settings)


def ratios(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Classifiers over ratios of excitation to inhibition, initial rates and noise.

    The study of ``equipoise study ratios``; ``settings("ratios")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("ratios", config, out, resume, data, None, progress, settings)


def hebb(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """Does the ratio of excitation to inhibition matter for one-to-one maps by Hebb's rule?

    The study of ``equipoise study hebb``; ``settings("hebb")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("hebb", config, out, resume, data, None, progress, settings)


def hebb_run(
    config: Config = None,
    /,
    *,
    out: Path = None,
    resume: Path = None,
    data: Path = None,
    progress: bool = False,
    **settings: Any,
) -> StudyResults:
    """One network that learns a one-to-one map by Hebb's rule.

    The study of ``equipoise hebb run``; ``settings("hebb_run")`` lists what can be set.

    Parameters
    ----------
    config, out, resume, data, progress, **settings
        As all studies; see the module.
    """
    return study("hebb_run", config, out, resume, data, None, progress, settings)
