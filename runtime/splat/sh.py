"""Real spherical harmonics of degree 0..3 as colour, in the sign convention of 3DGS files (and gsplat)."""

import math

import numpy as np

from runtime.splat.gaussians import SH_C0 as C0
from runtime.splat.jit import inlined, kernel

C1 = 0.4886025119029199
C2A, C2B, C2C = 1.0925484305920792, 0.31539156525252005, 0.5462742152960396
C3A, C3B, C3C, C3D, C3E = (0.5900435899266435, 2.890611442640554, 0.4570457994644658, 0.3731763325901154, 1.445305721320277)


@inlined
def basis(degree, x, y, z, out):
    """Fill out [16] with the basis at the unit direction (x, y, z), up to `degree`."""
    out[0] = C0
    if degree > 0:
        out[1], out[2], out[3] = -C1 * y, C1 * z, -C1 * x
    if degree > 1:
        xx, yy, zz = x * x, y * y, z * z
        out[4], out[5] = C2A * x * y, -C2A * y * z
        out[6] = C2B * (2 * zz - xx - yy)
        out[7], out[8] = -C2A * x * z, C2C * (xx - yy)
        if degree > 2:
            out[9] = -C3A * y * (3 * xx - yy)
            out[10] = C3B * x * y * z
            out[11] = -C3C * y * (4 * zz - xx - yy)
            out[12] = C3D * z * (2 * zz - 3 * xx - 3 * yy)
            out[13] = -C3C * x * (4 * zz - xx - yy)
            out[14] = C3E * z * (xx - yy)
            out[15] = -C3A * x * (xx - 3 * yy)


@kernel
def sh_colors(degree, means, centre, sh, order, start, stop, colors, peaks):
    """Fill the rows start..stop of colors [M, >=3] of the Gaussians `order` [M] seen from `centre` [3].

    Returns how many came out as no number; their colour is then black and their opacity in peaks [N] zero.
    """
    y_k = np.empty(16)
    terms = np.uint64((degree + 1) * (degree + 1))
    broken = 0
    for row in range(np.uint64(start), np.uint64(stop)):
        i = order[row]
        x, y, z = means[i, 0] - centre[0], means[i, 1] - centre[1], means[i, 2] - centre[2]
        s = 1.0 / math.sqrt(x * x + y * y + z * z)
        basis(degree, x * s, y * s, z * s, y_k)
        r, g, b = 0.5, 0.5, 0.5
        for k in range(terms):
            r += y_k[k] * sh[i, k, 0]
            g += y_k[k] * sh[i, k, 1]
            b += y_k[k] * sh[i, k, 2]
        if not math.isfinite(r + g + b):
            broken += 1
            peaks[i] = 0.0
            r, g, b = 0.0, 0.0, 0.0
        colors[row, 0], colors[row, 1], colors[row, 2] = max(r, 0.0), max(g, 0.0), max(b, 0.0)
    return broken
