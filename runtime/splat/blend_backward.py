"""The backward of `blend`: gradients of a loss with respect to the screen ellipses and their colours.

It walks each tile front to back like the forward, so that transmittance and every skip and stop are the same
numbers. What lies behind a Gaussian is what remains of the pixel's total; dividing the transmittance back out, as a
walk from the back must do, is not needed.
"""

import numpy as np

from runtime.splat.blend import ALPHA_MAX, ALPHA_MIN, CHANNELS, CHECK, LOWEST, PIXELS, STOP, exp2, finished, rows
from runtime.splat.jit import kernel, reduction
from runtime.splat.tiles import TILE

f32 = np.float32
u64 = np.uint64
LN2 = f32(0.6931471805599453)
# planes of the buffer, 256 values each
_BEHIND, _G_ALPHA, _G0, _G1, _G2, _G3, _V, _W, _X, _Y = (u64(k * PIXELS) for k in range(1, 11))


@reduction
def pixel_sums(buffer, start, stop, dx0, dy0):
    """Sums over pixels start..stop: v, v dx, v dx², v dy, v dx dy, v dy², and weight times each channel's gradient."""
    s, sx, sxx, sy, sxy, syy = f32(0.0), f32(0.0), f32(0.0), f32(0.0), f32(0.0), f32(0.0)
    s0, s1, s2, s3 = f32(0.0), f32(0.0), f32(0.0), f32(0.0)
    for p in range(start, stop):
        v, w = buffer[_V + p], buffer[_W + p]
        dx, dy = dx0 - buffer[_X + p], dy0 - buffer[_Y + p]
        v_dx, v_dy = v * dx, v * dy
        s += v
        sx += v_dx
        sxx += v_dx * dx
        sy += v_dy
        sxy += v_dx * dy
        syy += v_dy * dy
        s0 += w * buffer[_G0 + p]
        s1 += w * buffer[_G1 + p]
        s2 += w * buffer[_G2 + p]
        s3 += w * buffer[_G3 + p]
    return s, sx, sxx, sy, sxy, syy, s0, s1, s2, s3


@kernel
def blend_backward(packed, colors, offsets, ranks, tile_width, first, image, alpha, g_image, g_alpha, g_packed, g_colors):
    """Add gradients to g_packed [M, 6] (of the first six columns of `packed`) and g_colors [M, 4].

    Arguments as for `blend`; g_image [H, W, D] and g_alpha [H, W] are the gradients of the loss with respect to the
    image and alpha that `blend` wrote; channels first..first + 3 are taken here, g_alpha only with first = 0.
    """
    height, width, channels = image.shape
    buffer = np.empty(11 * PIXELS, f32)
    for p in range(PIXELS):
        buffer[_X + u64(p)], buffer[_Y + u64(p)] = p % TILE, p // TILE
    for tile in range(offsets.shape[0] - 1):
        ty, tx = tile // tile_width, tile % tile_width
        left, top = f32(tx * TILE + 0.5), f32(ty * TILE + 0.5)
        buffer[:PIXELS] = f32(1.0)
        buffer[PIXELS : 7 * PIXELS] = f32(0.0)  # pixels beyond the image take part with gradients of zero
        for y in range(min(TILE, height - ty * TILE)):
            for x in range(min(TILE, width - tx * TILE)):
                p, py, px = y * TILE + x, ty * TILE + y, tx * TILE + x
                total = f32(0.0)
                if first == 0:
                    buffer[2 * PIXELS + p] = g_alpha[py, px]
                    total = g_alpha[py, px] * alpha[py, px]
                for k in range(min(CHANNELS, channels - first)):
                    g = g_image[py, px, first + k]
                    buffer[(3 + k) * PIXELS + p] = g
                    total += g * image[py, px, first + k]
                buffer[PIXELS + p] = total
        for entry in range(offsets[tile], offsets[tile + 1]):
            if (entry - offsets[tile]) % CHECK == CHECK - 1 and finished(buffer):
                break
            g = ranks[entry]
            dx0, dy0 = packed[g, 0] - left, packed[g, 1] - top
            a, b, c, log_opacity = packed[g, 2], packed[g, 3], packed[g, 4], packed[g, 5]
            r0, r1, r2, r3 = colors[g, 0], colors[g, 1], colors[g, 2], colors[g, 3]
            y0, y1 = rows(dy0, packed[g, 7])
            for y in range(y0, y1):
                dy = dy0 - f32(y)
                b_dy, c_dy = b * dy, log_opacity - c * dy * dy
                base = u64(y) * u64(TILE)
                for x in range(u64(TILE)):
                    p = base + x
                    dx = dx0 - f32(x)
                    raw = exp2(max(c_dy - dx * (a * dx + b_dy), LOWEST))
                    opaque = min(raw, ALPHA_MAX)
                    before = buffer[p]
                    weight = opaque * before if opaque >= ALPHA_MIN else f32(0.0)
                    after = before - weight
                    going = after > STOP
                    buffer[p] = after if going else -abs(before)
                    weight = weight if going else f32(0.0)
                    buffer[_W + p] = weight
                    shade = buffer[_G_ALPHA + p] + buffer[_G0 + p] * r0 + buffer[_G1 + p] * r1
                    shade = shade + buffer[_G2 + p] * r2 + buffer[_G3 + p] * r3
                    rest = buffer[_BEHIND + p] - weight * shade
                    buffer[_BEHIND + p] = rest
                    # d alpha / d exponent = alpha ln 2, and weight is alpha times the transmittance before
                    v = LN2 * (weight * shade - raw / (f32(1.0) - opaque) * rest)
                    v = v if weight > f32(0.0) else f32(0.0)
                    buffer[_V + p] = v if raw <= ALPHA_MAX else f32(0.0)
            s, sx, sxx, sy, sxy, syy, s0, s1, s2, s3 = pixel_sums(
                buffer, u64(y0) * u64(TILE), u64(max(y0, y1)) * u64(TILE), dx0, dy0
            )
            g_packed[g, 0] -= f32(2.0) * a * sx + b * sy
            g_packed[g, 1] -= f32(2.0) * c * sy + b * sx
            g_packed[g, 2] -= sxx
            g_packed[g, 3] -= sxy
            g_packed[g, 4] -= syy
            g_packed[g, 5] += s
            g_colors[g, 0] += s0
            g_colors[g, 1] += s1
            g_colors[g, 2] += s2
            g_colors[g, 3] += s3
