from __future__ import annotations

import shutil
import sysconfig
from pathlib import Path

import pytest

import equipoise as eq


@pytest.fixture(scope="session")
def net() -> eq.Network:
    return eq.Network.brunel(1000, g=5, eta=2)


@pytest.fixture(scope="session")
def command() -> str:
    """The script that the wheel installs."""
    script = Path(sysconfig.get_path("scripts")) / "equipoise"
    found = shutil.which(script)
    assert found, f"{script} is not installed"
    return found
