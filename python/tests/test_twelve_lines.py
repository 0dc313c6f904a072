"""What a person types first. `.ci/run` runs the same program in an environment that has only the wheel."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[1] / "examples" / "twelve_lines.py"


def test_twelve_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("tqdm")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(PROGRAM), run_name="__main__")
    assert capsys.readouterr().out.strip()
    assert (tmp_path / "runs" / "x" / "run.json").is_file()
