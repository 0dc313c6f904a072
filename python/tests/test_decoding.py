from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import equipoise as eq


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, eq.Counts]:
    rng = np.random.default_rng(0)
    images = np.zeros((150, 12, 12), dtype=np.float32)
    for image in images:
        x, y = rng.integers(0, 7, 2)
        image[y : y + 5, x : x + 5] = rng.uniform(0.5, 1)
    return images, eq.encode(images, eq.Network(neurons=200), seed=2)


def test_counts_are_those_of_the_spikes(data: tuple[np.ndarray, eq.Counts]) -> None:
    images, counts = data
    assert counts.shape == (150, 200, 1) and counts.counts.dtype == np.uint16
    net = eq.Network(neurons=200)
    alone = net.run(seed=2, trial=7, image=images[7]).spikes
    assert np.array_equal(counts.counts[7, :, 0], np.bincount(alone.ids, minlength=200))
    # In parts, of other types, of some neurons, in bins.
    part = eq.encode((255 * images[5:9]).astype(np.uint8) / 255.0, net, seed=2, first=5)
    assert part.shape == (4, 200, 1)
    again = eq.encode(images[5:9].astype(">f8"), net, seed=2, first=5)
    assert np.array_equal(again.counts, counts.counts[5:9])
    e = eq.encode(images[:3], net, seed=2, population="excitatory", bins=4)
    assert e.shape == (3, 160, 4)
    assert np.array_equal(e.counts.sum(axis=2), counts.counts[:3, :160, 0])
    color = eq.encode(np.stack([images[:2]] * 3, axis=-1), net)
    assert color.shape == (2, 200, 1)


def test_counts_are_saved_and_loaded(data: tuple[np.ndarray, eq.Counts], tmp_path: Path) -> None:
    _, counts = data
    counts.save(tmp_path / "counts.npz")
    back = eq.Counts.load(tmp_path / "counts.npz")
    assert np.array_equal(back.counts, counts.counts) and back.duration == counts.duration
    assert np.array_equal(np.asarray(counts), counts.counts)
    assert len(counts[3]) == 1 and len(counts[:10]) == 10


@pytest.mark.parametrize("kind", ["ridge", "mlp-unet", "mlp-vae"])
def test_decoders_learn(
    kind: eq.decoder.Kind, data: tuple[np.ndarray, eq.Counts], tmp_path: Path
) -> None:
    images, counts = data
    mean = eq.metrics.psnr(images[120:], np.broadcast_to(images[:120].mean(0), (30, 12, 12)))
    decoder = eq.Decoder(
        kind, epochs=6, batch_size=16, seed=3, decoder__hidden=[64, 64], decoder__channels=4
    )
    decoder.fit(counts[:120], images[:120])
    found = decoder.predict(counts[120:])
    assert found.shape == (30, 12, 12) and found.dtype == np.float32
    assert found.min() >= 0 and found.max() <= 1
    assert eq.metrics.psnr(images[120:], found) > mean + 1
    quality = decoder.evaluate(counts[120:], images[120:])
    assert decoder.score(counts[120:], images[120:]) == pytest.approx(quality["psnr"].mean())
    assert quality["mse"][0] == pytest.approx(((images[120] - found[0]) ** 2).mean(), rel=1e-4)
    same = eq.Decoder(
        kind, epochs=6, batch_size=16, seed=3, decoder__hidden=[64, 64], decoder__channels=4
    ).fit(counts[:120], images[:120])
    assert np.array_equal(same.predict(counts[120:]), found)
    if kind != "ridge":
        assert len(decoder.history) == 6
        decoder.save(tmp_path / "model.safetensors")
        loaded = eq.Decoder.load(tmp_path / "model.safetensors")
        assert loaded.kind == kind
        assert np.array_equal(loaded.predict(counts[120:]), found)


def test_what_cannot_be_decoded_is_said(data: tuple[np.ndarray, eq.Counts], tmp_path: Path) -> None:
    images, counts = data
    for fit, word in [
        (lambda: eq.Decoder("unet"), "mlp-unet"),  # type: ignore[arg-type]
        (lambda: eq.Decoder(epoch=3), "epoch"),
        (lambda: eq.Decoder(epochs=-1), "epochs"),
        (lambda: eq.Decoder("ridge").predict(counts), "fit"),
        (lambda: eq.Decoder("ridge").fit(counts[:5], images), "images"),
        (lambda: eq.Decoder("ridge").fit(counts, images, validation=0.9), "validation"),
        (lambda: eq.Decoder("ridge").fit(-np.ones((150, 3)), images), "-1"),
        (lambda: eq.Decoder("ridge").fit(np.ones((150, 0)), images), "counts"),
        (lambda: eq.Decoder("ridge").fit(np.full((150, 3), 0.5), images), "whole"),
        (lambda: eq.Decoder("ridge").fit(counts, images - 1), "intensity"),
        (lambda: eq.Decoder(epochs=1).fit(counts, images[:, :9, :9]), "depth"),
        (lambda: eq.encode(images[0, 0], eq.Network()), "shape"),
        (lambda: eq.encode(images, "balanced"), "Network"),  # type: ignore[arg-type]
        (lambda: eq.encode(images, eq.Network(), bins=0), "bins"),
        (lambda: eq.encode(images, eq.Network(), population="some"), "population"),  # type: ignore[arg-type]
        (lambda: eq.encode(np.zeros((2, 8, 8, 4)), eq.Network()), "channels"),
    ]:
        with pytest.raises(ValueError) as error:
            fit()
        assert word in str(error.value), error.value
    fitted = eq.Decoder("ridge").fit(counts, images)
    with pytest.raises(ValueError, match="features"):
        fitted.predict(np.ones((3, 7)))
    with pytest.raises(FileNotFoundError):
        eq.Decoder.load(tmp_path / "nowhere")
    (tmp_path / "bad").write_bytes(b"\0" * 100)
    with pytest.raises(eq.DataError, match="bad"):
        eq.Decoder.load(tmp_path / "bad")
