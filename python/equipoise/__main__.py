"""The command ``equipoise``: ``python -m equipoise --help``."""

from __future__ import annotations

import signal
import sys

from . import _native


def main() -> int:
    """Run the command line of this process and return its exit code."""
    # The command listens itself, and ends with its own exit codes.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _native.command(["equipoise", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
