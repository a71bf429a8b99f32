"""Projection of 3D Gaussians to screen ellipses (EWA splatting, Zwicker et al. 2001), with gsplat's conventions.

Inside the loop everything is float64: the loop is scalar anyway, and thin ellipses lose their determinant in float32.
"""

import math

import numpy as np

from runtime.splat.jit import inlined, kernel

ALPHA_MIN = 1.0 / 255.0
LOG2_ALPHA_MIN = math.log2(ALPHA_MIN)
LN2 = math.log(2.0)
_TWO_LOG2_E = 2.0 / LN2
TAN_FOV_MARGIN = 0.3  # of half the tangent of the field of view, beyond the image edge


@inlined
def rotation(qw, qx, qy, qz):
    """Rotation matrix, row by row, of a quaternion of any length."""
    s = 1.0 / math.sqrt(qw * qw + qx * qx + qy * qy + qz * qz)
    w, x, y, z = qw * s, qx * s, qy * s, qz * s
    r00, r01, r02 = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)
    r10, r11, r12 = 2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
    r20, r21, r22 = 2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)
    return r00, r01, r02, r10, r11, r12, r20, r21, r22


@inlined
def log2(x):
    """Base-2 logarithm of a positive float32, to 1e-9: the exponent's bits, and the series of artanh for the rest."""
    bits = np.float32(x).view(np.int32)
    whole = (bits - np.int32(0x3F3504F3)) >> np.int32(23)  # the rest lies between sqrt(1/2) and sqrt(2)
    rest = float(np.int32(bits - (whole << np.int32(23))).view(np.float32))
    s = (rest - 1.0) / (rest + 1.0)
    q = s * s
    series = 1.0 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q * (1 / 11 + q * (1 / 13))))))
    return float(whole) + _TWO_LOG2_E * s * series


@kernel
def project(means, quats, scales, opacities, view, K, width, height, near, far, clip_px, eps2d, antialiased, start, stop, screen):
    """Fill the screen-space arrays of one camera for the Gaussians start..stop; returns how many of them can touch a pixel,
    and how many were left out because a value is not finite.

    Out: means2d [N, 2] pixels, depths [N] z, conics [N, 3] inverse covariance (xx, xy, yy), radii [N, 2] whole pixels
    (0 when not visible), extents [N, 4] exact half-width and half-height in pixels of the region with alpha >= 1/255 and what
    rounding takes from means2d, and peaks [N], the opacity at the centre: with `antialiased` less by what eps2d widens
    (Mip-Splatting, Yu et al. 2024).
    """
    means2d, depths, conics, radii, extents, peaks = screen
    fx, fy, cx, cy = float(K[0, 0]), float(K[1, 1]), float(K[0, 2]), float(K[1, 2])
    margin_x = TAN_FOV_MARGIN * 0.5 * width / fx
    margin_y = TAN_FOV_MARGIN * 0.5 * height / fy
    max_x, min_x = (width - cx) / fx + margin_x, -(cx / fx + margin_x)
    max_y, min_y = (height - cy) / fy + margin_y, -(cy / fy + margin_y)
    r00, r01, r02, t0 = view[0, 0], view[0, 1], view[0, 2], view[0, 3]
    r10, r11, r12, t1 = view[1, 0], view[1, 1], view[1, 2], view[1, 3]
    r20, r21, r22, t2 = view[2, 0], view[2, 1], view[2, 2], view[2, 3]
    visible, broken = 0, 0
    for i in range(np.uint64(start), np.uint64(stop)):
        means2d[i, 0], means2d[i, 1], depths[i], peaks[i] = 0.0, 0.0, 0.0, 0.0
        conics[i, 0], conics[i, 1], conics[i, 2], radii[i, 0], radii[i, 1] = 0.0, 0.0, 0.0, 0, 0
        mx, my, mz = float(means[i, 0]), float(means[i, 1]), float(means[i, 2])
        z = r20 * mx + r21 * my + r22 * mz + t2
        q0, q1, q2, q3 = float(quats[i, 0]), float(quats[i, 1]), float(quats[i, 2]), float(quats[i, 3])
        s0, s1, s2 = float(scales[i, 0]), float(scales[i, 1]), float(scales[i, 2])
        peak = float(opacities[i])
        if not math.isfinite(mx + my + mz + q0 + q1 + q2 + q3 + s0 + s1 + s2 + peak):
            broken += 1
            continue
        if not (z > near and z < far) or peak < ALPHA_MIN:
            continue
        x = r00 * mx + r01 * my + r02 * mz + t0
        y = r10 * mx + r11 * my + r12 * mz + t1
        inv_z = 1.0 / z
        u, v = x * inv_z, y * inv_z
        tx, ty = min(max_x, max(min_x, u)), min(max_y, max(min_y, v))
        # rows of J W: the screen gradient in world coordinates
        ax, bx = fx * inv_z, -fx * inv_z * tx
        ay, by = fy * inv_z, -fy * inv_z * ty
        p0, p1, p2 = ax * r00 + bx * r20, ax * r01 + bx * r21, ax * r02 + bx * r22
        d0, d1, d2 = ay * r10 + by * r20, ay * r11 + by * r21, ay * r12 + by * r22
        g00, g01, g02, g10, g11, g12, g20, g21, g22 = rotation(q0, q1, q2, q3)
        # the axes of the ellipsoid on the screen; the covariance is the sum of their squares
        u0, v0 = (p0 * g00 + p1 * g10 + p2 * g20) * s0, (d0 * g00 + d1 * g10 + d2 * g20) * s0
        u1, v1 = (p0 * g01 + p1 * g11 + p2 * g21) * s1, (d0 * g01 + d1 * g11 + d2 * g21) * s1
        u2, v2 = (p0 * g02 + p1 * g12 + p2 * g22) * s2, (d0 * g02 + d1 * g12 + d2 * g22) * s2
        cxx = u0 * u0 + u1 * u1 + u2 * u2
        cxy = u0 * v0 + u1 * v1 + u2 * v2
        cyy = v0 * v0 + v1 * v1 + v2 * v2
        sharp = cxx * cyy - cxy * cxy
        cxx, cyy = cxx + eps2d, cyy + eps2d
        det = cxx * cyy - cxy * cxy
        if not det > 0.0:
            continue
        if antialiased:
            peak *= math.sqrt(max(0.0, sharp / det))
            if peak < ALPHA_MIN:
                continue
        sx, sy = fx * u + cx, fy * v + cy
        reach = math.sqrt(max(0.0, 2.0 * LN2 * (log2(peak) - LOG2_ALPHA_MIN)))
        ex, ey = reach * math.sqrt(cxx), reach * math.sqrt(cyy)
        rx, ry = math.ceil(ex), math.ceil(ey)
        if (rx <= clip_px and ry <= clip_px) or rx > 1e9 or ry > 1e9:
            continue
        if not (sx + ex > 0 and sx - ex < width and sy + ey > 0 and sy - ey < height):
            continue
        visible += 1
        means2d[i, 0], means2d[i, 1], depths[i] = sx, sy, z
        inv_det = 1.0 / det
        conics[i, 0], conics[i, 1], conics[i, 2] = cyy * inv_det, -cxy * inv_det, cxx * inv_det
        radii[i, 0], radii[i, 1] = max(1, rx), max(1, ry)
        extents[i, 0], extents[i, 1], extents[i, 2], extents[i, 3] = ex, ey, sx - means2d[i, 0], sy - means2d[i, 1]
        peaks[i] = peak
    return visible, broken


def screen_arrays(n: int) -> list[tuple[tuple[int, ...], type]]:
    """Shapes and kinds of the output arrays of `project` for `n` Gaussians."""
    f32 = np.float32
    return [((n, 2), f32), ((n,), f32), ((n, 3), f32), ((n, 2), np.int32), ((n, 4), f32), ((n,), f32)]
