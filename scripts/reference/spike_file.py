"""The sums in `crates/encoder/src/spikes/file_tests.rs`, and a check that h5py reads what we write.

Usage: python spike_file.py FILE.h5 ...

For each file: the number of spikes; the sums of units, of times and of speakers, each entry
weighted by its place (modulo 100, plus 1); the labels per class; and the root structure.
"""

import sys

import h5py
import numpy as np

for name in sys.argv[1:]:
    with h5py.File(name) as f:
        times = [np.asarray(row) for row in f["spikes/times"][:]]
        units = [np.asarray(row) for row in f["spikes/units"][:]]
        assert [len(t) for t in times] == [len(u) for u in units]
        t = np.concatenate(times).astype(float) if times else np.zeros(0)
        u = np.concatenate(units).astype(np.int64) if units else np.zeros(0, np.int64)
        weight = np.arange(len(t)) % 100 + 1
        speaker = f["extra/speaker"][:].astype(np.int64)
        print(name)
        print("  spikes", len(t), "units", int((weight * u).sum()))
        print("  times", repr(float((weight * t).sum())))
        print("  speakers", int(((np.arange(len(speaker)) % 100 + 1) * speaker).sum()))
        print("  labels", np.bincount(f["labels"][:]), "keys", list(f["extra/keys"][:]))
        f.visititems(lambda path, item: print("   ", path, item))
