"""Writes the type stubs of the compiled half, `equipoise/_native.pyi`, from the module itself.

    python scripts/stubs.py [--check]

Names, order and defaults of the arguments come from the signatures that the module carries; types from
the table below, by the name of the function and argument. A function or argument without a type here is an
error, and so is a type without its function.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from pathlib import Path
from types import ModuleType

F32, F64 = "npt.NDArray[np.float32]", "npt.NDArray[np.float64]"
U16, U32, U64 = "npt.NDArray[np.uint16]", "npt.NDArray[np.uint32]", "npt.NDArray[np.uint64]"
PROGRESS = "Progress | None"
SHAPE = "tuple[int, int, int]"
COUNTS = f"tuple[{U16}, int, int, float]"
SAMPLES = f"tuple[int, int, float, {U64}, {U16}, {U16}]"
PATH = "str | None"
NAMED = "tuple[list[str], str] | None"

#: Types of arguments that mean the same everywhere.
ARGUMENTS = {
    "a": F64,
    "alternative": "str",
    "axes": "str",
    "b": F64,
    "base": "str | None",
    "bins": "int",
    "changes": "str",
    "confidence": "float",
    "convention": "str",
    "data": PATH,
    "data_range": "float",
    "design": "str",
    "duration": "float | None",
    "eta": "float",
    "excitatory": "int",
    "file": PATH,
    "first": "int",
    "g": "float",
    "groups": f"list[{F64}]",
    "held_out_counts": COUNTS,
    "held_out_images": F32,
    "labels": U16,
    "name": "str",
    "neurons": "int",
    "out": PATH,
    "p_values": F64,
    "path": "str",
    "pixels": "int",
    "population": "str",
    "preset": "str | None",
    "probe": "list[int]",
    "progress": PROGRESS,
    "recorded": "list[int]",
    "reference": "int | None",
    "refractory": "float",
    "resume": PATH,
    "ridge": "bool",
    "sample": "float",
    "samples": SAMPLES,
    "seed": "int",
    "settings": "str",
    "sigma": "float",
    "size": "int",
    "statistic": "str",
    "tau": "float",
    "test_labels": U16,
    "test_samples": SAMPLES,
    "threshold": "float",
    "trains": f"list[{F64}]",
    "trial": "int",
    "values": F64,
    "warm_up": "float | None",
    "window": "str",
    "words": "list[str]",
    "x": "str",
    "y": "str",
}

#: Of one function: types of arguments that differ there, and what it returns.
FUNCTIONS: dict[str, tuple[dict[str, str], str]] = {
    "address": ({"array": "npt.NDArray[Any]"}, "int"),
    "avalanche_exponents": (
        {
            "sizes": U64,
            "durations": U64,
            "size_settings": "str",
            "duration_settings": "str",
        },
        "str",
    ),
    "avalanches": ({"activity": U32, "least": "int"}, f"list[{U64}]"),
    "balance_map": ({"network": "str"}, "str"),
    "binned": ({"times": F32, "duration": "float", "width": "float"}, U32),
    "bootstrap": ({}, "str"),
    "branching": ({"activity": F64}, "str"),
    "brunel": ({}, "str"),
    "classifier_settings": ({}, "str"),
    "command": ({}, "int"),
    "compare": ({}, "str"),
    "correlations": ({"counts": F64}, "str"),
    "coupling": ({"excitation": F64, "inhibition": F64}, "str"),
    "cv": ({}, F64),
    "decoder_settings": ({}, "str"),
    "dfa": ({"signal": F64}, "str"),
    "diagnose": ({"network": "Network", "image": f"{F32} | None"}, "tuple[str, Spikes, Traces]"),
    "diagnosis_settings": ({}, "str"),
    "driven": ({"images": F32, "shape": SHAPE}, "str"),
    "effect": ({}, "str"),
    "encode": (
        {"network": "Network", "images": F32},
        f"tuple[{U16}, int, int, float]",
    ),
    "fano": ({"counts": F64}, F64),
    "fei": ({"signal": F64}, "str"),
    "fit_classifier": (
        {"classes": "list[str]", "kind": "str"},
        "tuple[Classifier, str]",
    ),
    "fit_decoder": (
        {"counts": COUNTS, "images": F32, "shape": SHAPE},
        "tuple[Decoder, str]",
    ),
    "holm": ({}, "list[float]"),
    "image_quality": (
        {"originals": F32, "reconstructions": F32, "shape": SHAPE, "sample": "bool"},
        f"list[{F64}]",
    ),
    "judge": (
        {
            "times": F32,
            "ids": U32,
            "excitation": F32,
            "inhibition": F32,
            "duration": "float",
        },
        "str",
    ),
    "kruskal_wallis": ({}, "str"),
    "latency": ({"intensities": F64, "steps": "int"}, "npt.NDArray[np.int32]"),
    "load_decoder": ({}, "Decoder"),
    "lv": ({}, F64),
    "mean_field_rate": ({}, "float"),
    "mse_psnr": ({"original": F32, "reconstruction": F32}, "tuple[float, float]"),
    "network_numbers": ({}, "tuple[int, int, int, float]"),
    "network_settings": ({}, "str"),
    "network_toml": ({}, "str"),
    "new_regime_name": ({}, "str | None"),
    "palette": ({}, "dict[str, str]"),
    "pearson": ({"x": F64, "y": F64}, "str"),
    "populations_brunel": ({}, "str"),
    "populations_case": ({}, "str"),
    "populations_microcircuit": (
        {"neurons": "float", "synapses": "float", "poisson": "bool"},
        "str",
    ),
    "populations_published": ({"published": "str"}, "tuple[str, list[str]]"),
    "populations_settings": ({}, "str"),
    "populations_toml": ({}, "str"),
    "power_law": ({"sizes": U64}, "str"),
    "regime": ({"base": "str"}, "str"),
    "regimes": ({}, "list[str]"),
    "regression": ({"x": F64, "y": F64}, "str"),
    "seeds_of_run": ({"part": "str"}, "tuple[int, int]"),
    "study": ({}, "tuple[str, str, dict[str, str], str, str | None]"),
    "study_names": ({}, "list[str]"),
    "study_settings": ({}, "str"),
    "summary": ({}, "str"),
    "synchrony": ({"counts": F64}, "float"),
    "test": ({}, "str"),
    "van_rossum_distance": ({"steps": "int | None"}, "float"),
    "van_rossum_matrix": ({"steps": "int | None"}, F64),
    "Network.__new__": ({"shape": f"{SHAPE} | None"}, "Network"),
    "Network.run": (
        {"image": f"{F32} | None", "background": f"tuple[{F64}, {F64}] | None"},
        "tuple[Spikes, Traces]",
    ),
    "ImageEncoder.__new__": (
        {"network": "str", "image": "str", "record": "list[str]", "shape": SHAPE},
        "ImageEncoder",
    ),
    "ImageEncoder.encode": ({"images": F32}, COUNTS),
    "ImageEncoder.observe": ({"image": F32, "duration": "float"}, "tuple[Spikes, str]"),
    "Populations.__new__": ({}, "Populations"),
    "Populations.diagnose": ({}, "tuple[Spikes, str]"),
    "Populations.run": ({}, f"tuple[Spikes, {F32}]"),
    "Classifier.evaluate": ({}, "str"),
    "Classifier.from_bytes": ({"bytes": "bytes"}, "Classifier"),
    "Classifier.from_nir": (
        {"step": "float | None", "steps": "int", "step_ms": "float", "classes": NAMED},
        "tuple[Classifier, list[str]]",
    ),
    "Classifier.load": ({}, "Classifier"),
    "Classifier.save": ({}, "None"),
    "Classifier.logits": ({}, f"tuple[{F32}, {U32}]"),
    "Classifier.to_bytes": ({}, "bytes"),
    "Classifier.to_nir": ({"readout": "str", "force": "bool"}, "None"),
    "Decoder.predict": ({"counts": COUNTS}, F32),
    "Decoder.save": ({}, "None"),
}

#: Attributes of the classes.
ATTRIBUTES = {
    "Classifier.classes": "tuple[list[str], str | None]",
    "Classifier.settings": "str",
    "Classifier.sizes": "tuple[int, int, int, int, int]",
    "Classifier.step_ms": "float",
    "Classifier.weights": f"tuple[{F32}, {F32} | None, {F32}]",
    "Decoder.settings": "str | None",
    "Decoder.shape": SHAPE,
    "Populations.synapses": "int",
    "Spikes.duration": "float",
    "Spikes.ids": U32,
    "Spikes.times": F32,
    "Spikes.units": "int",
    "Traces.excitation": F32,
    "Traces.inhibition": F32,
    "Traces.neurons": "list[int]",
    "Traces.potential": F32,
    "Traces.sample": "float",
}

HEAD = '''"""The compiled half of the package. Written by scripts/stubs.py."""

from typing import Any, final

import numpy as np
import numpy.typing as npt

from ._arrays import Progress

__version__: str
'''


def function(name: str, value: object, used: set[str], indent: str = "") -> list[str]:
    """The stub of a function or method."""
    if name not in FUNCTIONS:
        raise SystemExit(f"{name}: no types; add them to scripts/stubs.py")
    used.add(name)
    of, returns = FUNCTIONS[name]
    left = dict(of)
    parts = []
    for parameter in inspect.signature(value).parameters.values():  # type: ignore[arg-type]
        if parameter.name in ("self", "cls"):
            parts.append(parameter.name)
            continue
        kind = left.pop(parameter.name, None) or ARGUMENTS.get(parameter.name)
        if kind is None:
            raise SystemExit(f"{name}: no type of {parameter.name}; add it to scripts/stubs.py")
        given = parameter.default is not inspect.Parameter.empty
        parts.append(f"{parameter.name}: {kind}{' = ...' if given else ''}")
    if left:
        raise SystemExit(f"{name}: it has no arguments {', '.join(left)}")
    short = name.rsplit(".", 1)[-1]
    if short == "__new__" and "cls" not in parts:
        parts.insert(0, "cls")
    lines = [f"{indent}def {short}("] + [f"{indent}    {part}," for part in parts]
    lines.append(f"{indent}) -> {returns}: ...")
    return lines


def stubs(module: ModuleType) -> str:
    """The stubs of the module as text."""
    used: set[str] = set()
    lines: list[str] = []
    for name, value in sorted(vars(module).items()):
        if name.startswith("_"):
            continue
        if not inspect.isclass(value):
            lines += function(name, value, used)
            continue
        lines += ["", "@final", f"class {name}:"]
        members = 0
        if f"{name}.__new__" in FUNCTIONS:
            signature = inspect.signature(value)
            used.add(f"{name}.__new__")
            of, returns = FUNCTIONS[f"{name}.__new__"]
            lines.append("    def __new__(")
            lines.append("        cls,")
            for parameter in signature.parameters.values():
                kind = of.get(parameter.name) or ARGUMENTS[parameter.name]
                given = parameter.default is not inspect.Parameter.empty
                lines.append(f"        {parameter.name}: {kind}{' = ...' if given else ''},")
            lines.append(f"    ) -> {returns}: ...")
            members += 1
        for member, inner in sorted(vars(value).items()):
            full = f"{name}.{member}"
            if member.startswith("_"):
                continue
            members += 1
            if inspect.isgetsetdescriptor(inner) or inspect.ismemberdescriptor(inner):
                if full not in ATTRIBUTES:
                    raise SystemExit(f"{full}: no type; add it to scripts/stubs.py")
                used.add(full)
                lines += ["    @property", f"    def {member}(self) -> {ATTRIBUTES[full]}: ..."]
            elif isinstance(inner, staticmethod):
                lines += ["    @staticmethod", *function(full, inner.__func__, used, "    ")]
            else:
                lines += function(full, inner, used, "    ")
        if not members:
            lines.append("    ...")
        lines.append("")
    stale = (set(FUNCTIONS) | set(ATTRIBUTES)) - used
    if stale:
        raise SystemExit(f"the module has not: {', '.join(sorted(stale))}")
    text = "\n".join(lines).replace("\n\n\n", "\n\n")
    return HEAD + "\n" + text.rstrip() + "\n"


def main() -> int:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    arguments = parser.parse_args()
    from equipoise import _native

    file = Path(__file__).resolve().parent.parent / "equipoise" / "_native.pyi"
    text = stubs(_native)
    if arguments.check:
        if not file.is_file() or file.read_text() != text:
            print(f"{file} is not what the module says; run scripts/stubs.py", file=sys.stderr)
            return 1
        return 0
    file.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
