"""Depth order and tile lists: which Gaussians touch which 16x16 tile, nearest first."""

import math

import numpy as np

from runtime.splat.jit import kernel

TILE = 16
PACKED = 8  # columns of `packed`: x, y, three quadratic terms, log2(opacity), half-width, half-height
LOG2_E = 1.4426950408889634
_SLACK_PX = 0.02  # float32 rounding of an extent must never lose a pixel
_DIGIT = 11  # bits; three digits cover the 32 bits of a float


@kernel
def depth_order(depths, radii, visible):
    """Indices [visible] of the Gaussians with a radius, nearest first; ties keep their order (radix sort)."""
    key, index = np.empty(visible, np.uint32), np.empty(visible, np.uint32)
    key2, index2 = np.empty(visible, np.uint32), np.empty(visible, np.uint32)
    bits = depths.view(np.uint32)  # positive floats sort like their bits
    m = 0
    for i in range(radii.shape[0]):
        if radii[i, 0] > 0:
            key[m], index[m] = bits[i], i
            m += 1
    counts = np.zeros(1 << _DIGIT, np.int64)
    for shift in (0, _DIGIT, 2 * _DIGIT):
        counts[:] = 0
        for j in range(m):
            counts[(key[j] >> np.uint32(shift)) & np.uint32((1 << _DIGIT) - 1)] += 1
        total = 0
        for d in range(counts.shape[0]):
            total, counts[d] = total + counts[d], total
        for j in range(m):
            d = (key[j] >> np.uint32(shift)) & np.uint32((1 << _DIGIT) - 1)
            key2[counts[d]], index2[counts[d]] = key[j], index[j]
            counts[d] += 1
        key, key2, index, index2 = key2, key, index2, index
    return index


@kernel
def pack(order, means2d, conics, opacities, extents, packed):
    """Fill packed [M, 8] in depth order, for alpha = 2^(log2 opacity - a dx² - b dx dy - c dy²)."""
    for rank in range(order.shape[0]):
        i = order[rank]
        packed[rank, 0], packed[rank, 1] = means2d[i, 0], means2d[i, 1]
        packed[rank, 2] = 0.5 * LOG2_E * conics[i, 0]
        packed[rank, 3] = LOG2_E * conics[i, 1]
        packed[rank, 4] = 0.5 * LOG2_E * conics[i, 2]
        packed[rank, 5] = math.log2(opacities[i])
        packed[rank, 6], packed[rank, 7] = extents[i, 0] + _SLACK_PX, extents[i, 1] + _SLACK_PX


@kernel
def tile_lists(packed, tile_width, tile_height):
    """Offsets [tiles + 1] and ranks [offsets[-1]]: rows of `packed` that touch tile t, in depth order."""
    counts = np.zeros(tile_width * tile_height + 1, np.int64)
    boxes = np.empty((packed.shape[0], 4), np.int32)
    inv = 1.0 / TILE
    for rank in range(packed.shape[0]):
        x, y, ex, ey = packed[rank, 0], packed[rank, 1], packed[rank, 6], packed[rank, 7]
        x0, x1 = max(0, math.floor((x - ex) * inv)), min(tile_width, math.floor((x + ex) * inv) + 1)
        y0, y1 = max(0, math.floor((y - ey) * inv)), min(tile_height, math.floor((y + ey) * inv) + 1)
        boxes[rank, 0], boxes[rank, 1], boxes[rank, 2], boxes[rank, 3] = x0, x1, y0, y1
        for ty in range(y0, y1):
            for tx in range(x0, x1):
                counts[ty * tile_width + tx + 1] += 1
    for t in range(1, counts.shape[0]):
        counts[t] += counts[t - 1]
    ranks = np.empty(counts[-1], np.uint32)
    cursor = counts.copy()
    for rank in range(packed.shape[0]):
        for ty in range(boxes[rank, 2], boxes[rank, 3]):
            for tx in range(boxes[rank, 0], boxes[rank, 1]):
                t = ty * tile_width + tx
                ranks[cursor[t]] = rank
                cursor[t] += 1
    return counts, ranks
