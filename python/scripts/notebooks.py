"""Runs notebooks as a person would, and says how long each took.

    python scripts/notebooks.py notebooks/*.ipynb
"""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

#: A notebook may take so many seconds on two cores.
LIMIT = 120

slow = []
for name in sys.argv[1:]:
    path = Path(name)
    book = nbformat.read(path, as_version=4)
    if any(cell.get("outputs") for cell in book.cells):
        raise SystemExit(f"{path}: it has outputs; keep notebooks without")
    start = time.perf_counter()
    NotebookClient(
        book, timeout=600, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    ).execute()
    took = time.perf_counter() - start
    print(f"{path.name}: {took:.0f} s", flush=True)
    if took > LIMIT:
        slow.append(path.name)
if slow:
    print(f"slower than {LIMIT} s: {', '.join(slow)}", file=sys.stderr)
