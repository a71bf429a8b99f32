"""Front-to-back blending of one image, tile by tile.

All state of a tile lives in one small buffer and the innermost loop runs over exactly 16 pixels without a branch, so
the compiler turns it into a few vector instructions per row of a Gaussian.
"""

import math

import numpy as np

from runtime.splat.jit import inlined, kernel
from runtime.splat.tiles import TILE

f32 = np.float32
u64 = np.uint64
ALPHA_MIN = f32(1.0 / 255.0)
ALPHA_MAX = f32(0.999)
STOP = f32(1e-4)  # a pixel is finished by the Gaussian that would bring its transmittance to this or below
PIXELS = TILE * TILE
_ROUND = f32(12582912.0)  # 1.5 * 2^23: adding it rounds to an integer, which then stands in the low bits
LOWEST = f32(-30.0)  # exponents further below the 1/255 cut than this need not be told apart
CHANNELS = 4  # blended at a time
CHECK = 32  # Gaussians between two looks at whether the tile is finished


@inlined
def exp2(t):
    """2^t for t in -30..0, relative error 2e-7: split t by a bit cast, a degree-5 minimax polynomial for the rest."""
    whole = f32(t + _ROUND)
    rest = t - (whole - _ROUND)
    p = f32(1.3276457868666503e-3)
    p = p * rest + f32(9.675541221663093e-3)
    p = p * rest + f32(5.550713317187384e-2)
    p = p * rest + f32(2.402211972664798e-1)
    p = p * rest + f32(6.931469670380124e-1)
    p = f32(p * rest + f32(1.0))
    bits = np.int32(p.view(np.int32) + np.int32(whole.view(np.int32) << np.int32(23)))
    return np.int32(bits).view(f32)


@inlined
def finished(buffer):
    """Whether no pixel of the tile takes more: no transmittance, the first 256 values of the buffer, is positive."""
    brightest = f32(-1.0)
    for p in range(u64(PIXELS)):
        brightest = max(brightest, buffer[p])
    return brightest <= f32(0.0)


@inlined
def rows(dy0, extent):
    """First and last + 1 row of a tile that a Gaussian touches; dy0 from the centre of row 0, in pixels."""
    return max(0, math.ceil(dy0 - extent)), min(TILE, math.floor(dy0 + extent) + 1)


@kernel
def blend(packed, colors, offsets, ranks, background, tile_width, first, image, alpha, live):
    """Blend the tile lists into channels first..first + 3 of image [H, W, D], and into alpha [H, W].

    packed [M, 8] and offsets, ranks are of `tiles`; colors [M, 4] in depth order; background [4]. `live` [H, W]
    receives the transmittance left behind the last Gaussian. Semantics of gsplat: pixel centres at +0.5, alpha capped
    at 0.999, alpha below 1/255 skipped, and a pixel stops before its transmittance would reach 1e-4.
    """
    height, width, channels = image.shape
    # one buffer: transmittance (negative once the pixel is finished), then four channels. The distances between them
    # are constants, which is how the compiler knows that they do not overlap
    buffer = np.empty((1 + CHANNELS) * PIXELS, f32)
    c0, c1, c2, c3 = u64(PIXELS), u64(2 * PIXELS), u64(3 * PIXELS), u64(4 * PIXELS)
    for tile in range(offsets.shape[0] - 1):
        ty, tx = tile // tile_width, tile % tile_width
        left, top = f32(tx * TILE + 0.5), f32(ty * TILE + 0.5)
        buffer[:PIXELS] = f32(1.0)
        buffer[PIXELS:] = f32(0.0)
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
                    opaque = min(exp2(max(c_dy - dx * (a * dx + b_dy), LOWEST)), ALPHA_MAX)
                    before = buffer[p]
                    weight = opaque * before if opaque >= ALPHA_MIN else f32(0.0)
                    after = before - weight
                    going = after > STOP
                    buffer[p] = after if going else -abs(before)
                    weight = weight if going else f32(0.0)
                    buffer[c0 + p] += weight * r0
                    buffer[c1 + p] += weight * r1
                    buffer[c2 + p] += weight * r2
                    buffer[c3 + p] += weight * r3
        for y in range(min(TILE, height - ty * TILE)):
            for x in range(min(TILE, width - tx * TILE)):
                p = y * TILE + x
                rest = abs(buffer[p])
                live[ty * TILE + y, tx * TILE + x] = rest
                alpha[ty * TILE + y, tx * TILE + x] = f32(1.0) - rest
                for k in range(min(CHANNELS, channels - first)):
                    image[ty * TILE + y, tx * TILE + x, first + k] = buffer[(1 + k) * PIXELS + p] + rest * background[k]
