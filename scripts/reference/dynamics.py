"""Reference values of crates/metrics/src/dynamics, from powerlaw, mrestimator, crosci and NumPy.

Writes crates/metrics/tests/reference/dynamics.json, which tests/dynamics.rs reads.
Needs: numpy scipy powerlaw mrestimator crosci. Of crosci, under the Academic Public License, only
what it computes is used.
"""
import json
import logging
import warnings
from pathlib import Path

import crosci.biomarkers as crosci
import mrestimator
import numpy as np
import powerlaw
from scipy import optimize, special

OUT = Path(__file__).resolve().parents[2] / "crates/metrics/tests/reference/dynamics.json"
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)


def noise(count, seed):
    """The linear congruential numbers of Numerical Recipes, in [0, 1), multiples of 2^-24."""
    out, state = [], seed
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        out.append((state >> 8) / 2**24)
    return np.array(out)


def smooth(count, seed, memory):
    """Noise that decays; tests/dynamics.rs makes the same."""
    out, value = [], 0.0
    for u in noise(count, seed):
        value = memory * value + (u - 0.5)
        out.append(value)
    return np.array(out)


def coupling():
    common = smooth(400, 1, 0.75)
    excitation = 5 + common + 0.5 * noise(400, 2)
    inhibition = -(4 + np.roll(common, 3) + 0.5 * noise(400, 3))
    rows = []
    for window, longest in [(1, 12), (5, 4)]:
        mean = lambda x: x[: len(x) // window * window].reshape(-1, window).mean(1)
        e, i = mean(excitation), -mean(inhibition)
        n = len(e)
        lagged = {l: np.corrcoef(e[max(0, -l): n - max(0, l)], i[max(0, l): n + min(0, l)])[0, 1]
                  for l in range(-longest, longest + 1)}
        lag = max(lagged, key=lagged.get)
        rows.append(dict(window=window, longest=longest, lag=lag, correlation=lagged[lag],
                         without_lag=lagged[0], ratio=i.mean() / e.mean()))
    return rows


def zeta_fit(values, minimum, maximum=None):
    """The likeliest exponent and the distance of Kolmogorov and Smirnov, by plain sums."""
    x = np.array([v for v in values if v >= minimum and (maximum is None or v <= maximum)])
    if maximum is None:
        norm = lambda s: special.zeta(s, minimum)
    else:
        norm = lambda s: (np.arange(minimum, maximum + 1.0) ** -s).sum()
    cost = lambda s: s * np.log(x).sum() + len(x) * np.log(norm(s))
    bounds = (1.0001 if maximum is None else 0.0, 20)
    s = optimize.minimize_scalar(cost, bounds=bounds, method="bounded", options=dict(xatol=1e-10)).x
    grid = np.arange(minimum, x.max() + 1.0)
    model = np.cumsum(grid ** -s) / norm(s)
    data = np.searchsorted(np.sort(x), grid, side="right") / len(x)
    return s, np.abs(data - model).max(), len(x)


def log_normal_ratio(values, minimum, exponent):
    """Log-likelihood of the power law less that of the likeliest log-normal, with tails in logarithms:
    powerlaw takes differences of distributions, which lose all digits far out."""
    x = values[values >= minimum]
    level = np.log(x).mean()

    def cost(p):
        sigma = np.exp(p[1])
        z = lambda v: (np.log(v) - level) / sigma + (p[0] - 1) * sigma
        if z(minimum - 0.5) > 36:
            return np.inf
        low, high = special.log_ndtr(-z(x - 0.5)), special.log_ndtr(-z(x + 0.5))
        return -(low + np.log(-np.expm1(high - low)) - special.log_ndtr(-z(minimum - 0.5))).sum()

    best = min((optimize.minimize(cost, start, method="Nelder-Mead", options=dict(xatol=1e-9, fatol=1e-9))
                for start in [(1, np.log(np.log(x).std())), (2, 1), (2, 2.5)]), key=lambda o: o.fun)
    return -(exponent * np.log(x) + np.log(special.zeta(exponent, minimum))).sum() + best.fun


def power_laws():
    rows = []
    for seed, exponent, body in [(5, 1.5, 1), (6, 2.5, 1), (7, 2.2, 6)]:
        u = noise(600, seed)
        values = np.floor((body - 0.5) * (1 - u) ** (-1 / (exponent - 1)) + 0.5)
        # Below the power law's beginning, values that are spread evenly.
        values = np.where(noise(600, seed + 10) < (0.3 if body > 1 else 0), 1 + np.floor(body * u), values)
        values = np.minimum(values, 20000).astype(int)
        fits = []
        for minimum, maximum in [(1, None), (3, None), (2, 60)]:
            s, distance, count = zeta_fit(values, minimum, maximum)
            kept = values if maximum is None else values[values <= maximum]
            fit = powerlaw.Fit(kept, xmin=minimum, xmax=maximum, discrete=True, verbose=False,
                               estimate_discrete=False)
            row = dict(minimum=minimum, maximum=maximum, exponent=s, distance=distance, values=count,
                       powerlaw_exponent=fit.power_law.alpha)
            if maximum is None:
                ratio, p = fit.distribution_compare("power_law", "lognormal")
                row |= dict(log_likelihood_ratio=log_normal_ratio(values, minimum, s), p_value=p,
                            powerlaw_ratio=ratio)
            fits.append(row)
        uniques = [m for m in np.unique(values)[:-1] if (values >= m).sum() >= 50]
        best = min(uniques, key=lambda m: zeta_fit(values, m)[1])
        rows.append(dict(values=values.tolist(), fits=fits, best=best, best_exponent=zeta_fit(values, best)[0]))
    return rows


def branching():
    trials = []
    for seed in [21, 22, 23]:
        activity, row = 100, []
        for u, v in zip(noise(500, seed), noise(500, seed + 50)):
            activity = int(0.9 * activity + 60 * u)
            row.append(int(activity * (0.5 + 0.1 * v)))
        trials.append(row)
    trials = np.array(trials)
    rows = []
    for method, offset in [("ts", False), ("sm", False), ("sm", True), ("ts", True)]:
        found = mrestimator.coefficients(trials, steps=(1, 40), method=method, numboot=0)
        kind = "exponential_offset" if offset else "exponential"
        fit = mrestimator.fit(found, fitfunc=kind, numboot=0)
        rows.append(dict(per_trial=method == "ts", offset=offset, slopes=found.coefficients.tolist(),
                         ratio=fit.mre, timescale=fit.tau, amplitude=abs(fit.popt[1])))
    one = mrestimator.coefficients(trials[0], steps=(1, 40), method="ts", numboot=0)
    return dict(trials=trials.tolist(), fits=rows, one=one.coefficients.tolist(),
                one_ratio=mrestimator.fit(one, fitfunc="exponential", numboot=0).mre)


def fluctuations():
    # crosci has a hundred and more samples a second and widths of 0.1 s on.
    signal = np.abs(smooth(3007, 31, 0.98)) + 0.2 * noise(3007, 32)
    exponent, widths, found, _ = crosci.DFA(signal[None], 100, [0.1, 3], [0.1, 3], True, "python")
    fei = crosci.fEI(signal[None], 100, 1.0, 0.75, np.array([1.0]), "python")
    return dict(samples=3007, widths=widths.tolist(), fluctuations=found[0].tolist(),
                exponent=exponent[0], window=100, fei=fei[1][0, 0], windows=fei[3].shape[1])


def main():
    made = dict(coupling=coupling(), power_laws=power_laws(), branching=branching(),
                fluctuations=fluctuations())
    text = json.dumps(made, default=float)
    for gap in ["}, {", '], "', "], ["]:
        text = text.replace(gap, gap.replace(" ", "\n"))
    OUT.write_text(text + "\n")


if __name__ == "__main__":
    main()
