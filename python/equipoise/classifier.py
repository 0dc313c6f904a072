"""Spiking classifiers of excitatory and inhibitory neurons."""

from __future__ import annotations

import json
import os
import warnings
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from . import _arrays, _native
from ._errors import MissingFileError, SettingsError
from ._frames import flat, frame
from ._settings import to_json
from .encoding import Events

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Classifier"]


class Classifier:
    """A network of spiking neurons under Dale's law, trained with surrogate gradients.

    One hidden layer of leaky integrate-and-fire neurons, of which a share is excitatory, and a
    leaky readout (Kilgore, Kopsick, Ascoli & Adam 2025, Sci. Rep. 15:24798). It is used as
    scikit-learn's classifiers are.

    Parameters
    ----------
    ratio
        Share of the hidden neurons that are excitatory.
    logit
        ``"maximum"`` of a readout over time, as published, or ``"extreme"``, the value farthest
        from 0, which loses no class.
    hidden
        Hidden neurons.
    epochs
        Times that the samples are gone through.
    batch
        Samples of an update; 256, or all if there are fewer, if not given.
    seed
        Of the weights, the order of the samples and the noise.
    steps, duration
        Of samples that are lists of spikes: see :meth:`equipoise.Events.of`.
    **settings
        ``dale``, ``recurrent``, ``tau_syn``, ``tau_mem``, ``noise``, ``surrogate``, ``initial``
        (``{"kind": "study", "sigma_1": 0.002}``), ``optimizer``
        (``{"kind": "adam", "learning_rate": 2e-4}``), ``schedule``, ``weight_decay``,
        ``regularizer``; :attr:`settings` holds all.
    """

    def __init__(
        self,
        ratio: float = 0.8,
        logit: Literal["maximum", "extreme"] = "maximum",
        *,
        hidden: int = 100,
        epochs: int = 30,
        batch: int | None = None,
        seed: int = 0,
        steps: int = 100,
        duration: float | None = None,
        **settings: Any,
    ) -> None:
        self.ratio = ratio
        self.logit = logit
        self.hidden = hidden
        self.epochs = epochs
        self.batch = batch
        self.seed = seed
        self.steps = steps
        self.duration = duration
        self._more = settings
        self._model: _native.Classifier | None = None
        self._history: list[dict[str, Any]] = []
        self.classes_: npt.NDArray[Any] = np.zeros(0)
        # What makes no sense is said now and not after an hour of encoding.
        self._json(1 << 16)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The settings that it was made with, as scikit-learn asks for them."""
        names = ("ratio", "logit", "hidden", "epochs", "batch", "seed", "steps", "duration")
        return {**{name: getattr(self, name) for name in names}, **self._more}

    def set_params(self, **settings: Any) -> Classifier:
        """Change settings; the next ``fit`` goes by them."""
        self.__init__(**{**self.get_params(), **settings})  # type: ignore[misc]
        return self

    def _json(self, samples: int) -> str:
        batch = min(256, max(samples, 1)) if self.batch is None else self.batch
        return _native.classifier_settings(
            to_json(
                {
                    "excitatory_fraction": self.ratio,
                    "logit": self.logit,
                    "hidden": self.hidden,
                    "epochs": self.epochs,
                    "batch": batch,
                    **self._more,
                }
            )
        )

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting, as dictionaries; a copy."""
        text = self._json(256) if self._model is None else self._model.settings
        return json.loads(text)  # type: ignore[no-any-return]

    def _events(self, samples: Any) -> Events:
        channels = None if self._model is None else self._model.sizes[0]
        given = Events.of(samples, steps=self.steps, channels=channels, duration=self.duration)
        if self._model is not None:
            inputs, steps = self._model.sizes[0], self._model.sizes[4]
            if (given.channels, given.steps) != (inputs, steps):
                raise SettingsError(
                    f"X: {given.steps} steps of {given.channels} channels; the classifier was "
                    f"fitted to {steps} of {inputs}"
                )
        return given

    def fit(
        self,
        X: Any,
        y: npt.ArrayLike,
        *,
        validation: tuple[Any, npt.ArrayLike] | None = None,
        progress: bool = False,
    ) -> Classifier:
        """Train on labelled samples.

        Parameters
        ----------
        X
            Samples: :class:`equipoise.Events`, an array [samples, time, channels] of spikes, or
            a list of samples, each ``(times, ids)`` in ms, Spikes or Neo's ``SpikeTrain`` s.
            For images, ``equipoise.latency(images)``.
        y
            The class of each sample: numbers or words.
        validation
            Samples and classes that it is measured on after each epoch, for :attr:`history`.
        progress
            Show a bar (needs tqdm).

        Returns
        -------
        Classifier
            This one.
        """
        self._model = None
        events = self._events(X)
        names = self._labels(y, len(events))
        self.classes_, labels = np.unique(names, return_inverse=True)
        if len(self.classes_) < 2:
            raise SettingsError(f"y: {len(self.classes_)} classes; two are needed")
        if self.duration is None:
            self.duration = events.step_ms * events.steps
        if validation is None:
            # The library measures after each epoch; a sample alone costs nothing.
            test, test_labels = events[:1], labels[:1]
        else:
            test = Events.of(
                validation[0],
                steps=self.steps,
                channels=events.channels,
                duration=self.duration,
            )
            test_labels = self._known(self._labels(validation[1], len(test)))
        self._model, history = _native.fit_classifier(
            self._json(len(events)),
            _arrays.whole("seed", self.seed),
            [str(name) for name in self.classes_],
            self.classes_.dtype.str,
            events._native(),
            labels.astype(np.uint16),
            test._native(),
            test_labels.astype(np.uint16),
            _arrays.bar(progress, "update"),
        )
        rows = []
        for record in json.loads(history):
            measured = record.pop("test")
            row = {k: v for k, v in flat(record).items()}
            if validation is not None:
                row["test_loss"] = measured["loss"]
                row["test_accuracy"] = measured["accuracy"]
                row["test_rate"] = measured["activity"]["rate"]
            rows.append(row)
        keys = dict.fromkeys(k for row in rows for k in row if k != "train_activity")
        nan = float("nan")
        self._history = [
            {k: nan if row.get(k) is None else row[k] for k in keys}
            for row in rows
            if validation is not None or row["epoch"] > 0
        ]
        return self

    @staticmethod
    def _labels(y: npt.ArrayLike, samples: int) -> npt.NDArray[Any]:
        if isinstance(y, np.ma.MaskedArray) and np.any(y.mask):
            raise SettingsError("y: some labels are masked")
        try:
            names = np.asarray(y)
        except ValueError as error:
            raise SettingsError(f"y: {error}") from None
        if names.ndim != 1 or len(names) != samples:
            raise SettingsError(f"y: shape {names.shape} for {samples} samples")
        if names.dtype.kind == "f" and not np.isfinite(names).all():
            raise SettingsError("y: a label is not a number")
        if names.dtype.kind == "O":
            kinds = {type(name) for name in names}
            if not kinds <= {str}:
                raise SettingsError("y: labels must be all numbers or all words")
            names = names.astype(str)
        if names.dtype.kind not in "biufUS":
            raise SettingsError(f"y: labels of type {names.dtype}")
        return names

    def _known(self, names: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        # Those of the command and of other tools are in an order of their own.
        order: npt.NDArray[np.int64] = np.argsort(self.classes_)
        place = np.searchsorted(self.classes_, names, sorter=order)
        found: npt.NDArray[np.int64] = order[np.minimum(place, len(self.classes_) - 1)]
        unknown = self.classes_[found] != names
        if unknown.any():
            raise SettingsError(f"y: {names[np.argmax(unknown)]!r} is no class of the training")
        return found

    def _fitted(self) -> _native.Classifier:
        if self._model is None:
            raise SettingsError("the classifier is not fitted; call fit first")
        return self._model

    @property
    def history(self) -> pd.DataFrame:
        """Each epoch: losses, accuracies and rates in Hz; epoch 0 is before training."""
        return frame(self._history)

    def decision_function(self, X: Any) -> npt.NDArray[np.float32]:
        """The logit of each class: float32, [samples, classes]."""
        return self._fitted().logits(self._events(X)._native())[0]

    def hidden_counts(self, X: Any) -> npt.NDArray[np.uint32]:
        """Spikes of each hidden neuron; the excitatory ones come first: [samples, hidden]."""
        return self._fitted().logits(self._events(X)._native())[1]

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The class of each sample."""
        chosen: npt.NDArray[Any] = self.classes_[np.argmax(self.decision_function(X), axis=1)]
        return chosen

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """The softmax of the logits: float64, [samples, classes]."""
        logits = self.decision_function(X).astype(np.float64)
        shares: npt.NDArray[np.float64] = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return shares

    def score(self, X: Any, y: npt.ArrayLike) -> float:
        """Share of right answers."""
        answers = self.predict(X)
        return float(np.mean(answers == self._labels(y, len(answers))))

    def evaluate(self, X: Any, y: npt.ArrayLike) -> dict[str, Any]:
        """Loss, accuracy, confusion matrix and activity, over all samples and by class."""
        model, events = self._fitted(), self._events(X)
        labels = self._known(self._labels(y, len(events))).astype(np.uint16)
        return json.loads(model.evaluate(events._native(), labels))  # type: ignore[no-any-return]

    @property
    def weights_(self) -> dict[str, npt.NDArray[np.float32]]:
        """``input`` [channels, hidden], ``readout`` [hidden, classes] and, if the network is
        recurrent, ``recurrent`` [hidden, hidden]; rows are sources."""
        arrays = self._fitted().weights
        found = {"input": arrays[0], "readout": arrays[2]}
        if arrays[1] is not None:
            found["recurrent"] = arrays[1]
        return found

    @property
    def excitatory_(self) -> int:
        """Of the hidden neurons, 0.. this are excitatory."""
        return self._fitted().sizes[2]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the classifier's file (safetensors), which the command reads too."""
        self._fitted().save(os.fspath(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Classifier:
        """Read a classifier that :meth:`save`, or a run of the command, wrote."""
        if not os.path.exists(path):
            raise MissingFileError(f"{os.fspath(path)}: there is no such file")
        return cls._made(_native.Classifier.load(os.fspath(path)))

    @classmethod
    def _made(cls, model: _native.Classifier) -> Classifier:
        """The classifier of a network."""
        given = json.loads(model.settings)
        made = cls(given.pop("excitatory_fraction"), **given)
        made._take(model)
        return made

    def to_nir(
        self,
        path: str | os.PathLike[str],
        *,
        readout: Literal["li", "cubali", "none"] = "li",
        force: bool = False,
    ) -> None:
        """Write the network as a graph of NIR, which snnTorch, Norse and others read.

        They compute the same spikes if it was trained with ``dynamics="nir"``.

        Parameters
        ----------
        path
            The file, HDF5.
        readout
            The readout as ``"li"``, two leaky integrators, as ``"cubali"``, one node, or
            ``"none"``: the hidden spikes are the output.
        force
            Write also what no reader reproduces.
        """
        self._fitted().to_nir(os.fspath(path), readout, bool(force))

    @classmethod
    def from_nir(
        cls,
        path: str | os.PathLike[str],
        *,
        classes: npt.ArrayLike | None = None,
        dt: float | None = None,
        steps: int = 100,
        step_ms: float = 1.0,
    ) -> Classifier:
        """Read a classifier from a graph of NIR: of :meth:`to_nir`, the command, or another tool.

        What a person should know of it, such as that it does not keep Dale's law, is warned of.

        Parameters
        ----------
        path
            The file.
        classes
            The class of each output: numbers or words; what the file says, or 0, 1, 2.., if not
            given.
        dt
            The length of the step for which it was made, s: 0.0001 in snnTorch, 0.001 in Norse;
            what the file says, or 0.0001, if not given.
        steps, step_ms
            Of a sample, and the time that one stands for, ms, if the file does not say it.

        Returns
        -------
        Classifier
            A fitted one.
        """
        if not os.path.exists(path):
            raise MissingFileError(f"{os.fspath(path)}: there is no such file")
        named = None
        if classes is not None:
            labels = cls._labels(classes, int(np.size(classes)))
            if len(np.unique(labels)) != len(labels):
                raise SettingsError("classes: two are the same")
            named = ([str(label) for label in labels.tolist()], str(labels.dtype))
        model, remarks = _native.Classifier.from_nir(
            os.fspath(path),
            None if dt is None else float(dt),
            _arrays.whole("steps", steps, 1, 65536),
            float(step_ms),
            named,
        )
        for remark in remarks:
            warnings.warn(f"{os.fspath(path)}: {remark}", stacklevel=2)
        return cls._made(model)

    def _take(self, model: _native.Classifier) -> None:
        """Makes a trained network this classifier's."""
        self._model = model
        names, kind = model.classes
        words = np.array(names)
        if kind is None or np.dtype(kind).kind in "US":
            self.classes_ = words
        elif np.dtype(kind).kind == "b":
            self.classes_ = words == "True"
        else:
            self.classes_ = words.astype(np.dtype(kind))
        self.steps = model.sizes[4]
        self.duration = model.step_ms * self.steps

    def __getstate__(self) -> dict[str, Any]:
        return {
            "params": self.get_params(),
            "network": None if self._model is None else self._model.to_bytes(),
            "history": self._history,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state["params"])  # type: ignore[misc]
        if state["network"] is not None:
            self._take(_native.Classifier.from_bytes(state["network"]))
        self._history = state["history"]

    def __repr__(self) -> str:
        fitted = "" if self._model else ", not fitted"
        return f"Classifier(ratio={self.ratio}, logit={self.logit!r}{fitted})"
