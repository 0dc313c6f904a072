"""The stubs are those of the module, and a sample is well typed."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from equipoise import _native

HERE = Path(__file__).resolve().parent


def test_the_stubs_are_those_of_the_module() -> None:
    written = runpy.run_path(str(HERE.parent / "scripts" / "stubs.py"))["stubs"](_native)
    assert (HERE.parent / "equipoise" / "_native.pyi").read_text() == written


def test_a_sample_is_well_typed(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    sample = tmp_path / "sample.py"
    sample.write_text((HERE / "sample.py").read_text())
    check = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), str(sample)]
    found = subprocess.run(check, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert found.returncode == 0, found.stdout
    # What is wrong is found.
    sample.write_text(sample.read_text().replace("g=5", 'g="five"'))
    wrong = subprocess.run(check, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert wrong.returncode == 1 and "g" in wrong.stdout
