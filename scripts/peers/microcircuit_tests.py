"""The microcircuit here and in NEST by the tests of Gutzen et al. 2018 (Front. Neuroinform. 12:90): for
each population the distributions over neurons of the rate and the CV of intervals, and over pairs of
the correlation of spike counts, compared by the Kolmogorov-Smirnov distance and by the effect size
(Cohen's d). The same between two seeds of NEST says what is due to the seed.

    pip install nest-simulator scipy
    python microcircuit_tests.py EQUIPOISE [SHARE] [MS] [--keep DIRECTORY]

EQUIPOISE is the command. Spikes of NEST in DIRECTORY are used again. Prints a table in Markdown.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from scipy.stats import ks_2samp

NAMES = ["L2/3E", "L2/3I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"]
WARM_UP = 500.0
# Windows of the counts, ms, and neurons that are paired.
WINDOW, PAIRED = 2.0, 200


def nest_spikes(share, time, seed):
    """Times (ms) and neurons of each population."""
    import nest
    import nest_microcircuit

    nest.ResetKernel()
    nest.set_verbosity("M_ERROR")
    nest.resolution = 0.1
    nest.local_num_threads = 1
    nest.rng_seed = seed
    populations, recorder, sizes = nest_microcircuit.build(share, False)
    nest.Simulate(WARM_UP + time)
    events = recorder.get("events")
    found = []
    for population, size in zip(populations, sizes):
        first = population[0].global_id
        own = (events["senders"] >= first) & (events["senders"] < first + size)
        own &= events["times"] > WARM_UP
        found.append((events["times"][own] - WARM_UP, events["senders"][own] - first, size))
    return found


def kept_nest_spikes(directory, share, time, seed):
    path = directory / f"nest-{share}-{time}-{seed}.npz"
    if not path.exists():
        arrays = {}
        for k, (times, ids, size) in enumerate(nest_spikes(share, time, seed)):
            arrays |= {f"times{k}": times, f"ids{k}": ids, f"size{k}": size}
        np.savez(path, **arrays)
    with np.load(path) as file:
        return [(file[f"times{k}"], file[f"ids{k}"], int(file[f"size{k}"])) for k in range(8)]


def own_spikes(command, share, time, seed):
    with tempfile.TemporaryDirectory() as parent:
        out = pathlib.Path(parent) / "run"
        subprocess.run(
            [command, "balance", "populations", "--scale", str(share), "--duration", str(time)]
            + ["--record", ",".join(NAMES), "--seed", str(seed), "--out", str(out), "--quiet"]
            + ["--set", "stability.drive=[]"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        found = []
        for name in NAMES:
            with np.load(out / "spikes" / (name.replace("/", "-") + ".npz")) as file:
                found.append((file["times_ms"], file["ids"], int(file["units"])))
        return found


def measures(times, ids, size, time):
    """Rates of all neurons, CVs of those with ten spikes or more, correlations of some pairs."""
    rates = np.bincount(ids, minlength=size) / time * 1000
    order = np.lexsort((times, ids))
    trains = np.split(times[order], np.flatnonzero(np.diff(ids[order])) + 1)
    intervals = [np.diff(train) for train in trains if len(train) >= 10]
    cvs = np.array([each.std() / each.mean() for each in intervals])
    chosen = np.random.default_rng(1).choice(size, min(size, PAIRED), replace=False)
    place = np.full(size, -1)
    place[chosen] = np.arange(len(chosen))
    own = place[ids] >= 0
    bins = int(time / WINDOW)
    counts = np.zeros((len(chosen), bins))
    windows = np.minimum((times[own] / WINDOW).astype(int), bins - 1)
    np.add.at(counts, (place[ids[own]], windows), 1)
    counts = counts[counts.std(axis=1) > 0]
    correlations = np.corrcoef(counts)[np.triu_indices(len(counts), 1)]
    return {"rate": rates, "CV": cvs, "correlation": correlations}


def effect_size(a, b):
    """Cohen's d with the pooled standard deviation."""
    n, m = len(a), len(b)
    pooled = ((n - 1) * a.var(ddof=1) + (m - 1) * b.var(ddof=1)) / (n + m - 2)
    return (a.mean() - b.mean()) / np.sqrt(pooled)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("equipoise")
    parser.add_argument("share", type=float, nargs="?", default=0.1)
    parser.add_argument("time", type=float, nargs="?", default=2000.0)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    share, time = arguments.share, arguments.time
    directory = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="nest-"))
    directory.mkdir(exist_ok=True)
    nest = [kept_nest_spikes(directory, share, time, seed) for seed in (1, 2)]
    if arguments.equipoise == "none":
        sys.exit("no command to compare with; NEST's spikes are kept")
    own = own_spikes(arguments.equipoise, share, time, 1)
    columns = ["population", "measure", "here", "NEST", "KS distance", "effect size"]
    columns += ["KS distance of two seeds of NEST", "effect size of two seeds"]
    print("| " + " | ".join(columns) + " |")
    print("|---|---|---|---|---|---|---|---|")
    for k, name in enumerate(NAMES):
        here, there, other = (measures(*spikes[k], time) for spikes in (own, *nest))
        for measure in here:
            a, b, c = here[measure], there[measure], other[measure]
            if min(len(a), len(b), len(c)) < 10:
                continue
            print(
                f"| {name} | {measure} | {a.mean():.4f} | {b.mean():.4f} "
                f"| {ks_2samp(a, b).statistic:.3f} | {effect_size(a, b):+.3f} "
                f"| {ks_2samp(b, c).statistic:.3f} | {effect_size(b, c):+.3f} |"
            )


if __name__ == "__main__":
    main()
