"""The compiled half of the package. Written by scripts/stubs.py."""

from typing import Any, final

import numpy as np
import numpy.typing as npt

from ._arrays import Progress

__version__: str


@final
class Classifier:
    @property
    def classes(self) -> tuple[list[str], str | None]: ...
    def evaluate(
        self,
        samples: tuple[int, int, float, npt.NDArray[np.uint64], npt.NDArray[np.uint16], npt.NDArray[np.uint16]],
        labels: npt.NDArray[np.uint16],
    ) -> str: ...
    @staticmethod
    def from_bytes(
        bytes: bytes,
    ) -> Classifier: ...
    @staticmethod
    def from_nir(
        path: str,
        step: float | None,
        steps: int,
        step_ms: float,
        classes: tuple[list[str], str] | None,
    ) -> tuple[Classifier, list[str]]: ...
    @staticmethod
    def load(
        path: str,
    ) -> Classifier: ...
    def logits(
        self,
        samples: tuple[int, int, float, npt.NDArray[np.uint64], npt.NDArray[np.uint16], npt.NDArray[np.uint16]],
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint32]]: ...
    def save(
        self,
        path: str,
    ) -> None: ...
    @property
    def settings(self) -> str: ...
    @property
    def sizes(self) -> tuple[int, int, int, int, int]: ...
    @property
    def step_ms(self) -> float: ...
    def to_bytes(
        self,
    ) -> bytes: ...
    def to_nir(
        self,
        path: str,
        readout: str,
        force: bool,
    ) -> None: ...
    @property
    def weights(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32] | None, npt.NDArray[np.float32]]: ...

@final
class Decoder:
    def predict(
        self,
        counts: tuple[npt.NDArray[np.uint16], int, int, float],
    ) -> npt.NDArray[np.float32]: ...
    def save(
        self,
        path: str,
    ) -> None: ...
    @property
    def settings(self) -> str | None: ...
    @property
    def shape(self) -> tuple[int, int, int]: ...

@final
class ImageEncoder:
    def __new__(
        cls,
        network: str,
        image: str,
        record: list[str],
        seed: int,
        shape: tuple[int, int, int],
    ) -> ImageEncoder: ...
    def encode(
        self,
        images: npt.NDArray[np.float32],
        pixels: int,
        seed: int,
        first: int,
        bins: int,
        progress: Progress | None = ...,
    ) -> tuple[npt.NDArray[np.uint16], int, int, float]: ...
    def observe(
        self,
        image: npt.NDArray[np.float32],
        settings: str,
        seed: int,
        duration: float,
    ) -> tuple[Spikes, str]: ...

@final
class Network:
    def __new__(
        cls,
        settings: str,
        seed: int,
        shape: tuple[int, int, int] | None = ...,
    ) -> Network: ...
    def run(
        self,
        seed: int,
        trial: int,
        duration: float | None = ...,
        warm_up: float | None = ...,
        probe: list[int] = ...,
        sample: float = ...,
        image: npt.NDArray[np.float32] | None = ...,
        background: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = ...,
        progress: Progress | None = ...,
    ) -> tuple[Spikes, Traces]: ...

@final
class Populations:
    def __new__(
        cls,
        settings: str,
        seed: int,
    ) -> Populations: ...
    def diagnose(
        self,
        settings: str,
        seed: int,
        duration: float | None = ...,
        warm_up: float | None = ...,
        progress: Progress | None = ...,
    ) -> tuple[Spikes, str]: ...
    def run(
        self,
        seed: int,
        duration: float | None = ...,
        warm_up: float | None = ...,
        probe: list[int] = ...,
        progress: Progress | None = ...,
    ) -> tuple[Spikes, npt.NDArray[np.float32]]: ...
    @property
    def synapses(self) -> int: ...

@final
class Spikes:
    @property
    def duration(self) -> float: ...
    @property
    def ids(self) -> npt.NDArray[np.uint32]: ...
    @property
    def times(self) -> npt.NDArray[np.float32]: ...
    @property
    def units(self) -> int: ...

@final
class Traces:
    @property
    def excitation(self) -> npt.NDArray[np.float32]: ...
    @property
    def inhibition(self) -> npt.NDArray[np.float32]: ...
    @property
    def neurons(self) -> list[int]: ...
    @property
    def potential(self) -> npt.NDArray[np.float32]: ...
    @property
    def sample(self) -> float: ...

def address(
    array: npt.NDArray[Any],
) -> int: ...
def avalanche_exponents(
    sizes: npt.NDArray[np.uint64],
    durations: npt.NDArray[np.uint64],
    size_settings: str,
    duration_settings: str,
) -> str: ...
def avalanches(
    activity: npt.NDArray[np.uint32],
    least: int,
) -> list[npt.NDArray[np.uint64]]: ...
def balance_map(
    network: str,
    x: str,
    y: str,
    settings: str,
    seed: int,
    progress: Progress | None = ...,
) -> str: ...
def binned(
    times: npt.NDArray[np.float32],
    duration: float,
    width: float,
) -> npt.NDArray[np.uint32]: ...
def bootstrap(
    values: npt.NDArray[np.float64],
    statistic: str,
    settings: str,
) -> str: ...
def branching(
    activity: npt.NDArray[np.float64],
    settings: str,
) -> str: ...
def brunel(
    neurons: int,
    g: float,
    eta: float,
) -> str: ...
def classifier_settings(
    changes: str,
) -> str: ...
def command(
    words: list[str],
) -> int: ...
def compare(
    groups: list[npt.NDArray[np.float64]],
    design: str,
    confidence: float,
    reference: int | None = ...,
) -> str: ...
def correlations(
    counts: npt.NDArray[np.float64],
) -> str: ...
def coupling(
    excitation: npt.NDArray[np.float64],
    inhibition: npt.NDArray[np.float64],
    settings: str,
) -> str: ...
def cv(
    trains: list[npt.NDArray[np.float64]],
) -> npt.NDArray[np.float64]: ...
def decoder_settings(
    changes: str,
) -> str: ...
def dfa(
    signal: npt.NDArray[np.float64],
    settings: str,
) -> str: ...
def diagnose(
    network: Network,
    settings: str,
    seed: int,
    trial: int,
    duration: float | None = ...,
    warm_up: float | None = ...,
    image: npt.NDArray[np.float32] | None = ...,
    progress: Progress | None = ...,
) -> tuple[str, Spikes, Traces]: ...
def diagnosis_settings(
    changes: str,
) -> str: ...
def driven(
    settings: str,
    images: npt.NDArray[np.float32],
    shape: tuple[int, int, int],
) -> str: ...
def effect(
    name: str,
    a: npt.NDArray[np.float64],
    b: npt.NDArray[np.float64],
    confidence: float,
) -> str: ...
def encode(
    network: Network,
    images: npt.NDArray[np.float32],
    pixels: int,
    seed: int,
    first: int,
    population: str,
    bins: int,
    progress: Progress | None = ...,
) -> tuple[npt.NDArray[np.uint16], int, int, float]: ...
def fano(
    counts: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]: ...
def fei(
    signal: npt.NDArray[np.float64],
    settings: str,
) -> str: ...
def fit_classifier(
    settings: str,
    seed: int,
    classes: list[str],
    kind: str,
    samples: tuple[int, int, float, npt.NDArray[np.uint64], npt.NDArray[np.uint16], npt.NDArray[np.uint16]],
    labels: npt.NDArray[np.uint16],
    test_samples: tuple[int, int, float, npt.NDArray[np.uint64], npt.NDArray[np.uint16], npt.NDArray[np.uint16]],
    test_labels: npt.NDArray[np.uint16],
    progress: Progress | None = ...,
) -> tuple[Classifier, str]: ...
def fit_decoder(
    settings: str,
    ridge: bool,
    counts: tuple[npt.NDArray[np.uint16], int, int, float],
    images: npt.NDArray[np.float32],
    held_out_counts: tuple[npt.NDArray[np.uint16], int, int, float],
    held_out_images: npt.NDArray[np.float32],
    shape: tuple[int, int, int],
    progress: Progress | None = ...,
) -> tuple[Decoder, str]: ...
def holm(
    p_values: npt.NDArray[np.float64],
) -> list[float]: ...
def image_quality(
    originals: npt.NDArray[np.float32],
    reconstructions: npt.NDArray[np.float32],
    shape: tuple[int, int, int],
    data_range: float,
    window: str,
    size: int,
    sigma: float,
    sample: bool,
) -> list[npt.NDArray[np.float64]]: ...
def judge(
    times: npt.NDArray[np.float32],
    ids: npt.NDArray[np.uint32],
    excitation: npt.NDArray[np.float32],
    inhibition: npt.NDArray[np.float32],
    recorded: list[int],
    neurons: int,
    excitatory: int,
    duration: float,
    threshold: float,
    refractory: float,
    sample: float,
    settings: str,
) -> str: ...
def kruskal_wallis(
    groups: list[npt.NDArray[np.float64]],
) -> str: ...
def latency(
    intensities: npt.NDArray[np.float64],
    threshold: float,
    tau: float,
    steps: int,
) -> npt.NDArray[np.int32]: ...
def load_decoder(
    path: str,
) -> Decoder: ...
def lv(
    trains: list[npt.NDArray[np.float64]],
) -> npt.NDArray[np.float64]: ...
def mean_field_rate(
    settings: str,
) -> float: ...
def mse_psnr(
    original: npt.NDArray[np.float32],
    reconstruction: npt.NDArray[np.float32],
    data_range: float,
) -> tuple[float, float]: ...
def network_numbers(
    settings: str,
) -> tuple[int, int, int, float]: ...
def network_settings(
    base: str | None = ...,
    file: str | None = ...,
    changes: str = ...,
) -> str: ...
def network_toml(
    settings: str,
) -> str: ...
def new_regime_name(
    name: str,
) -> str | None: ...
def palette(
) -> dict[str, str]: ...
def pearson(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    confidence: float,
) -> str: ...
def populations_brunel(
    neurons: int,
    g: float,
    eta: float,
) -> str: ...
def populations_case(
    name: str,
) -> str: ...
def populations_microcircuit(
    neurons: float,
    synapses: float,
    poisson: bool,
) -> str: ...
def populations_published(
    published: str,
) -> tuple[str, list[str]]: ...
def populations_settings(
    base: str | None = ...,
    file: str | None = ...,
    changes: str = ...,
) -> str: ...
def populations_toml(
    settings: str,
) -> str: ...
def power_law(
    sizes: npt.NDArray[np.uint64],
    settings: str,
) -> str: ...
def regime(
    name: str,
    base: str,
) -> str: ...
def regimes(
) -> list[str]: ...
def regression(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
) -> str: ...
def seeds_of_run(
    seed: int,
    part: str,
) -> tuple[int, int]: ...
def study(
    name: str,
    changes: str,
    file: str | None = ...,
    preset: str | None = ...,
    out: str | None = ...,
    resume: str | None = ...,
    data: str | None = ...,
    progress: Progress | None = ...,
) -> tuple[str, str, dict[str, str], str, str | None]: ...
def study_names(
) -> list[str]: ...
def study_settings(
    name: str,
    changes: str,
    file: str | None = ...,
    preset: str | None = ...,
) -> str: ...
def summary(
    values: npt.NDArray[np.float64],
    confidence: float,
) -> str: ...
def synchrony(
    counts: npt.NDArray[np.float64],
) -> float: ...
def test(
    name: str,
    a: npt.NDArray[np.float64],
    b: npt.NDArray[np.float64],
    alternative: str,
) -> str: ...
def van_rossum_distance(
    a: npt.NDArray[np.float64],
    b: npt.NDArray[np.float64],
    tau: float,
    convention: str,
    steps: int | None = ...,
) -> float: ...
def van_rossum_matrix(
    trains: list[npt.NDArray[np.float64]],
    tau: float,
    convention: str,
    steps: int | None = ...,
) -> npt.NDArray[np.float64]: ...
