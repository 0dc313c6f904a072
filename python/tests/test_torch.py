"""The PyTorch modules give what the package gives. Without torch these tests are skipped, and say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import equipoise as eq

torch = pytest.importorskip("torch", reason="PyTorch is not installed: its modules are not tested")

from equipoise.torch import load  # noqa: E402


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    rng = np.random.default_rng(0)
    images = np.zeros((90, 12, 12, 3), dtype=np.float32)
    for image in images:
        x, y = rng.integers(0, 7, 2)
        image[y : y + 5, x : x + 5] = rng.uniform(0.5, 1, 3)
    return images


@pytest.mark.parametrize("kind", ["mlp-unet", "mlp-vae"])
@pytest.mark.parametrize(
    ("color", "more"),
    [
        (False, {}),
        (
            True,
            {
                "features__kind": "bins",
                "features__bins": 2,
                "features__transform": "sqrt",
                "decoder__hidden_activation": "relu",
                "decoder__start": "random",
            },
        ),
        (False, {"features__kind": "traces", "features__transform": "log1p"}),
    ],
)
def test_decoders(
    kind: eq.decoder.Kind, color: bool, more: dict[str, Any], images: np.ndarray, tmp_path: Path
) -> None:
    seen = images if color else images[..., 0]
    counts = eq.encode(seen, eq.Network(neurons=200), seed=2, bins=4)
    decoder = eq.Decoder(
        kind, epochs=2, batch_size=16, decoder__hidden=[20, 12], decoder__channels=3, **more
    )
    decoder.fit(counts[:70], seen[:70]).save(tmp_path / "decoder.safetensors")
    module = load(tmp_path / "decoder.safetensors")
    with torch.no_grad():
        found = module(module.features(counts)).permute(0, 2, 3, 1).squeeze(-1).numpy()
    want = decoder.predict(counts)
    assert found.shape == want.shape and want.std() > 0.01
    assert np.abs(found - want).max() < 1e-5
    # It goes on learning.
    module.train()
    loss = ((module(module.features(counts)).permute(0, 2, 3, 1).squeeze(-1) - 0.5) ** 2).mean()
    loss.backward()
    assert all(p.grad is not None for p in module.parameters() if p.requires_grad) or kind == "mlp-vae"


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"recurrent": True},
        {"recurrent": True, "logit": "extreme", "surrogate": {"kind": "arctangent", "scale": 20.0}},
        {"dynamics": "nir"},
        # With "maximum", the default, these would be inhibited at all times: no logit, no gradient.
        {"dynamics": "nir", "recurrent": True, "logit": "extreme"},
        {"dynamics": "nir", "readout": {"tau_syn": 0.0, "tau_mem": 20.0}},
        {"synapses": "conductance"},
        {"synapses": "conductance", "recurrent": True, "reversal": {"inhibition": -1.0}},
        {"feed_forward_inhibition": True},
    ],
)
def test_classifiers(more: dict[str, Any], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 60)
    X = (rng.random((60, 40, 20)) < 0.1).astype(np.uint8)
    X[np.arange(60), 5, y] = 2
    clf = eq.Classifier(
        0.8,
        hidden=30,
        epochs=2,
        batch=20,
        initial={"kind": "study", "sigma_1": 0.08, "sigma_recurrent": 0.02},
        **more,
    ).fit(X, y)
    clf.save(tmp_path / "classifier.safetensors")
    module = load(tmp_path / "classifier.safetensors")
    x = module.dense(eq.Events.of(X))
    assert np.array_equal(x.permute(1, 0, 2).numpy(), X)
    with torch.no_grad():
        logits, spikes = module.run(x)
    assert np.array_equal(spikes.sum(0).numpy(), clf.hidden_counts(X)) and spikes.sum() > 500
    want = clf.decision_function(X)
    assert np.count_nonzero(want) > 0.05 * want.size
    assert np.abs(logits.numpy() - want).max() < 1e-5 * max(1, np.abs(want).max())
    assert list(map(str, clf.classes_)) == module.classes
    # It goes on learning, under Dale's law.
    optimizer = torch.optim.SGD(module.parameters(), lr=10.0)
    torch.nn.functional.cross_entropy(module(x), torch.from_numpy(y)).backward()
    assert all(p.grad.abs().sum() > 0 for p in module.parameters())
    optimizer.step()
    module.clamp()
    assert (module.input >= 0).all()
    assert (module.readout[:24] >= 0).all() and (module.readout[24:] <= 0).all()


def test_files_of_others_are_refused(tmp_path: Path) -> None:
    with pytest.raises(eq.MissingFileError):
        load(tmp_path / "nothing")
    for content in (b"", b"\x08\0\0\0\0\0\0\0{}      ", b"\xff" * 40):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(eq.DataError, match="file"):
            load(tmp_path / "file")
