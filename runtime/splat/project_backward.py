"""The backward of `project`: from screen ellipses to centres, rotations, scales and opacities, in float64 inside."""

import math

import numpy as np

from runtime.splat.jit import kernel
from runtime.splat.project import TAN_FOV_MARGIN, rotation
from runtime.splat.tiles import LOG2_E


@kernel
def project_backward(
    means, quats, scales, opacities, view, K, width, height, conics, peaks, eps2d, order, g_packed, g_depth, start, stop, out
):
    """Fill the gradients of the rows start..stop of the visible Gaussians `order` [M]; the others keep what they hold.

    conics and peaks are of `project`, eps2d that of an antialiased frame, else 0. g_packed [M, 6] is with respect to the first
    six columns of `tiles.pack`, g_depth [M] to z. `out` are the gradients of means, quats, scales, opacities, and [N, 2] that
    of the screen position in pixels, which densification reads.
    """
    g_means, g_quats, g_scales, g_opacities, g_means2d = out
    fx, fy, cx, cy = K[0, 0], K[1, 1], K[0, 2], K[1, 2]
    margin_x = TAN_FOV_MARGIN * 0.5 * width / fx
    margin_y = TAN_FOV_MARGIN * 0.5 * height / fy
    max_x, min_x = (width - cx) / fx + margin_x, -(cx / fx + margin_x)
    max_y, min_y = (height - cy) / fy + margin_y, -(cy / fy + margin_y)
    r00, r01, r02, t0 = view[0, 0], view[0, 1], view[0, 2], view[0, 3]
    r10, r11, r12, t1 = view[1, 0], view[1, 1], view[1, 2], view[1, 3]
    r20, r21, r22, t2 = view[2, 0], view[2, 1], view[2, 2], view[2, 3]
    for rank in range(np.uint64(start), np.uint64(stop)):
        i = order[rank]
        mx, my, mz = float(means[i, 0]), float(means[i, 1]), float(means[i, 2])
        inv_z = 1.0 / (r20 * mx + r21 * my + r22 * mz + t2)
        u = (r00 * mx + r01 * my + r02 * mz + t0) * inv_z
        v = (r10 * mx + r11 * my + r12 * mz + t1) * inv_z
        tx, ty = min(max_x, max(min_x, u)), min(max_y, max(min_y, v))
        ax, bx = fx * inv_z, -fx * inv_z * tx
        ay, by = fy * inv_z, -fy * inv_z * ty
        p0, p1, p2 = ax * r00 + bx * r20, ax * r01 + bx * r21, ax * r02 + bx * r22
        q0, q1, q2 = ay * r10 + by * r20, ay * r11 + by * r21, ay * r12 + by * r22
        qw, qx, qy, qz = float(quats[i, 0]), float(quats[i, 1]), float(quats[i, 2]), float(quats[i, 3])
        g00, g01, g02, g10, g11, g12, g20, g21, g22 = rotation(qw, qx, qy, qz)
        s0, s1, s2 = float(scales[i, 0]), float(scales[i, 1]), float(scales[i, 2])
        # unit axes of the ellipsoid on the screen, then the covariance's gradient: -P G P with P the conic
        h0, k0 = p0 * g00 + p1 * g10 + p2 * g20, q0 * g00 + q1 * g10 + q2 * g20
        h1, k1 = p0 * g01 + p1 * g11 + p2 * g21, q0 * g01 + q1 * g11 + q2 * g21
        h2, k2 = p0 * g02 + p1 * g12 + p2 * g22, q0 * g02 + q1 * g12 + q2 * g22
        a, b, c = float(conics[i, 0]), float(conics[i, 1]), float(conics[i, 2])
        ga = 0.5 * LOG2_E * g_packed[rank, 2]
        gb = 0.5 * LOG2_E * g_packed[rank, 3]  # each of the two off-diagonal entries
        gc = 0.5 * LOG2_E * g_packed[rank, 4]
        m00, m01 = a * ga + b * gb, a * gb + b * gc
        m10, m11 = b * ga + c * gb, b * gb + c * gc
        g_xx = -(m00 * a + m01 * b)
        g_xy = -(m00 * b + m01 * c) - (m10 * a + m11 * b)
        g_yy = -(m10 * b + m11 * c)
        if eps2d > 0.0:  # the peak falls with sqrt(det(cov) / det(cov + eps2d))
            inv_det = a * c - b * b
            cxx, cxy, cyy = c / inv_det, -b / inv_det, a / inv_det
            sharp = (cxx - eps2d) * (cyy - eps2d) - cxy * cxy
            pull = 0.5 * LOG2_E * g_packed[rank, 5]
            g_xx += pull * ((cyy - eps2d) / sharp - cyy * inv_det)
            g_xy -= 2 * pull * cxy * (1 / sharp - inv_det)
            g_yy += pull * ((cxx - eps2d) / sharp - cxx * inv_det)
        # gradients of the scaled axes (u_k, v_k) = s_k (h_k, k_k)
        du0, dv0 = s0 * (2 * g_xx * h0 + g_xy * k0), s0 * (g_xy * h0 + 2 * g_yy * k0)
        du1, dv1 = s1 * (2 * g_xx * h1 + g_xy * k1), s1 * (g_xy * h1 + 2 * g_yy * k1)
        du2, dv2 = s2 * (2 * g_xx * h2 + g_xy * k2), s2 * (g_xy * h2 + 2 * g_yy * k2)
        g_scales[i, 0] = du0 * h0 + dv0 * k0
        g_scales[i, 1] = du1 * h1 + dv1 * k1
        g_scales[i, 2] = du2 * h2 + dv2 * k2
        du0, dv0, du1, dv1, du2, dv2 = du0 * s0, dv0 * s0, du1 * s1, dv1 * s1, du2 * s2, dv2 * s2
        # of the rotation matrix, then of the unit quaternion, then of the given one
        d00, d10, d20 = du0 * p0 + dv0 * q0, du0 * p1 + dv0 * q1, du0 * p2 + dv0 * q2
        d01, d11, d21 = du1 * p0 + dv1 * q0, du1 * p1 + dv1 * q1, du1 * p2 + dv1 * q2
        d02, d12, d22 = du2 * p0 + dv2 * q0, du2 * p1 + dv2 * q1, du2 * p2 + dv2 * q2
        inv_norm = 1.0 / math.sqrt(qw * qw + qx * qx + qy * qy + qz * qz)
        w, x, y, z = qw * inv_norm, qx * inv_norm, qy * inv_norm, qz * inv_norm
        gw = 2 * (x * (d21 - d12) + y * (d02 - d20) + z * (d10 - d01))
        gx = 2 * (y * (d01 + d10) + z * (d02 + d20) + w * (d21 - d12) - 2 * x * (d11 + d22))
        gy = 2 * (x * (d01 + d10) + z * (d12 + d21) + w * (d02 - d20) - 2 * y * (d00 + d22))
        gz = 2 * (x * (d02 + d20) + y * (d12 + d21) + w * (d10 - d01) - 2 * z * (d00 + d11))
        along = w * gw + x * gx + y * gy + z * gz
        g_quats[i, 0], g_quats[i, 1] = (gw - w * along) * inv_norm, (gx - x * along) * inv_norm
        g_quats[i, 2], g_quats[i, 3] = (gy - y * along) * inv_norm, (gz - z * along) * inv_norm
        # of the rows p, q of the Jacobian times the view, then of the camera-space centre
        e0 = du0 * g00 + du1 * g01 + du2 * g02
        e1 = du0 * g10 + du1 * g11 + du2 * g12
        e2 = du0 * g20 + du1 * g21 + du2 * g22
        f0 = dv0 * g00 + dv1 * g01 + dv2 * g02
        f1 = dv0 * g10 + dv1 * g11 + dv2 * g12
        f2 = dv0 * g20 + dv1 * g21 + dv2 * g22
        g_ax, g_bx = e0 * r00 + e1 * r01 + e2 * r02, e0 * r20 + e1 * r21 + e2 * r22
        g_ay, g_by = f0 * r10 + f1 * r11 + f2 * r12, f0 * r20 + f1 * r21 + f2 * r22
        g_sx, g_sy = float(g_packed[rank, 0]), float(g_packed[rank, 1])
        g_means2d[i, 0], g_means2d[i, 1] = g_sx, g_sy
        g_u = fx * g_sx
        if tx == u:
            g_u -= fx * inv_z * g_bx
        g_v = fy * g_sy
        if ty == v:
            g_v -= fy * inv_z * g_by
        g_x, g_y = g_u * inv_z, g_v * inv_z
        g_z = float(g_depth[rank]) - inv_z * (u * g_u + v * g_v + ax * g_ax + bx * g_bx + ay * g_ay + by * g_by)
        g_means[i, 0] = r00 * g_x + r10 * g_y + r20 * g_z
        g_means[i, 1] = r01 * g_x + r11 * g_y + r21 * g_z
        g_means[i, 2] = r02 * g_x + r12 * g_y + r22 * g_z
        g_opacities[i] = g_packed[rank, 5] * LOG2_E / opacities[i] if peaks[i] > 0.0 else 0.0
