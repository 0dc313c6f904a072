"""Reference values of crates/metrics, from SciPy, scikit-image, Elephant and NumPy.

Writes crates/metrics/tests/reference/*.json, which the tests of that crate read.
Needs: numpy scipy mpmath scikit-image elephant neo quantities.
"""
import json
import math
import warnings
from pathlib import Path
from types import SimpleNamespace

import mpmath
import neo
import numpy as np
import quantities as pq
from elephant import spike_train_dissimilarity, statistics as elephant
from scipy import integrate, optimize, stats
from skimage import metrics

OUT = Path(__file__).resolve().parents[2] / "crates/metrics/tests/reference"
warnings.simplefilter("ignore")


def write(name, value):
    OUT.mkdir(exist_ok=True)
    text = json.dumps(value, default=float)
    for gap in ["}, {", '], "']:
        text = text.replace(gap, gap.replace(" ", "\n"))
    (OUT / f"{name}.json").write_text(text + "\n")


def noise(count, seed):
    """The linear congruential numbers of Numerical Recipes, in [0, 1), multiples of 2^-24."""
    out, state = [], seed
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        out.append((state >> 8) / 2**24)
    return np.array(out)


def images(channels, height, width, seed):
    """A gradient with noise and the same with more noise; tests/image.rs makes the same."""
    count = channels * height * width
    y, x = np.divmod(np.arange(count) % (height * width), width)
    smooth = 0.8 * ((x + y) / (height + width))
    original = (smooth + 0.2 * noise(count, seed)).astype(np.float32)
    reconstruction = (original + 0.3 * (noise(count, seed + 1) - 0.5)).astype(np.float32)
    shape = (channels, height, width)
    return original.reshape(shape), reconstruction.reshape(shape)


def image():
    rows = []
    for channels, height, width in [(1, 28, 28), (3, 32, 32), (1, 11, 11), (2, 13, 40), (3, 65, 17)]:
        seed = channels * 1000 + height * width
        a, b = (image.astype(np.float64) for image in images(channels, height, width, seed))
        channel_axis = dict(channel_axis=0)
        row = dict(shape=[channels, height, width], seed=seed)
        row["mse"] = metrics.mean_squared_error(a, b)
        row["psnr"] = metrics.peak_signal_noise_ratio(a, b, data_range=1)
        row["psnr_255"] = metrics.peak_signal_noise_ratio(a, b, data_range=255)
        gaussian = dict(gaussian_weights=True, sigma=1.5, **channel_axis)
        ssim = metrics.structural_similarity
        row["gaussian"] = ssim(a, b, data_range=1, use_sample_covariance=False, **gaussian)
        row["gaussian_sample"] = ssim(a, b, data_range=1, **gaussian)
        row["gaussian_range_2"] = ssim(a, b, data_range=2, use_sample_covariance=False, **gaussian)
        row["uniform"] = ssim(a, b, data_range=1, **channel_axis)
        row["uniform_population"] = ssim(a, b, data_range=1, use_sample_covariance=False, **channel_axis)
        row["uniform_5"] = ssim(a, b, data_range=1, win_size=5, **channel_axis)
        row["gaussian_sigma_1"] = ssim(a, b, data_range=1, use_sample_covariance=False,
                                       gaussian_weights=True, sigma=1.0, **channel_axis)
        rows.append(row)
    write("image", rows)


def spikes():
    rows = []
    for seed, count in [(1, 40), (2, 3), (3, 200), (4, 4)]:
        times = np.cumsum(-np.log(1 - noise(count, seed)) * 10)
        intervals = elephant.isi(times)
        rows.append(dict(times=list(times), cv=elephant.cv(intervals), lv=elephant.lv(intervals)))
    trains, duration, bins = [], 500.0, 20
    for seed in range(11, 19):
        times = np.cumsum(-np.log(1 - noise(200, seed)) * (4 + seed - 11))
        trains.append(times[times < duration])
    as_neo = [neo.SpikeTrain(t * pq.ms, t_stop=duration * pq.ms) for t in trains]
    counts = np.array([np.histogram(t, bins, (0, duration))[0] for t in trains])
    r = np.corrcoef(counts)[np.triu_indices(len(trains), 1)]
    write("spikes", dict(
        irregular=rows, trains=[list(t) for t in trains], duration=duration, bins=bins,
        fano_of_population=elephant.fanofactor(as_neo), counts=counts.tolist(),
        fano=[np.var(c) / np.mean(c) for c in counts],
        correlations=dict(mean=r.mean(), min=r.min(), max=r.max(), median=np.median(r)),
        chi_squared=np.var(counts.mean(0)) / np.mean(np.var(counts, 1)),
        rates=[elephant.mean_firing_rate(t).rescale("Hz").item() for t in as_neo],
    ))


def van_rossum():
    rows = []
    trains = [np.array([]), np.array([10.0]), np.array([15.0]), np.array([10.0, 20, 30]), np.array([12.0, 24, 30]),
              np.array([12.0]), np.array([20.0, 20]), 100 * np.sort(noise(30, 5)), 100 * np.sort(noise(25, 6))]
    as_neo = [neo.SpikeTrain(t * pq.ms, t_stop=100 * pq.ms) for t in trains]
    for tau in [1.0, 5.0, 10.0, 37.5]:
        matrix = spike_train_dissimilarity.van_rossum_distance(as_neo, tau * pq.ms)
        rows.append(dict(tau=tau, elephant=np.asarray(matrix).tolist()))
    write("van_rossum", dict(trains=[list(t) for t in trains], distances=rows))


def nct_cdf(t, df, delta):
    """The noncentral t distribution by quadrature over the chi distribution; SciPy's own is NaN far out."""
    spread = 12 / math.sqrt(2 * df)
    low, high = max(0.0, 1 - spread), 1 + spread
    scaled = stats.chi(df, scale=1 / math.sqrt(df))
    points = [p for p in [delta / t if t else 1.0, 1.0] if low < p < high]
    return integrate.quad(lambda s: stats.norm.cdf(t * s - delta) * scaled.pdf(s), low, high,
                          epsabs=1e-14, epsrel=1e-13, limit=500, points=points)[0]


def nct_interval(t, df, scale, confidence):
    tail = (1 - confidence) / 2
    width = 6 + 2 * abs(t)
    limit = lambda p: scale * optimize.brentq(lambda delta: nct_cdf(t, df, delta) - p, t - width, t + width,
                                              xtol=1e-13, rtol=1e-14)
    return [limit(1 - tail), limit(tail)]


def noncentrality_limits(t, df, confidence):
    """The noncentralities that t is compatible with, in 30 digits, over the normal instead of over the chi
    distribution; for the large t where the quadrature above loses the rise of the normal distribution."""
    with mpmath.workdps(30):
        t, tail = mpmath.mpf(t), (1 - mpmath.mpf(confidence)) / 2
        def above(z, delta):
            return mpmath.gammainc(mpmath.mpf(df) / 2, df * ((z + delta) / t) ** 2 / 2, mpmath.inf, regularized=True)
        def cdf(delta):
            places = [-delta] if delta < 10 else []
            places += [z for z in [-10, -5, -2, 0, 2, 5, 10] if z > -delta]
            return mpmath.ncdf(-delta if delta < 10 else -10) + mpmath.quad(lambda z: mpmath.npdf(z) * above(z, delta), places)
        def limit(p):
            start = t * mpmath.mpf(stats.chi.ppf(1 - float(p), df) / math.sqrt(df))
            return float(mpmath.findroot(lambda delta: cdf(delta) - p, (start, start * 1.001 + 0.1), tol=1e-24))
        return [limit(1 - tail), limit(tail)]


def hedges_factor(df):
    return math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)


def groups():
    """Pairs of groups: small, large, tied, far apart, almost equal, with equal pairs."""
    n = lambda count, seed: list(np.round(stats.norm.ppf(noise(count, seed) * 0.998 + 0.001), 9))
    tied = lambda count, seed, top: [float(v) for v in np.floor(noise(count, seed) * top)]
    shift = lambda values, by: [v + by for v in values]
    return dict(
        small=([81.2, 79.5, 80.1, 82.4, 80.9, 81.7, 79.9, 80.5], [79.1, 78.8, 80.3, 79.0, 78.2, 79.7, 80.0, 78.5]),
        normal=(n(30, 1), shift(n(30, 2), 0.4)),
        far=(n(40, 3), shift(n(40, 4), 9.0)),
        very_far=(n(60, 5), shift(n(60, 6), 4e3)),
        tied=(tied(25, 7, 6), tied(25, 8, 8)),
        tied_small=(tied(10, 9, 5), tied(10, 10, 6)),
        equal_pairs=([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [1.0, 2, 5, 1, 7.5, 3, 2, 9, 14, 0.5, 11, 20]),
        many=(n(600, 11), shift(n(600, 12), 0.05)),
        two=([1.0, 3.0], [2.5, 7.0]),
        many_zeros=(tied(60, 13, 3), tied(60, 14, 3)),
        fifty=(n(50, 15), n(50, 16)),
        fifty_one=(n(51, 17), n(51, 18)),
        large_offset=(shift(n(20, 19), 1e6), shift(n(20, 20), 1e6 + 1)),
    )


def statistics():
    alternatives = ["two-sided", "less", "greater"]
    rows = []
    for name, (a, b) in groups().items():
        row = dict(name=name, a=a, b=b)
        for test, result in [("student", lambda alt: stats.ttest_ind(a, b, alternative=alt)),
                             ("welch", lambda alt: stats.ttest_ind(a, b, equal_var=False, alternative=alt)),
                             ("paired", lambda alt: stats.ttest_rel(a, b, alternative=alt))]:
            results = [result(alt) for alt in alternatives]
            interval = results[0].confidence_interval(0.9)
            interval_95 = results[0].confidence_interval(0.95)
            row[test] = dict(statistic=results[0].statistic, df=results[0].df, p=[r.pvalue for r in results],
                             interval_90=list(interval), interval_95=list(interval_95))
        for zero in ["wilcox", "pratt", "zsplit"]:
            results = [stats.wilcoxon(a, b, zero_method=zero, alternative=alt) for alt in alternatives]
            row[f"wilcoxon_{zero}"] = dict(statistic=[r.statistic for r in results], p=[r.pvalue for r in results])
        results = [stats.mannwhitneyu(a, b, alternative=alt) for alt in alternatives]
        row["mann_whitney"] = dict(statistic=[r.statistic for r in results], p=[r.pvalue for r in results])
        n1, n2 = len(a), len(b)
        df = n1 + n2 - 2
        scale = math.sqrt(1 / n1 + 1 / n2)
        d = row["student"]["statistic"] * scale
        diff = np.array(a) - np.array(b)
        if abs(d) < 100:
            low, high = nct_interval(d / scale, df, scale, 0.95)
            j = hedges_factor(df)
            row["cohens_d"] = [d, low, high]
            row["hedges_g"] = [d * j, low * j, high * j]
            dz = diff.mean() / diff.std(ddof=1)
            row["paired_d"] = [dz, *nct_interval(dz * math.sqrt(n1), n1 - 1, 1 / math.sqrt(n1), 0.95)]
        fit = stats.linregress(a, b)
        row["regression"] = dict(slope=fit.slope, intercept=fit.intercept, r_squared=fit.rvalue**2, p=fit.pvalue,
                                 slope_error=fit.stderr, intercept_error=fit.intercept_stderr)
        r = stats.pearsonr(a, b)
        interval = r.confidence_interval(0.95)
        row["pearson"] = dict(r=r.statistic, p=r.pvalue, interval=list(interval))
        rows.append(row)

    mann_whitney = []
    for n1, n2, seed in [(8, 8, 21), (1, 5, 22), (3, 200, 23), (8, 40, 24), (9, 9, 25), (5, 6, 26)]:
        a, b = noise(n1, seed), noise(n2, seed + 50) + 0.1
        results = [stats.mannwhitneyu(a, b, alternative=alt) for alt in alternatives]
        mann_whitney.append(dict(a=list(a), b=list(b), statistic=results[0].statistic, p=[r.pvalue for r in results]))

    kruskal = []
    g = groups()
    for sets in [[g["small"][0], g["small"][1], g["normal"][0]], [g["tied"][0], g["tied"][1], g["tied_small"][0]],
                 [g["very_far"][0], g["very_far"][1]], [[1.0], [2.0]], [g["many"][0], g["many"][1], g["far"][1], g["two"][0]]]:
        result = stats.kruskal(*sets)
        kruskal.append(dict(groups=sets, statistic=result.statistic, p=result.pvalue))

    binomial = []
    for k, n in [(0, 10), (10, 10), (1, 2), (8150, 10000), (3, 1000000), (499999, 1000000), (1, 1), (37, 50)]:
        result = stats.binomtest(k, n)
        # The quantiles themselves: proportion_ci("exact") stops at an absolute error of 2e-12.
        def exact(level):
            tail = (1 - level) / 2
            low = stats.beta.ppf(tail, k, n - k + 1) if k > 0 else 0.0
            high = stats.beta.ppf(1 - tail, k + 1, n - k) if k < n else 1.0
            given = result.proportion_ci(level, "exact")
            assert abs(low - given.low) < 1e-11 and abs(high - given.high) < 1e-11
            return [low, high]
        row = dict(successes=k, trials=n)
        for level in [0.95, 0.99]:
            row[f"wilson_{level}"] = list(result.proportion_ci(level, "wilson"))
            row[f"exact_{level}"] = exact(level)
        binomial.append(row)

    distributions = dict(
        t_sf=[[t, df, stats.t.sf(t, df)] for df in [1, 2.5, 7, 30, 999, 59998, 2e6] for t in [-3, 0, 0.01, 0.1, 1.7, 9.0, 37.0, 1e3, 1e8, 1e15]],
        t_quantile=[[p, df, stats.t.ppf(p, df)] for df in [1, 2.5, 7, 30, 999, 59998] for p in [1e-6, 0.025, 0.5, 0.975, 0.9995]],
        chi_squared_sf=[[x, df, stats.chi2.sf(x, df)] for df in [1, 2, 5, 50] for x in [0, 1e-5, 0.5, 4, 60, 1300]],
        normal_quantile=[[p, stats.norm.ppf(p)] for p in [1e-300, 1e-20, 1e-5, 0.025, 0.3, 0.5, 0.6, 0.975, 0.9999]],
        normal_cdf=[[z, stats.norm.cdf(z)] for z in [-37, -20, -8.3, -1.96, -0.1, 0, 0.7, 5]],
        noncentral_t=[[t, df, d, nct_cdf(t, df, d)] for t, df, d in
                      [(2, 5, 1), (0, 3, 0.5), (-1, 10, -2), (5, 58, 3.2), (1.5, 1, 0.3), (12, 40, 13), (1, 1000, 1.1)]],
        noncentrality_limits=[[t, df, level, *noncentrality_limits(t, df, level)]
                              for t in [1e2, 1e3, 3.6e4, 1e7, 1e10, 1e15] for df in [1, 2, 8, 38]
                              for level in [0.95, 0.99]],
    )
    write("statistics", dict(pairs=rows, mann_whitney=mann_whitney, kruskal=kruskal, binomial=binomial,
                             distributions=distributions, bootstrap=bootstrap()))


def bootstrap():
    """SciPy's intervals on the very resamples that the streams of crates/random give."""
    import random_streams as streams

    def below(draws, n):
        product = next(draws) * n
        if product % 2**64 < n:
            reject = (-n) % 2**64 % n
            while product % 2**64 < reject:
                product = next(draws) * n
        return product >> 64

    # Multiples of 1/8, whose sums are exact in any order: a resampled mean that equals the mean does so everywhere.
    one, other = [81.25, 79.5, 80.125, 82.5, 80.875, 81.75, 79.875, 80.5], [79.125, 78.75, 80.25, 79, 78.25, 79.75, 80, 78.5]
    values = {"one": [one], "two": [one, other], "skewed": [[1.0, 1.25, 1.125, 9.0, 1.375, 1.5, 25.0, 2.125, 2.0]]}
    rows = []
    for name, sample in values.items():
        for statistic in ["mean", "median"]:
            f = getattr(np, statistic)
            replicates = []
            for index in range(500):
                draws = streams.xoshiro256pp(list(streams.key(3, "metrics/bootstrap", index)))
                resampled = [[group[below(draws, len(group))] for _ in group] for group in sample]
                s = [f(g) for g in resampled]
                replicates.append(s[0] if len(s) == 1 else s[0] - s[1])
            def scipy_statistic(*groups, axis=-1):
                s = [f(np.asarray(g), axis=axis) for g in groups]
                return s[0] if len(s) == 1 else s[0] - s[1]
            row = dict(name=name, groups=sample, statistic=statistic, resamples=500, seed=3)
            for method in ["percentile", "BCa"]:
                given = SimpleNamespace(bootstrap_distribution=np.array(replicates))
                result = stats.bootstrap(sample, scipy_statistic, n_resamples=0, bootstrap_result=given,
                                         method=method, confidence_level=0.9, vectorized=True)
                row[method.lower()] = [result.confidence_interval.low, result.confidence_interval.high]
            rows.append(row)
    return rows


def summary():
    values = [29.65, 26.92, 32.06, 28.73, 30.01, 27.5, 31.2]
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    write("summary", dict(values=values, mean=np.mean(values), median=np.median(values), std=np.std(values, ddof=1),
                          lower_quartile=np.quantile(values, 0.25), upper_quartile=np.quantile(values, 0.75),
                          ci_low=low, ci_high=high))


if __name__ == "__main__":
    image()
    spikes()
    van_rossum()
    statistics()
    summary()
