"""The numbers of the test `agrees_with_numpy` of ridge regression: weights W of
(Xc'Xc + 2.5 I) W = Xc'Yc on centred data, and the intercept."""

import numpy as np

x = np.array([i * i % 7 for i in range(24)], float).reshape(8, 3)
y = np.array([np.float32(i * 3 % 5) / np.float32(5) for i in range(16)], float).reshape(8, 2)
xc, yc = x - x.mean(0), y - y.mean(0)
weights = np.linalg.solve(xc.T @ xc + 2.5 * np.eye(3), xc.T @ yc)
intercept = y.mean(0) - x.mean(0) @ weights
print([float(f"{v:.12g}") for v in weights.ravel()], [float(f"{v:.12g}") for v in intercept])
