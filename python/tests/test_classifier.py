from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import equipoise as eq

SETTINGS: dict[str, Any] = {
    "hidden": 30,
    "epochs": 12,
    "batch": 20,
    "initial": {"kind": "study", "sigma_1": 0.08},
    "optimizer": {"kind": "adam", "learning_rate": 5e-3},
}


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    """Two words: early spikes on one half of the channels, then on the other, or the reverse."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 300)
    X = np.zeros((300, 40, 20), dtype=np.uint8)
    for sample, label in zip(X, y, strict=True):
        first = np.arange(10) + 10 * label
        sample[rng.integers(0, 15, 10), first] = 1
        sample[rng.integers(20, 35, 10), (first + 10) % 20] = 1
    return X, np.array(["left", "right"])[y]


def test_it_learns_and_keeps_dales_law(data: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    X, y = data
    clf = eq.Classifier(0.8, "extreme", **SETTINGS)
    clf.fit(X[:200], y[:200], validation=(X[200:], y[200:]))
    assert list(clf.classes_) == ["left", "right"]
    assert clf.score(X[200:], y[200:]) > 0.9
    assert clf.history["test_accuracy"].iloc[-1] == clf.score(X[200:], y[200:])
    assert clf.predict_proba(X[:3]).sum(axis=1) == pytest.approx(np.ones(3))
    w = clf.weights_
    assert w["input"].shape == (20, 30) and w["readout"].shape == (30, 2)
    assert clf.excitatory_ == 24
    assert (w["input"] >= 0).all()
    assert (w["readout"][:24] >= 0).all() and (w["readout"][24:] <= 0).all()
    found = clf.evaluate(X[200:], y[200:])
    assert found["accuracy"] == clf.score(X[200:], y[200:])
    assert clf.hidden_counts(X[200:]).sum() == pytest.approx(100 * found["activity"]["spikes"])
    clf.save(tmp_path / "clf.safetensors")
    for other in (eq.Classifier.load(tmp_path / "clf.safetensors"), pickle.loads(pickle.dumps(clf))):
        assert np.array_equal(other.decision_function(X), clf.decision_function(X))
        assert np.array_equal(other.predict(X), clf.predict(X))


def test_classes_in_any_order(data: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    X, y = data
    clf = eq.Classifier(0.8, "extreme", dynamics="nir", **SETTINGS).fit(X, y)
    clf.to_nir(tmp_path / "clf.nir")
    turned = eq.Classifier.from_nir(tmp_path / "clf.nir", classes=["right", "left"])
    assert list(turned.classes_) == ["right", "left"]
    other = np.where(y == "left", "right", "left")
    assert turned.evaluate(X, other)["accuracy"] == clf.score(X, y) == turned.score(X, other)


def test_nir_goes_both_ways(data: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    X, y = data
    for recurrent in (False, True):
        clf = eq.Classifier(0.8, dynamics="nir", recurrent=recurrent, **SETTINGS)
        clf.fit(X, (y == "left").astype(int))
        clf.to_nir(tmp_path / "clf.nir")
        back = eq.Classifier.from_nir(tmp_path / "clf.nir")
        assert back.excitatory_ == 24 and back.classes_.tolist() == [0, 1]
        assert np.array_equal(back.hidden_counts(X), clf.hidden_counts(X))
        wanted = clf.decision_function(X)
        assert back.decision_function(X) == pytest.approx(wanted, abs=1e-5 * float(np.abs(wanted).max()))
        assert np.array_equal(back.predict(X), clf.predict(X))
        back.save(tmp_path / "back.safetensors")
        kept = eq.Classifier.load(tmp_path / "back.safetensors")
        assert kept.classes_.dtype.kind == "i" and np.array_equal(kept.predict(X), clf.predict(X))
        words = eq.Classifier.from_nir(tmp_path / "clf.nir", classes=["b", "a"])
        assert list(words.classes_) == ["b", "a"]
    published = eq.Classifier(0.8, **SETTINGS).fit(X, y)
    with pytest.raises(eq.SettingsError, match="nir"):
        published.to_nir(tmp_path / "published.nir")
    published.to_nir(tmp_path / "published.nir", force=True)
    with pytest.raises(eq.SettingsError, match="readout"):
        clf.to_nir(tmp_path / "x.nir", readout="both")  # type: ignore[arg-type]
    with pytest.raises(eq.SettingsError, match="classes"):
        eq.Classifier.from_nir(tmp_path / "clf.nir", classes=["one"])
    with pytest.raises(eq.SettingsError, match="classes"):
        eq.Classifier.from_nir(tmp_path / "clf.nir", classes=["one", "one"])
    with pytest.raises(eq.MissingFileError):
        eq.Classifier.from_nir(tmp_path / "nowhere.nir")
    clf.to_nir(tmp_path / "spikes.nir", readout="none")
    for name in ("spikes.nir", "back.safetensors"):
        with pytest.raises(eq.DataError, match=name):
            eq.Classifier.from_nir(tmp_path / name)


def test_every_form_of_samples_is_the_same(data: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = data
    dense = eq.Events.of(X)
    assert np.array_equal(dense.dense(), X)
    assert np.array_equal(dense[[4, 2]].dense(), X[[4, 2]])
    listed = []
    for sample in X:
        step, channel = np.nonzero(sample)
        listed.append((step + 0.5, channel))
    events = eq.Events.of(listed, steps=40, duration=40.0, channels=20)
    assert np.array_equal(events.dense(), X)
    short = {**SETTINGS, "epochs": 2}
    wanted = eq.Classifier(0.8, **short).fit(X, y).decision_function(X)
    for form in (events, X.astype(np.float64), X.astype(">i4"), np.asfortranarray(X)):
        found = eq.Classifier(0.8, **short).fit(form, y).decision_function(form)
        assert np.array_equal(found, wanted)
    by_list = eq.Classifier(0.8, steps=40, duration=40.0, **short).fit(listed, y)
    assert np.array_equal(by_list.decision_function(listed), wanted)


def test_the_latency_code() -> None:
    images = np.array([[[0, 51, 52, 128, 255]]], dtype=np.uint8)
    events = eq.latency(images)
    x = images[0, 0] / 255
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.floor(20 * np.log(x / (x - 0.2)))
    fires = (x > 0.2) & (step < 100)
    got = {int(c): int(s) for c, s in zip(events.channel, events.step, strict=True)}
    assert got == {int(c): int(step[c]) for c in np.flatnonzero(fires)}
    assert np.array_equal(eq.latency(images / 255.0).step, events.step)
    assert (np.diff(events.step.astype(int)) >= 0).all()


def test_it_is_used_as_scikit_learns_are(data: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = data
    clf = eq.Classifier(0.5, hidden=20, noise=0.1)
    assert clf.get_params()["noise"] == 0.1
    assert clf.set_params(ratio=1.0, epochs=1).settings["excitatory_fraction"] == 1.0
    assert clf.fit(X, y).settings["epochs"] == 1
    words = eq.Classifier(epochs=1).fit(X, [str(w) for w in y])
    assert set(words.predict(X)) <= {"left", "right"}
    assert eq.Classifier(epochs=1, recurrent=True, hidden=8).fit(X, y).weights_["recurrent"].shape


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda X, y: eq.Classifier(1.5), "excitatory_fraction"),
        (lambda X, y: eq.Classifier(logit="max"), "logit"),  # type: ignore[arg-type]
        (lambda X, y: eq.Classifier(hiden=3), "hiden"),
        (lambda X, y: eq.Classifier(hidden=0), "hidden"),
        (lambda X, y: eq.Classifier().predict(X), "fit"),
        (lambda X, y: eq.Classifier().fit(X, y[:-1]), "y"),
        (lambda X, y: eq.Classifier().fit(X, np.full(300, np.nan)), "y"),
        (lambda X, y: eq.Classifier().fit(X, np.zeros(300)), "classes"),
        (lambda X, y: eq.Classifier().fit(X[:, :, 0], y), "X"),
        (lambda X, y: eq.Classifier().fit(X[:0], y[:0]), "classes"),
        (lambda X, y: eq.Classifier().fit(X - 1.0, y), "-1"),
        (lambda X, y: eq.Classifier().fit(X * 0.5, y), "whole"),
        (lambda X, y: eq.Classifier().fit(3, y), "X"),
        (lambda X, y: eq.Classifier().fit([([1.0], [-1])] * 300, y), "X[0]"),
        (lambda X, y: eq.Classifier(batch=500).fit(X, y), "batch"),
        (lambda X, y: eq.Classifier(epochs=1).fit(X, y).predict(X[:, :10]), "fitted"),
        (lambda X, y: eq.Classifier(epochs=1).fit(X, y).evaluate(X, ["up"] * 300), "class"),
    ],
)
def test_what_makes_no_sense_is_said(
    data: tuple[np.ndarray, np.ndarray], make: Any, word: str
) -> None:
    with pytest.raises(ValueError) as error:
        make(*data)
    assert word in str(error.value), error.value
