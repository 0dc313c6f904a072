"""The cost of planning one stimulation in NumPy: the peer of
`cargo bench -p equipoise-plasticity --bench stimulation`.

25 Adam steps from 4 starts, each with the implicit gradient: one steady state under the
stimulation and one per pattern, by damped iteration and Newton's method, and one adjoint solution
each. Run it as `OMP_NUM_THREADS=1 python scripts/peers/numpy_stimulation.py 30 100`.
"""

import sys
import time

import numpy as np

GAIN, R_MAX = 4.0, 1.0
THETA, BETA_1, BETA_2, BOUND = 0.35, 0.5, 5.0, 1.0
DT, GAMMA, MARGIN = 0.03, 10.0, 0.14
DIGITS = ["####.##.##.####", ".#.##..#..#.###"]


def transfer(x):
    return (np.logaddexp(0, GAIN * x) - np.logaddexp(0, GAIN * (x - R_MAX))) / GAIN


def slope(x):
    def sigmoid(z):
        return 0.5 * (1 + np.tanh(0.5 * z))

    return sigmoid(GAIN * x) - sigmoid(GAIN * (x - R_MAX))


def steady(weights, drive, rates):
    identity = np.eye(len(drive))
    for _ in range(200):
        residual = transfer(weights @ rates + drive) - rates
        if np.abs(residual).max() < 1e-3:
            break
        rates = rates + 0.5 * residual
    for _ in range(50):
        x = weights @ rates + drive
        residual = rates - transfer(x)
        if np.abs(residual).max() < 1e-12:
            break
        rates = rates - np.linalg.solve(identity - slope(x)[:, None] * weights, residual)
    return rates, slope(weights @ rates + drive)


def gradient(weights, mask, eta, sign, patterns, images, drive, warm):
    n = len(drive)
    identity = np.eye(n)
    rates, d = steady(weights, drive, warm)
    over = np.maximum(np.abs(weights) - BOUND, 0)
    drift = eta * np.outer(rates - THETA, rates) - BETA_1 * weights * (rates**2 - THETA**2)[:, None]
    drift -= BETA_2 * np.sign(weights) * over**2
    changed = sign * np.maximum(sign * (weights + DT * mask * drift), 0) * mask
    cost, by_weight = 0.0, np.zeros((n, n))
    for pattern, image in zip(patterns, images):
        r, slopes = steady(changed, pattern, rates)
        pixels = r[15:30]
        v = np.maximum(pixels[~image][:, None] - pixels[image][None] + MARGIN, 0)
        weight = np.exp(GAMMA * v**2)
        cost += (v**2 * weight).sum()
        by_pair = (1 + GAMMA * v**2) * weight * 2 * v
        by_rate = np.zeros(n)
        by_rate[15:30][~image] = by_pair.sum(1)
        by_rate[15:30][image] = -by_pair.sum(0)
        adjoint = slopes * np.linalg.solve(identity - changed.T * slopes[None], by_rate)
        by_weight += np.outer(adjoint, r)
    by_weight *= mask * (sign * changed > 0)
    q = DT * (by_weight * (eta * rates[None] - 2 * BETA_1 * weights * rates[:, None])).sum(1)
    p = DT * (by_weight * eta * (rates - THETA)[:, None]).sum(0)
    return cost, d * np.linalg.solve(identity - weights.T * d[None], q + p), rates


def main():
    for n in [int(a) for a in sys.argv[1:]] or [30, 100]:
        rng = np.random.default_rng(0)
        inhibitory = rng.permutation(n) < round(n * 8 / 30)
        sign = np.where(inhibitory, -1.0, 1.0)[None]
        mask = (rng.random((n, n)) < 0.5) & ~np.eye(n, dtype=bool)
        scale = np.where(inhibitory, 0.25 * 4 / (n * 4 / 30), 0.1 * 11 / (n * 11 / 30))[None]
        weights = sign * 2 * scale * rng.random((n, n)) * mask
        eta = np.where(inhibitory, -1.0, 1.0)[None]
        images = [np.array([c == "#" for c in d]) for d in DIGITS]
        patterns = []
        for _ in DIGITS:
            drive = np.zeros(n)
            drive[:15] = -0.5
            drive[rng.choice(15, 7, replace=False)] = 1.5
            patterns.append(drive)
        start = time.process_time()
        count = 0
        for s in range(4):
            f = np.zeros(n) if s == 0 else rng.uniform(-1, 1.5, n)
            m, v, warm = np.zeros(n), np.zeros(n), np.zeros(n)
            for t in range(1, 26):
                _, g, warm = gradient(weights, mask, eta, sign, patterns, images, f, warm)
                count += 1
                m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
                step = 0.05 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
                f = np.clip(f - step, -1, 1.5)
        seconds = time.process_time() - start
        print(f"N = {n:5}: one gradient {1e6 * seconds / count:10.1f} us, "
              f"one planned stimulation {1e3 * seconds:10.3f} ms ({count} gradients)")


if __name__ == "__main__":
    main()
