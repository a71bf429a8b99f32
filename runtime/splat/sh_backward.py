"""The backward of `sh_colors`: gradients of the coefficients, and of the centres through the viewing direction."""

import math

import numpy as np

from runtime.splat.jit import inlined, kernel
from runtime.splat.sh import C1, C2A, C2B, C2C, C3A, C3B, C3C, C3D, C3E, basis


@inlined
def basis_gradient(degree, x, y, z, out):
    """Fill out [16, 3] with the derivatives of the basis polynomials, x, y, z taken as independent."""
    out[:] = 0.0
    if degree > 0:
        out[1, 1], out[2, 2], out[3, 0] = -C1, C1, -C1
    if degree > 1:
        out[4, 0], out[4, 1] = C2A * y, C2A * x
        out[5, 1], out[5, 2] = -C2A * z, -C2A * y
        out[6, 0], out[6, 1], out[6, 2] = -2 * C2B * x, -2 * C2B * y, 4 * C2B * z
        out[7, 0], out[7, 2] = -C2A * z, -C2A * x
        out[8, 0], out[8, 1] = 2 * C2C * x, -2 * C2C * y
        if degree > 2:
            xx, yy, zz = x * x, y * y, z * z
            out[9, 0], out[9, 1] = -6 * C3A * x * y, -3 * C3A * (xx - yy)
            out[10, 0], out[10, 1], out[10, 2] = C3B * y * z, C3B * x * z, C3B * x * y
            out[11, 0], out[11, 1], out[11, 2] = 2 * C3C * x * y, -C3C * (4 * zz - xx - 3 * yy), -8 * C3C * y * z
            out[12, 0], out[12, 1] = -6 * C3D * x * z, -6 * C3D * y * z
            out[12, 2] = 3 * C3D * (2 * zz - xx - yy)
            out[13, 0], out[13, 1], out[13, 2] = -C3C * (4 * zz - 3 * xx - yy), 2 * C3C * x * y, -8 * C3C * x * z
            out[14, 0], out[14, 1], out[14, 2] = 2 * C3E * x * z, -2 * C3E * y * z, C3E * (xx - yy)
            out[15, 0], out[15, 1] = -3 * C3A * (xx - yy), 6 * C3A * x * y


@kernel
def sh_backward(degree, means, centre, sh, order, start, stop, colors, g_colors, g_sh, g_means):
    """Fill g_sh [N, K, 3] and add to g_means [N, 3] for the rows start..stop of the Gaussians `order` [M], from g_colors
    [M, >=3]."""
    basis_buffer, gradient_buffer = np.empty(16), np.empty((16, 3))
    terms = np.uint64((degree + 1) * (degree + 1))
    for rank in range(np.uint64(start), np.uint64(stop)):
        i = order[rank]
        r = g_colors[rank, 0] if colors[rank, 0] > 0.0 else 0.0
        g = g_colors[rank, 1] if colors[rank, 1] > 0.0 else 0.0
        b = g_colors[rank, 2] if colors[rank, 2] > 0.0 else 0.0
        if r == 0.0 and g == 0.0 and b == 0.0:
            continue
        x, y, z = means[i, 0] - centre[0], means[i, 1] - centre[1], means[i, 2] - centre[2]
        s = 1.0 / math.sqrt(x * x + y * y + z * z)
        x, y, z = x * s, y * s, z * s
        basis(degree, x, y, z, basis_buffer)
        for k in range(terms):
            g_sh[i, k, 0] = basis_buffer[k] * r
            g_sh[i, k, 1] = basis_buffer[k] * g
            g_sh[i, k, 2] = basis_buffer[k] * b
        if degree > 0:
            basis_gradient(degree, x, y, z, gradient_buffer)
            gx, gy, gz = 0.0, 0.0, 0.0
            for k in range(np.uint64(1), terms):
                pull = sh[i, k, 0] * r + sh[i, k, 1] * g + sh[i, k, 2] * b
                gx += gradient_buffer[k, 0] * pull
                gy += gradient_buffer[k, 1] * pull
                gz += gradient_buffer[k, 2] * pull
            along = gx * x + gy * y + gz * z
            g_means[i, 0] += (gx - along * x) * s
            g_means[i, 1] += (gy - along * y) * s
            g_means[i, 2] += (gz - along * z) * s
