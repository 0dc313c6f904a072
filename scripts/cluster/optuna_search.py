"""Searches for settings with Optuna, which asks for them and is told what `metrics.json` says.

    pip install optuna
    python scripts/cluster/optuna_search.py [TRIALS]

Looks for the strength of inhibition and the background under which a small network fires most
irregularly. Several of these processes can share one search: the trials are in a file.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import optuna

PROGRAM = os.environ.get("EQUIPOISE", "equipoise")


def measure(trial: optuna.trial.Trial, out: Path) -> float:
    g = trial.suggest_float("g", 3.0, 8.0)
    eta = trial.suggest_float("eta", 0.8, 4.0)
    command = ["balance", "--neurons", "1000", "--duration", "400", "--seed", str(trial.number)]
    asked = ["--g", f"{g}", "--eta", f"{eta}", "--out", out, "--quiet"]
    subprocess.run([PROGRAM, *command, *asked], check=True, stdout=subprocess.DEVNULL)
    metrics = json.loads((out / "metrics.json").read_text())
    # A silent network has no CV.
    return metrics.get("network.cv", 0.0)


def main() -> None:
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    folder = Path("runs/optuna")
    folder.mkdir(parents=True, exist_ok=True)
    storage = optuna.storages.JournalStorage(
        optuna.storages.journal.JournalFileBackend(str(folder / "trials.log"))
    )
    study = optuna.create_study(
        study_name="cv", storage=storage, direction="maximize", load_if_exists=True
    )
    for _ in range(trials):
        trial = study.ask()
        study.tell(trial, measure(trial, folder / f"trial-{trial.number:04}"))
    print(f"best CV {study.best_value:.3f} at {study.best_params}")


if __name__ == "__main__":
    main()
