"""Networks of any populations where a network is taken: images, decoders, diagnoses, studies."""

from __future__ import annotations

import json
import pickle
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import equipoise as eq

DIAGNOSIS = {"probed_neurons": 20}


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    rng = np.random.default_rng(3)
    pictures = np.zeros((90, 12, 12), dtype=np.uint8)
    for picture in pictures:
        x, y = rng.integers(0, 7, 2)
        picture[y : y + 5, x : x + 5] = rng.integers(120, 256)
    return pictures


@pytest.fixture(scope="module")
def column() -> eq.Populations:
    """Two populations in a circuit, and one beside it."""
    drive = [{"rate": 12000.0, "weight": 87.8}]
    return eq.Populations(
        populations=[
            {"name": "E", "size": 80, "background": drive},
            {"name": "I", "size": 20, "sign": "inhibitory", "background": drive},
            {"name": "J", "size": 10, "sign": "inhibitory", "background": drive},
        ],
        projections=[
            {
                "source": a,
                "target": b,
                "connect": {"rule": "probability", "probability": 0.2},
                "weight": weight,
                "delay": 1.0,
            }
            for a, b, weight in (("E", "I", 90.0), ("I", "E", 300.0), ("E", "J", 90.0))
        ],
        duration=400.0,
    )


def tensor(path: Path, name: str) -> np.ndarray:
    """An array of a safetensors file."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    entry = json.loads(data[8 : 8 + length])[name]
    start, end = (8 + length + k for k in entry["data_offsets"])
    types = {"U16": np.uint16, "U64": np.uint64}
    return np.frombuffer(data[start:end], types[entry["dtype"]]).reshape(entry["shape"])


def encoded_by_the_command(
    command: str, out: Path, images: np.ndarray, words: list[str]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The images of each part of a run of `encode`, and their counts."""
    np.savez(
        out / "set.npz",
        x_train=images[:60],
        y_train=np.arange(60) % 3,
        x_test=images[60:],
        y_test=np.arange(30) % 3,
    )
    subprocess.run(
        [command, "encode", "--dataset", "npz:set.npz", "--train", "40", "--test", "30"]
        + ["--validation", "20", "--seed", "11", "--quiet", "--out", "run", *words],
        cwd=out,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    found = {}
    for part in ("train", "validation", "test"):
        file = out / f"run/counts/{part}.safetensors"
        shown = images[60:] if part == "test" else images[:60]
        found[part] = shown[tensor(file, "indices")], tensor(file, "counts")
    return found


def test_counts_are_the_commands(
    command: str, images: np.ndarray, column: eq.Populations, tmp_path: Path
) -> None:
    (tmp_path / "column.toml").write_text(column.to_toml())
    circuits: list[tuple[str, eq.Populations, list[str], dict[str, Any]]] = [
        ("brunel", eq.Populations.published("brunel", scale=0.04), ["--scale", "0.04"], {}),
        (
            "column.toml",
            column,
            ["--onto", "E", "--record", "J,E"],
            {"onto": "E", "record": ["J", "E"]},
        ),
    ]
    for name, net, words, arguments in circuits:
        out = tmp_path / net.names[-1]
        out.mkdir()
        if name.endswith("toml"):
            (out / name).write_text(column.to_toml())
        words = ["--populations", name, *words, "--bins", "4"]
        found = encoded_by_the_command(command, out, images, words)
        for part, (shown, counts) in found.items():
            ours = eq.encode(shown, net, seed=11, part=part, bins=4, **arguments)  # type: ignore[arg-type]
            assert ours.counts.sum() > 100
            assert np.array_equal(ours.counts, counts.reshape(ours.shape)), (name, part)
    assert not np.array_equal(eq.encode(shown, column, seed=11, **arguments).counts[..., 0],
                              ours.counts.sum(axis=2))  # fmt: skip


def test_counts_of_a_pair_are_the_commands(
    command: str, images: np.ndarray, tmp_path: Path
) -> None:
    words = ["--neurons", "100"]
    found = encoded_by_the_command(command, tmp_path, images, words)
    written = json.loads((tmp_path / "run/encoding.json").read_text().splitlines()[1])
    config = written["regime"]["network"]
    net = eq.Network(**{key: value for key, value in config.items() if value is not None})
    for part, (shown, counts) in found.items():
        ours = eq.encode(shown, net, seed=11, part=part)  # type: ignore[arg-type]
        assert ours.counts.sum() > 100
        assert np.array_equal(ours.counts, counts.reshape(ours.shape)), part


def test_decoders_read_populations(images: np.ndarray, column: eq.Populations) -> None:
    way = {"in_degree": 40, "weight": 250.0, "duration": 60.0, "warm_up": 10.0}
    counts = eq.encode(images, column, seed=2, onto=["E", "I"], image=way)
    assert counts.shape == (90, 110, 1) and counts.duration == 60.0
    read = eq.encode(images[5:9], column, seed=2, onto=["E", "I"], image=way, first=5, record="I")
    assert np.array_equal(read.counts, counts.counts[5:9, 80:100])
    bright = np.stack([images[:3]] * 3, axis=-1)
    color = eq.encode(bright, column, onto="E", image={**way, "color": "luminance"})
    assert color.shape == (3, 110, 1)
    pixels = images / 255.0
    decoder = eq.Decoder("ridge").fit(counts[:70], pixels[:70])
    mean = np.broadcast_to(pixels[:70].mean(0), (20, 12, 12))
    found = decoder.predict(counts[70:])
    assert eq.metrics.psnr(pixels[70:], found) > eq.metrics.psnr(pixels[70:], mean)
    unet = eq.Decoder(epochs=2, batch_size=16, decoder__hidden=[16, 16], decoder__channels=2)
    assert unet.fit(counts[:70], pixels[:70]).predict(counts[70:]).shape == (20, 12, 12)


def test_published_networks() -> None:
    net = eq.Populations.published("pv-sst-vip", scale=0.5)
    assert net.names == ("E", "PV", "SST", "VIP")
    assert eq.Populations.published("microcircuit", scale=0.02) == eq.Populations.microcircuit(0.02)
    assert eq.Populations.published("brunel", scale=0.2) == eq.Populations.brunel(2500)
    # Who sees images goes with it.
    picture = np.full((2, 8, 8), 0.7)
    same = pickle.loads(pickle.dumps(net.replace(duration=200.0)))
    assert np.array_equal(
        eq.encode(picture, same, seed=1).counts,
        eq.encode(picture, net, seed=1, onto=("E", "PV")).counts,
    )


def test_every_population_is_judged(column: eq.Populations) -> None:
    found = eq.diagnose(column, seed=5, **DIAGNOSIS)
    study = eq.studies.populations(network=column, seed=5, diagnosis=DIAGNOSIS).results
    (recorded,) = study["simulated"]["recordings"]
    assert [state["name"] for state in recorded["populations"]] == list(found.populations)
    numbers = found.numbers.set_index("population")
    for state in recorded["populations"]:
        assert numbers.rate_hz[state["name"]] == state["rate_hz"] > 0
        assert found[state["name"]].verdict == eq.balance.Verdict(state["verdict"])
    assert found.balanced == all(d.balanced for d in found.populations.values())
    # Spikes are those of a run, and of each population its own.
    run = column.run(seed=5)
    assert np.array_equal(found.spikes.times, run.spikes.times)
    assert np.array_equal(found["I"].spikes.ids, run.of("I").ids)
    # Inputs have the sign of their source; nobody projects to E but I.
    inputs = found.inputs.set_index(["population", "source"]).mv
    assert inputs["E", "I"] < 0 < inputs["E", "outside"] and inputs["I", "E"] > 0
    assert inputs["E", "J"] == inputs["E", "E"] == 0
    correlations = found.correlations.set_index(["a", "b"]).correlation
    assert correlations["E", "E"] == pytest.approx(1)
    assert correlations["E", "I"] == pytest.approx(correlations["I", "E"])
    assert len(str(found).splitlines()) == 3
    # An image that some see.
    lit = eq.diagnose(column, 400, seed=5, image=np.ones((8, 8)), onto="I", **DIAGNOSIS)
    assert lit["I"].numbers["rate_hz"] > 1.2 * found["I"].numbers["rate_hz"]
    assert set(lit.populations) == {"E", "I", "J"}


@pytest.mark.parametrize("name", ["map", "linearity", "track"])
def test_studies_of_populations_are_the_commands(
    name: str, command: str, column: eq.Populations, tmp_path: Path
) -> None:
    changes: dict[str, dict[str, Any]] = {
        "map": {
            "x": {"key": "inhibition", "values": [0.5, 1.0]},
            "y": {"key": "network.projections.E to I.weight", "values": [90.0]},
            "diagnosis": DIAGNOSIS,
        },
        "linearity": {"drive": [0.9, 1.0, 1.1]},
        "track": {"trials": 2},
    }
    (tmp_path / "column.toml").write_text(column.to_toml())
    study = getattr(eq.studies, f"populations_{name}")
    found = study(network=column, seed=4, out=tmp_path / "here", **changes[name])
    words = {
        "map": [
            'x={key="inhibition",values=[0.5,1.0]}',
            'y={key="network.projections.E to I.weight",values=[90.0]}',
            "diagnosis.probed_neurons=20",
        ],
        "linearity": ["drive=[0.9,1.0,1.1]"],
        "track": ["trials=2"],
    }[name]
    subprocess.run(
        [command, "balance", "populations", name, "--network", "column.toml", "--seed", "4"]
        + ["--quiet", "--out", "there"]
        + [word for text in words for word in ("--set", text)],
        cwd=tmp_path,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    here, there = eq.Run(tmp_path / "here"), eq.Run(tmp_path / "there")
    assert here.command == there.command == f"balance-populations-{name}"
    assert list(here.tables) == list(there.tables)
    for file in ["metrics.json", *(f"{table}.csv" for table in here.tables)]:
        text = [(tmp_path / run / file).read_bytes() for run in ("here", "there")]
        assert text[0] == text[1], file
    assert study(network=column, seed=4, **changes[name]).results == found.results


def test_populations_stand_beside_regimes(column: eq.Populations, tmp_path: Path) -> None:
    (tmp_path / "column.toml").write_text(column.to_toml())
    settings = {
        "data": {"dataset": "synthetic-digits", "train": 30, "validation": 10, "test": 10},
        "network": {"neurons": 60, "duration": 40.0},
        "training": {"epochs": 1},
        "decoder": {"hidden": [8, 8], "channels": 2},
        "regimes": ["balanced"],
        "beside_regimes": True,
    }
    named = {"name": "mine", "network": column, "image": {"onto": ["E"], "duration": 40.0}}
    small = {"published": {"name": "brunel", "scale": 0.04}, "image": {"duration": 40.0}}
    found = eq.studies.reconstruct(settings, populations=[small, named], seed=2)
    assert [case["name"] for case in found.results["regimes"]] == ["balanced", "brunel", "mine"]
    alone = eq.studies.reconstruct(settings, beside_regimes=False, populations=[named], seed=2)
    psnr = [
        [score["quality"] for score in run.results["scores"] if score["regime"] == "mine"]
        for run in (found, alone)
    ]
    assert psnr[0] == psnr[1] != []
    # By the name of a published one, or a file.
    names = ["brunel", tmp_path / "column.toml"]
    told = eq.studies.settings("encode", populations=names)["populations"]
    assert told[0]["published"]["name"] == "brunel"
    assert eq.Populations(**told[1]["network"]) == column and told[1]["name"] == "column"


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda n, p: n.run(10.04), "10 and 10.1 ms"),
        (lambda n, p: n.run(10.0, warm_up=0.05), "warm_up"),
        (lambda n, p: n.run(float("nan")), "NaN"),
        (lambda n, p: eq.diagnose(n, 100.04), "duration"),
        (lambda n, p: eq.diagnose(n, 100.04, image=p[0], onto="E"), "duration"),
        (lambda n, p: eq.encode(p, n), "onto"),
        (lambda n, p: eq.encode(p, n, onto="K"), "K"),
        (lambda n, p: eq.encode(p, n, onto=["E", 3]), "3"),
        (lambda n, p: eq.encode(p, n, onto=3), "onto"),
        (lambda n, p: eq.encode(p, n, onto="E", record="K"), "K"),
        (lambda n, p: eq.encode(p, n, onto="E", image={"in_degre": 3}), "in_degree"),
        (lambda n, p: eq.encode(p, n, onto="E", image={"r_max": -1}), "r_max"),
        (lambda n, p: eq.encode(p, n, onto="E", population="excitatory"), "record"),
        (lambda n, p: eq.encode(p, n, onto="E", part="some"), "validation"),
        (lambda n, p: eq.encode(p - 1.0, n, onto="E"), "intensity"),
        (lambda n, p: eq.encode(p, n, onto="E", bins=0), "bins"),
        (lambda n, p: eq.encode(p, eq.Network(), onto="E"), "onto"),
        (lambda n, p: eq.encode(p, eq.Populations.published("clustered")), "onto"),
        (lambda n, p: eq.diagnose(n, 1), "windows"),
        (lambda n, p: eq.diagnose(n, trial=1), "trial"),
        (lambda n, p: eq.diagnose(n, onto="E"), "image"),
        (lambda n, p: eq.diagnose(n, probed=3), "probed_neurons"),
        (lambda n, p: eq.diagnose(n)["K"], "K"),
        (lambda n, p: eq.balance_map(n, g=[1], eta=[1]), "populations_map"),
        (lambda n, p: eq.Populations.published("cortex"), "microcircuit"),
        (lambda n, p: eq.Populations.published("brunel", scale=-1), "scale"),
        (lambda n, p: eq.studies.populations_map(network=n, x={"key": "g", "values": [1.0]}), "`g`"),
        (lambda n, p: eq.studies.encode(populations=["brunell"]), "brunel"),
        (lambda n, p: eq.studies.encode(populations=[n, n]), "populations"),
    ],
)
def test_what_makes_no_sense_is_said(
    column: eq.Populations, call: Any, word: str
) -> None:
    with pytest.raises(ValueError) as error:
        call(column, np.zeros((2, 8, 8)))
    assert word in str(error.value)
    assert "\n" not in str(error.value)
