from __future__ import annotations

import json
import pickle
import subprocess
from pathlib import Path

import numpy as np
import pytest

import equipoise as eq


def test_brunels_network_fires_at_the_rate_of_nest() -> None:
    # NEST 3.10 at N = 1,000, over 6 seeds: 64.6 +- 7.3 Hz (with multapses, which add a tenth).
    rates = [eq.Network.brunel(1000, g=5, eta=2).run(1000, seed=s).spikes.rate for s in range(4)]
    assert 0.85 * 57.3 < np.mean(rates) < 1.1 * 71.9
    fast = eq.Network.brunel(1000, g=3.5, eta=2).run(1000, seed=0).spikes.rate
    assert abs(fast - 301.2) < 15


def test_arrays_are_handed_over_and_not_copied(net: eq.Network) -> None:
    spikes = net.run(200, seed=1).spikes
    assert spikes.times.dtype == np.float32
    assert spikes.ids.dtype == np.uint32
    for array in (spikes.times, spikes.ids):
        # NumPy does not own the memory: its base is the vector that the simulator filled.
        assert not array.flags.owndata
        assert type(array.base).__name__ == "PySliceContainer"
        assert array.flags.writeable and array.flags.c_contiguous
    assert len(spikes) == len(spikes.ids) > 1000


def test_borrowed_arrays_are_seen_where_they_are() -> None:
    from equipoise import _arrays, _native

    for dtype in (np.float32, np.float64):
        array = np.arange(12, dtype=dtype)
        passed = _arrays.numbers("x", array, dtype)
        assert _native.address(passed) == array.__array_interface__["data"][0]
    turned = np.arange(12, dtype=np.float32).reshape(3, 4).T
    assert _native.address(_arrays.numbers("x", turned, np.float32)) != _pointer(turned)
    with pytest.raises(ValueError, match="contiguous"):
        _native.address(turned[::2, ::2])


def _pointer(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def test_a_seed_gives_the_same_bits(net: eq.Network) -> None:
    a, b = net.run(100, seed=3), net.run(100, seed=3, probe=5)
    assert np.array_equal(a.spikes.times, b.spikes.times)
    assert np.array_equal(a.spikes.ids, b.spikes.ids)
    assert not np.array_equal(a.spikes.times, net.run(100, seed=4).spikes.times)
    assert not np.array_equal(a.spikes.times, net.run(100, seed=3, trial=1).spikes.times)
    assert b.traces.potential.shape == (5, 100)
    assert list(b.traces.neurons) == [0, 200, 400, 600, 800]
    assert (b.traces.excitation >= 0).all() and (b.traces.inhibition <= 0).all()


def test_the_command_gives_the_same_bits(command: str, tmp_path: Path) -> None:
    net = eq.Network.brunel(500, g=5, eta=2)
    diagnosis = eq.diagnose(net, 300, seed=7)
    sets = ("network.neurons=500", "network.duration=300.0", "record=[0, 250]")
    out = tmp_path / "run"
    subprocess.run(
        [command, "balance", "--seed", "7", "--quiet", "--out", str(out)]
        + [word for text in sets for word in ("--set", text)],
        cwd=tmp_path,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (unit,) = out.glob("diagnoses/*.json")
    found = json.loads(unit.read_text().splitlines()[1])
    assert found["diagnosis"] == diagnosis.found
    # The potentials of two neurons, sample by sample.
    (name,) = (name for name in eq.Run(out).tables if name.startswith("recording"))
    table = eq.Run(out).tables[name]
    assert list(table.neuron) == [0] * 300 + [250] * 300
    traces = net.run(300, seed=7, probe=[0, 250]).traces
    for column, values in (
        ("potential_mv", traces.potential),
        ("excitatory_input_mv", traces.excitation),
        ("inhibitory_input_mv", traces.inhibition),
    ):
        assert np.array_equal(table[column].to_numpy(np.float32), values.reshape(-1)), column
    assert out.joinpath("report.html").is_file()


def test_settings_go_to_toml_and_back(tmp_path: Path) -> None:
    net = eq.Network(neurons=700, g=4.5, input__weight=1.25, threshold=18)
    assert net.settings["input"]["weight"] == 1.25
    path = tmp_path / "net.toml"
    path.write_text(net.to_toml())
    assert eq.Network.from_toml(path) == net
    assert eq.Network.from_toml(path, g=6).settings["g"] == 6
    assert pickle.loads(pickle.dumps(net)) == net
    assert net.replace(g=5) != net
    assert hash(net.replace(g=4.5)) == hash(net)
    spread = net.replace(threshold={"distribution": "uniform", "low": 15, "high": 25})
    assert spread.settings["threshold"] == {"distribution": "uniform", "low": 15.0, "high": 25.0}


def test_sizes_and_regimes() -> None:
    net = eq.Network(neurons=1000, excitatory_fraction=0.7)
    assert (net.neurons, net.excitatory, net.inhibitory) == (1000, 700, 300)
    assert set(eq.regimes()) >= {"balanced", "unbalanced-g"}
    assert net.regime("unbalanced-g").settings["g"] == 3.5
    with pytest.raises(ValueError, match="low-threshold"):
        net.regime("unbalanced")
    with pytest.warns(FutureWarning, match="low-threshold"):
        assert net.regime("unbalanced-threshold") == net.regime("low-threshold")


def test_a_background_over_time(net: eq.Network) -> None:
    quiet = net.run(400, seed=1, background=([0, 199.9, 200, 400], [0, 0, 1, 1])).spikes
    counts = quiet.counts(200.0).sum(axis=0)
    # What the warm-up left dies out; then nothing drives the network.
    assert counts[0] < 0.1 * counts[1]


def test_an_image_drives_the_network() -> None:
    net = eq.Network(neurons=300)
    image = np.linspace(0, 1, 64).reshape(8, 8)
    rates = [net.run(100, image=x * image).spikes.rate for x in (0.0, 1.0)]
    assert rates[1] > 1.5 * rates[0]
    color = np.stack([image] * 3, axis=-1)
    assert net.run(50, image=(255 * color).astype(np.uint8)).spikes.units == 300


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda n: n.run(-1), "step"),
        (lambda n: n.run(float("nan")), "step"),
        (lambda n: n.run(1e12), "1e9"),
        (lambda n: n.run(10, seed=-1), "seed"),
        (lambda n: n.run(10, seed=1.5), "seed"),
        (lambda n: n.run(10, probe=[1000]), "1000"),
        (lambda n: n.run(10, probe=[-1]), "-1"),
        (lambda n: n.run(10, probe=5, sample=0), "sample"),
        (lambda n: n.run(10, image=np.zeros((0, 8))), "pixels"),
        (lambda n: n.run(10, image=np.full((8, 8), 2.0)), "intensity"),
        (lambda n: n.run(10, image=np.full((8, 8), np.nan)), "nan"),
        (lambda n: n.run(10, background=([0, 0], [1, 1])), "ascend"),
        (lambda n: n.run(10, background=([], [])), "background"),
        (lambda n: n.run(10, background=([0], [-1])), "background"),
        (lambda n: n.run(10, background=3), "background"),
        (lambda n: n.replace(neurons=-5), "neurons"),
        (lambda n: n.replace(neurons=10**12), "neurons"),
        (lambda n: n.replace(gee=5), "gee"),
        (lambda n: n.replace(g="five"), "g"),
        (lambda n: n.replace(dt=0), "dt"),
        (lambda n: n.replace(g=float("nan")), "nan"),
        (lambda n: n.replace(g=object()), "object"),
        (lambda n: eq.Network.populations(populations=[{"nam": "a"}]), "nam"),
        (lambda n: eq.Populations.microcircuit(2), "neurons"),
        (lambda n: eq.Populations.microcircuit(0.01).run(-1), "-1"),
        (lambda n: eq.Populations.microcircuit(0.01).run(1, probe=[10**6]), "1000000"),
    ],
)
def test_what_makes_no_sense_is_said(net: eq.Network, call: object, word: str) -> None:
    with pytest.raises(ValueError) as error:
        call(net)  # type: ignore[operator]
    assert word in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_files() -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.toml"):
        eq.Network.from_toml("nowhere.toml")
    with pytest.raises(eq.EquipoiseError):
        eq.load("nowhere.npz")


def test_networks_of_populations(tmp_path: Path) -> None:
    net = eq.Network.populations(
        populations=[
            {"name": "pyramidal", "size": 80, "background": [{"rate": 12800, "weight": 87.8}]},
            {"name": "basket", "size": 20, "sign": "inhibitory", "current": 600.0},
        ],
        projections=[
            {
                "source": "basket",
                "target": "pyramidal",
                "connect": {"rule": "in_degree", "synapses": 5},
                "weight": 351.2,
                "delay": 1.5,
            }
        ],
    )
    rec = net.run(500, seed=1, probe=[0, 85])
    assert net.synapses(1) == 400
    assert rec.potential.shape == (2, 5000)
    # Constant drive above threshold: the closed form of the rate.
    basket = rec.rates.set_index("population").rate_hz["basket"]
    target = 600.0 / 250.0 * 10.0
    rate = 1000.0 / (2.0 + 10.0 * np.log(target / (target - 15.0)))
    assert basket == pytest.approx(rate, rel=0.05)
    assert len(rec.of("pyramidal")) + len(rec.of("basket")) == len(rec.spikes)
    alone = net.replace(projections=[]).run(500, seed=1)
    assert alone.of("pyramidal").rate > rec.of("pyramidal").rate
    assert np.array_equal(net.run(500, seed=1).spikes.times, rec.spikes.times)
    (tmp_path / "net.toml").write_text(net.to_toml())
    assert eq.Populations.from_toml(tmp_path / "net.toml") == net
    with pytest.raises(ValueError, match="stellate"):
        rec.of("stellate")


def test_brunels_network_is_one_in_both_forms() -> None:
    rate = eq.Network.brunel(2500, g=5, eta=2).run(500, seed=1).spikes.rate
    other = eq.Populations.brunel(2500, g=5, eta=2).run(500, seed=1).spikes.rate
    assert other == pytest.approx(rate, rel=0.1)
