"""Spikes in every format, written by the tools that people use, and what this program writes read by them.

    python spike_formats.py make DIR      the files of crates/data/tests/spikes
    python spike_formats.py check DIR     reads files that `equipoise convert` made of them (see below)

Needs numpy, pandas and h5py; with libsonata and tonic it asks those, too. The spikes are those of a
formula, so that the tests in Rust need nothing of this script: spike i of 48 is of recording i // 16,
comes (197 i mod 1000) / 1024 s after its start, and is of unit i i mod 61. Events: x = 5 i mod 34,
y = 3 i mod 34, polarity i mod 2, 7919 i mod 100000 us.

For `check`, convert in DIR: shd.h5 to out.npz, out.npy, out.csv, out.h5, out.safetensors (--bins 4);
sonata.h5 (--population a) to out.sonata; events.bin to out.bin and events.csv.
"""

import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

i = np.arange(48)
sample = i // 16
seconds = (197 * i % 1000) / 1024
unit = i * i % 61
x, y, p, us = 5 * i % 34, 3 * i % 34, i % 2, 7919 * i % 100_000


def bits(x, y, p, us):
    """Events of 40 bits, as Read_Ndataset.m and tonic take them apart."""
    columns = [x, y, (p << 7) | (us >> 16), (us >> 8) & 255, us & 255]
    return np.stack(columns, axis=1).astype(np.uint8).tobytes()


def make(folder):
    np.savez_compressed(
        folder / "arrays.npz", times=seconds, ids=unit.astype(np.int64),
        sample=sample.astype(np.int16), labels=np.array([2, 0, 1], np.uint8), extra=np.zeros(3),
    )
    table = pd.DataFrame({"time_ms": seconds * 1000, "id": unit, "sample": sample})
    table.to_csv(folder / "table.csv", index=False)
    table.to_csv(folder / "index.tsv", sep="\t")
    np.save(folder / "table.npy", table.to_numpy())
    records = np.zeros(48, [("id", ">u4"), ("note", "S3"), ("times", ">f4"), ("trial", "i1")])
    records["id"], records["times"], records["trial"] = unit, seconds, sample
    np.save(folder / "records.npy", records)
    # The types of tonic's events.
    events = np.zeros(48, [("x", "<i2"), ("y", "<i2"), ("t", "<i8"), ("p", "?")])
    events["x"], events["y"], events["t"], events["p"] = x, y, us, p
    np.save(folder / "events.npy", events)
    (folder / "events.bin").write_bytes(bits(x, y, p, us))
    with h5py.File(folder / "shd.h5", "w") as f:
        rows = f.create_group("spikes")
        for name, values, kind in [("times", seconds, "f2"), ("units", unit, "u2")]:
            data = rows.create_dataset(name, (3,), h5py.vlen_dtype(kind))
            for k in range(3):
                data[k] = values[sample == k].astype(kind)
        f["labels"] = np.array([2, 0, 1], np.uint16)
        f["extra/keys"] = np.array(["zero", "one", "two"], "S")
        f["extra/speaker"] = np.array([4, 4, 7], np.uint16)
        f["extra/meta_info/gender"] = np.array(["male"] * 8, "S")
    with h5py.File(folder / "sonata.h5", "w", libver="latest") as f:
        order = h5py.enum_dtype({"none": 0, "by_id": 1, "by_time": 2}, basetype="u1")
        for name, factor, units in [("a", 1000.0, "milliseconds"), ("b", 1.0, "s")]:
            group = f.create_group(f"spikes/{name}")
            group.attrs.create("sorting", 0, dtype=order)
            times = group.create_dataset(
                "timestamps", data=seconds * factor, chunks=(7,), compression="gzip", shuffle=True
            )
            times.attrs["units"] = units
            group.create_dataset("node_ids", data=unit.astype("u8"), chunks=(5,))
    with h5py.File(folder / "lists.h5", "w") as f:
        f["times"], f["ids"], f["sample"] = seconds, unit, sample


def same(what, found, wanted):
    found, wanted = np.asarray(found), np.asarray(wanted)
    ok = found.shape == wanted.shape and np.array_equal(found, wanted)
    print("equal " if ok else "OTHER ", what)
    if not ok:
        print(found, wanted)
        raise SystemExit(1)


def check(folder):
    with np.load(folder / "out.npz", allow_pickle=False) as f:
        same("npz times", f["times_ms"], seconds * 1000)
        same("npz ids", f["ids"], unit)
        same("npz sample", f["sample"], sample)
        same("npz labels, speakers", [*f["labels"], *f["speakers"]], [2, 0, 1, 4, 4, 7])
    rows = np.load(folder / "out.npy", allow_pickle=False)
    same("npy", [rows["time_ms"], rows["id"], rows["sample"]], [seconds * 1000, unit, sample])
    table = pd.read_csv(folder / "out.csv")
    same("csv", table.to_numpy(), np.stack([seconds * 1000, unit, sample], axis=1))
    with h5py.File(folder / "out.h5") as f:
        same("shd times", np.concatenate(f["spikes/times"][:]), seconds.astype("f2"))
        assert f["spikes/times"][0].dtype == np.float16 and f["spikes/units"][0].dtype == np.uint16
        same("shd units", np.concatenate(f["spikes/units"][:]), unit)
        same("shd labels", f["labels"][:], [2, 0, 1])
        same("shd keys", f["extra/keys"][:].astype(str), ["zero", "one", "two"])
        same("shd speakers", f["extra/speaker"][:], [4, 4, 7])
    with h5py.File(folder / "out.sonata") as f:
        group = f["spikes/a"]
        same("sonata times", group["timestamps"][:], seconds * 1000)
        same("sonata ids", group["node_ids"][:], unit)
        assert group["timestamps"].attrs["units"] in (b"milliseconds", "milliseconds")
        names = {number: name for name, number in h5py.check_enum_dtype(group.attrs.get_id("sorting").dtype).items()}
        same("sonata sorting", names[int(group.attrs["sorting"])], "none")
        same("sonata version", [int(f.attrs["magic"]), *f.attrs["version"]], [0x0A7A, 0, 1])
    same("n-mnist", np.frombuffer((folder / "out.bin").read_bytes(), np.uint8),
         np.frombuffer(bits(x, y, p, us), np.uint8))
    table = pd.read_csv(folder / "events.csv")
    same("events as text", table.to_numpy(), np.stack([us, x, y, p], axis=1))
    try:
        import libsonata
    except ImportError:
        print("absent libsonata")
    else:
        spikes = libsonata.SpikeReader(str(folder / "out.sonata"))["a"].get_dict()
        same("libsonata", [spikes["timestamps"], spikes["node_ids"]], [seconds * 1000, unit])
    try:
        from tonic.io import read_mnist_file
    except ImportError as why:
        print("absent tonic:", why)
    else:
        kind = np.dtype([("x", int), ("y", int), ("t", int), ("p", int)])
        events = read_mnist_file(str(folder / "out.bin"), dtype=kind)
        same("tonic", [events[name] for name in "xytp"], [x, y, us, p])
        late = read_mnist_file(str(folder / "late.bin"), dtype=kind) if (folder / "late.bin").exists() else None
        if late is not None:
            same("tonic, after 8.4 s", late["t"], [5, 8_388_607, 8_388_608, 30_000_000])


if __name__ == "__main__":
    dict(make=make, check=check)[sys.argv[1]](Path(sys.argv[2]))
