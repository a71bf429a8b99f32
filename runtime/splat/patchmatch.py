"""Compiled part of `stereo`: a plane for each pixel, spread and changed until patches agree (Bleyer et al. 2011)."""

import math

from numpy import float32 as f32

from runtime.splat.jit import kernel

WORST = 2.0  # cost of what cannot be compared
_RADIUS, _STRIDE = 4, 2  # of the patch, pixels
_SIMILAR = 0.12  # a grey value so far from the middle's weighs 1 / e
_PLAIN = 1e-5  # variance of grey values below which a patch shows nothing


@kernel
def _cost(grey, sources, turned, shift, rays, v, u, z, nx, ny, nz):
    """1 - weighted normalised cross-correlation of the patch round (v, u) with sources, where a plane carries it over: mean of
    the better two."""
    height, width = grey.shape
    d = z * (nx * rays[v, u, 0] + ny * rays[v, u, 1] + nz * rays[v, u, 2])
    if d > -1e-6 * z:  # seen from behind, or edge on
        return f32(WORST)
    first, second = f32(WORST), f32(WORST)
    h, w = sources.shape[1], sources.shape[2]
    for s in range(sources.shape[0]):
        A, q = turned[s], shift[s]
        a00, a01, a02 = A[0, 0] + q[0] * nx / d, A[0, 1] + q[0] * ny / d, A[0, 2] + q[0] * nz / d
        a10, a11, a12 = A[1, 0] + q[1] * nx / d, A[1, 1] + q[1] * ny / d, A[1, 2] + q[1] * nz / d
        a20, a21, a22 = A[2, 0] + q[2] * nx / d, A[2, 1] + q[2] * ny / d, A[2, 2] + q[2] * nz / d
        sw = sa = sb = saa = sbb = sab = f32(0)
        inside = True
        for y in range(max(v - _RADIUS, v % _STRIDE), min(v + _RADIUS + 1, height), _STRIDE):
            for x in range(max(u - _RADIUS, u % _STRIDE), min(u + _RADIUS + 1, width), _STRIDE):
                p0, p1, p2 = rays[y, x, 0], rays[y, x, 1], rays[y, x, 2]
                depth = a20 * p0 + a21 * p1 + a22 * p2
                su = (a00 * p0 + a01 * p1 + a02 * p2) / depth - f32(0.5)
                sv = (a10 * p0 + a11 * p1 + a12 * p2) / depth - f32(0.5)
                if not (depth > 1e-6 and su >= 0 and sv >= 0 and su < w - 1 and sv < h - 1):
                    inside = False
                    break
                i, j = int(sv), int(su)
                fy, fx = sv - f32(i), su - f32(j)
                top = sources[s, i, j] + fx * (sources[s, i, j + 1] - sources[s, i, j])
                low = sources[s, i + 1, j] + fx * (sources[s, i + 1, j + 1] - sources[s, i + 1, j])
                a, b = grey[y, x], top + fy * (low - top)
                weight = math.exp(-abs(a - grey[v, u]) * f32(1 / _SIMILAR))
                sw += weight
                sa += weight * a
                sb += weight * b
                saa += weight * a * a
                sbb += weight * b * b
                sab += weight * a * b
            if not inside:
                break
        if not inside:
            continue
        ma, mb = sa / sw, sb / sw
        va, vb = saa / sw - ma * ma, sbb / sw - mb * mb
        if va < _PLAIN or vb < _PLAIN:
            continue
        one = f32(1) - (sab / sw - ma * mb) / math.sqrt(va * vb)
        if one < first:
            first, second = one, first
        elif one < second:
            second = one
    return f32(0.5) * (first + second)


@kernel
def sweep(grey, sources, turned, shift, rays, z, normal, cost, noise, step, backward):
    """One pass over all pixels, from the top left or backwards: each takes over a better plane of its two last neighbours,
    then a better one that lies up to `step` beside its own (relative depth, components of the normal).

    Changes z [H, W], normal [H, W, 3] (camera frame, towards the camera) and cost [H, W]. `turned` [S, 3, 3] and `shift`
    [S, 3] bring points from the camera of grey [H, W] to the pixels of sources [S, h, w]; noise [H, W, 2, 4] in -1..1.
    """
    height, width = grey.shape
    to = -1 if backward else 1
    for row in range(height):
        v = height - 1 - row if backward else row
        for column in range(width):
            u = width - 1 - column if backward else column
            for k in range(4):
                if k < 2:
                    y, x = (v, u - to) if k == 0 else (v - to, u)
                    if y < 0 or x < 0 or y >= height or x >= width:
                        continue
                    nx, ny, nz = normal[y, x, 0], normal[y, x, 1], normal[y, x, 2]
                    d = z[y, x] * (nx * rays[y, x, 0] + ny * rays[y, x, 1] + nz * rays[y, x, 2])
                    there = d / (nx * rays[v, u, 0] + ny * rays[v, u, 1] + nz * rays[v, u, 2])
                    if not (there > 0 and there < 4 * z[y, x]):
                        continue
                else:
                    by = noise[v, u, k - 2]
                    there, wide = z[v, u] * math.exp(step * by[0]), step * f32(k - 1)
                    nx, ny, nz = normal[v, u, 0] + wide * by[1], normal[v, u, 1] + wide * by[2], normal[v, u, 2] + wide * by[3]
                    norm = math.sqrt(nx * nx + ny * ny + nz * nz)
                    nx, ny, nz = nx / norm, ny / norm, nz / norm
                c = _cost(grey, sources, turned, shift, rays, v, u, f32(there), f32(nx), f32(ny), f32(nz))
                if c < cost[v, u]:
                    cost[v, u], z[v, u] = c, there
                    normal[v, u, 0], normal[v, u, 1], normal[v, u, 2] = nx, ny, nz
