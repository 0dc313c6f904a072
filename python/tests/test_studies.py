from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import equipoise as eq
from equipoise._frames import tidy

SMALL = {
    "study.enumeration": "sample",
    "study.runs_per_cell": 10,
    "criterion_runs": 0,
    "screening_runs": 0,
    "seed": 3,
}


def test_a_study_is_the_commands(command: str, tmp_path: Path) -> None:
    found = eq.studies.hebb(SMALL, out=tmp_path / "here")
    sets = [part for k, v in SMALL.items() for part in ("--set", f"{k}={v}")]
    run = [command, "study", "hebb", *sets, "--quiet", "--out", str(tmp_path / "there")]
    subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
    here, there = eq.Run(tmp_path / "here"), eq.Run(tmp_path / "there")
    told = [(tmp_path / part / "metrics.json").read_bytes() for part in ("here", "there")]
    assert told[0] == told[1]
    assert here.settings == there.settings and here.command == there.command == "study-hebb"
    assert list(here.tables) == list(there.tables)
    for name in here.tables:
        text = [(tmp_path / part / f"{name}.csv").read_bytes() for part in ("here", "there")]
        assert text[0] == text[1], name
        assert found.tables[name].equals(here.tables[name])
    memory = eq.studies.hebb(study={"enumeration": "sample", "runs_per_cell": 10}, seed=3,
                             criterion_runs=0, screening_runs=0)  # fmt: skip
    assert memory.results == found.results and memory.path is None
    assert memory.summary == found.summary
    assert isinstance(memory.tables["ratios"], pd.DataFrame)


def test_tables_of_results_are_tidy() -> None:
    tables = tidy(
        {
            "seed": 3,
            "summary": {"mean": 1.5, "worst": "inf"},
            "cells": [
                {"ratio": 0.5, "score": {"mean": 1.0, "low": None}, "trials": [{"t": 1}, {"t": 2}]},
                {"ratio": 0.8, "score": {"mean": 2.0, "low": 1.0}, "trials": [{"t": 3}]},
            ],
            "curve": {"x": [1, 2, 3], "y": [4, 5, 6]},
            "names": ["a", "b"],
        }
    )
    assert tables["summary"].loc[0, "summary.worst"] == np.inf
    assert list(tables["cells"]["score.mean"]) == [1, 2]
    assert list(tables["cells.trials"]["t"]) == [1, 2, 3]
    assert list(tables["cells.trials"]["cells#"]) == [0, 0, 1]
    assert list(tables["curve"]["y"]) == [4, 5, 6]
    assert list(tables["names"]["value"]) == ["a", "b"]


def test_every_study_tells_its_settings() -> None:
    from equipoise import _native

    shown = set(eq.studies.__all__) | set(eq.stimulate.__all__)
    for name in _native.study_names():
        assert name in shown
        assert "seed" in eq.studies.settings(name) or name.startswith("evaluate")
    assert eq.studies.settings("hebb", study__hebb__max_epochs=7)["study"]["hebb"]["max_epochs"] == 7


@pytest.mark.parametrize("name", ["reconstruction", "speed", "dose"])
def test_presets(name: str) -> None:
    told = {size: eq.studies.settings(name, preset=size) for size in ("full", "quick", "smoke")}
    assert eq.studies.settings(name) == told["full"] != told["quick"] != told["smoke"]
    with pytest.raises(ValueError, match="huge"):
        eq.studies.settings(name, preset="huge")


def test_populations() -> None:
    found = eq.studies.populations(
        published={"name": "brunel", "scale": 0.1}, network={"warm_up": 50.0, "duration": 200.0}
    )
    assert any("rate_hz" in column for t in found.tables.values() for column in t.columns)


def test_stimulation(tmp_path: Path) -> None:
    found = eq.stimulate.controllability(
        seed=2, sizes=[30], densities=[0.5], timed_sizes=[30], out=tmp_path / "run"
    )
    assert len(found.tables) > 0 and "<svg" in found.report.html
    assert all(isinstance(t, pd.DataFrame) for t in found.frames.values())
    found.report.save(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == found.report.html


def test_what_makes_no_sense_is_said(tmp_path: Path) -> None:
    for call, word in [
        (lambda: eq.studies.hebb(sed=3), "sed"),
        (lambda: eq.studies.hebb(seed=-3), "seed"),
        (lambda: eq.studies.hebb(study__hebb__max_epochs="many"), "max_epochs"),
        (lambda: eq.studies.settings("heb"), "hebb"),
        (lambda: eq.studies.hebb(resume=tmp_path, seed=3), "resume"),
        (lambda: eq.studies.classify(data__dataset="mnistt"), "mnist"),
    ]:
        with pytest.raises(ValueError) as error:
            call()
        assert word in str(error.value), error.value
    with pytest.raises(FileNotFoundError):
        eq.studies.hebb("nowhere.toml")
    with pytest.raises(FileNotFoundError):
        eq.Run(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError):
        eq.studies.classify(data__dataset="mnist", data=tmp_path)
    with pytest.raises(eq.DataError):
        eq.Run(tmp_path)
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "file").write_text("x")
    with pytest.raises(eq.EquipoiseError, match="used"):
        eq.studies.hebb(SMALL, out=tmp_path / "used")
