"""Reference values of `mixed_line` of crates/metrics, from statsmodels.

Writes crates/metrics/tests/reference/mixed.json, which tests/mixed.rs reads.
Needs: numpy scipy statsmodels. The degrees of freedom, which statsmodels does not tell, come from
Satterthwaite's formula with the second derivatives of the likelihood written out, by whole matrices.
"""
import json
from pathlib import Path

import numpy as np
import statsmodels.api as sm
from scipy import optimize, stats

OUT = Path(__file__).resolve().parents[2] / "crates/metrics/tests/reference/mixed.json"


def noise(count, seed):
    """The linear congruential numbers of Numerical Recipes, in [0, 1), multiples of 2^-24."""
    out, state = [], seed
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        out.append((state >> 8) / 2**24)
    return stats.norm.ppf(np.clip(out, 1e-6, 1 - 1e-6))


def matrices(theta, x, groups):
    """Design, derivatives of the covariance in the two variances, and its inverse."""
    design = sm.add_constant(x)
    parts = [np.eye(len(x)), (groups[:, None] == groups[None, :]).astype(float)]
    inverse = np.linalg.inv(theta[0] * parts[0] + theta[1] * parts[1])
    return design, parts, inverse


def deviance(theta, x, y, groups):
    design, _, inverse = matrices(theta, x, groups)
    normal = design.T @ inverse @ design
    left = y - design @ np.linalg.solve(normal, design.T @ inverse @ y)
    return -np.linalg.slogdet(inverse)[1] + np.linalg.slogdet(normal)[1] + left @ inverse @ left


def degrees(theta, x, y, groups):
    """Satterthwaite's degrees of freedom of the slope, and its standard error."""
    design, parts, inverse = matrices(theta, x, groups)
    covariance = np.linalg.inv(design.T @ inverse @ design)
    rest = inverse - inverse @ design @ covariance @ design.T @ inverse
    curvature = np.array([[-np.trace(rest @ a @ rest @ b) + 2 * y @ rest @ a @ rest @ b @ rest @ y
                           for b in parts] for a in parts])
    change = np.array([(covariance @ design.T @ inverse @ a @ inverse @ design @ covariance)[1, 1]
                       for a in parts])
    spread = change @ (2 * np.linalg.inv(curvature)) @ change
    return 2 * covariance[1, 1] ** 2 / spread, np.sqrt(covariance[1, 1])


def case(name, seed, sizes, between, within, group_sd, sd):
    """Groups of these sizes; x differs between groups and within them by these spreads."""
    n = sum(sizes)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    a, b, c, d = (noise(n, 4 * seed + k) for k in range(4))
    x = between * a[groups] + within * b
    y = 1.5 + 0.8 * x + group_sd * c[groups] + sd * d
    x, y = np.round(x, 4), np.round(y, 4)
    design = sm.add_constant(x)
    fit = sm.MixedLM(y, design, groups=groups).fit(reml=True, method="powell")
    start = np.array([fit.scale, float(np.asarray(fit.cov_re)[0, 0])])
    # statsmodels stops near the best variances: go on from there to about 1e-9 of them.
    best = optimize.minimize(lambda log: deviance(np.exp(log), x, y, groups), np.log(start),
                             method="Nelder-Mead", options=dict(xatol=1e-11, fatol=1e-14, maxiter=10000))
    theta = np.exp(best.x)
    assert np.allclose(theta, start, rtol=1e-3), (name, theta, start)
    _, _, inverse = matrices(theta, x, groups)
    effects = np.linalg.solve(design.T @ inverse @ design, design.T @ inverse @ y)
    assert np.allclose(effects, fit.fe_params, rtol=1e-4), (name, effects, fit.fe_params)
    free, error = degrees(theta, x, y, groups)
    return dict(name=name, x=list(x), y=list(y), groups=[int(g) for g in groups], intercept=effects[0],
                slope=effects[1], slope_error=error, group_variance=theta[1], residual_variance=theta[0],
                degrees_of_freedom=free, p=2 * stats.t.sf(abs(effects[1] / error), free),
                statsmodels=dict(slope=fit.fe_params[1], intercept=fit.fe_params[0],
                                 group_variance=start[1], residual_variance=start[0]))


CASES = [
    case("equal groups, x of groups", 1, [5] * 12, 1.0, 0.0, 2.0, 0.5),
    case("equal groups, x that varies in them too", 2, [5] * 12, 1.0, 0.1, 1.0, 1.0),
    case("unequal groups", 3, [2, 7, 3, 4, 9, 5, 1, 6], 0.5, 1.0, 1.5, 0.7),
    case("little between groups", 5, [6] * 8, 1.0, 1.0, 0.5, 1.0),
    case("much between groups", 4, [4] * 6, 0.2, 1.0, 10.0, 0.1),
]
OUT.write_text(json.dumps(CASES, default=float).replace('}, {"name"', '},\n{"name"') + "\n")
for one in CASES:
    print({k: v for k, v in one.items() if k not in ("x", "y", "groups")})
