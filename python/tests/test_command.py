"""The command that the wheel carries."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import equipoise as eq


@pytest.mark.parametrize("module", [False, True])
def test_the_command_is_there(command: str, module: bool) -> None:
    start = [sys.executable, "-m", "equipoise"] if module else [command]
    told = subprocess.run([*start, "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == f"equipoise {eq.__version__}\n"
    assert subprocess.run([*start, "--help"], capture_output=True, check=True).stdout
    wrong = subprocess.run([*start, "blance"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "balance" in wrong.stderr and wrong.stderr.count("\n") == 1
    missing = [*start, "balance", "--config", "nowhere.toml"]
    assert subprocess.run(missing, capture_output=True, check=False).returncode == 2


def test_ctrl_c_ends_the_command_with_its_exit_code(command: str, tmp_path: Path) -> None:
    run = [command, "balance", "--set", "network.duration=1e6", "--out", str(tmp_path / "run")]
    with subprocess.Popen(run, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as child:
        time.sleep(2.0)
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=60) == 130
