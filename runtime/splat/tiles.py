"""Depth order and tile lists: which Gaussians touch which 16x16 tile, nearest first."""

import math

import numpy as np

from runtime.splat.jit import kernel
from runtime.splat.lanes import prefetch
from runtime.splat.project import LOG2_ALPHA_MIN, log2

TILE = 16
# Columns of `packed`, one cache line: x, y, three quadratic terms, log2(opacity), four channels, two slopes, the limit of
# the exponent for `blend.reached`, what rounding took from x and y, nothing
PACKED = 16
COLOR, SLOPES, LIMIT, FINE = 6, 10, 12, 13
LOG2_E = 1.4426950408889634
_SLACK_PX = 0.02  # float32 rounding of an extent must never lose a pixel
_AHEAD = 16  # boxes that are on their way
_DIGIT = 11  # bits; three digits cover the 32 bits of a float
u64 = np.uint64


@kernel
def visible_rows(radii, order, start, stop, first):
    """Fill `order` from `first` on with the indices in start..stop of the Gaussians that have a radius."""
    m = u64(first)
    for i in range(u64(start), u64(stop)):
        if radii[i, 0] > 0:
            order[m] = i
            m += u64(1)


@kernel
def depth_order(depths, order):
    """The rows of `order` [M], nearest first: uint32 [M]. Equal depths keep their order (radix sort)."""
    m = u64(order.shape[0])
    key, index = np.empty(m, np.uint32), np.empty(m, np.uint32)
    key2, index2 = np.empty(m, np.uint32), np.empty(m, np.uint32)
    bits = depths.view(np.uint32)  # positive floats sort like their bits
    counts = np.zeros(3 << _DIGIT, np.uint64)
    low = np.uint32((1 << _DIGIT) - 1)
    for j in range(m):
        k = bits[order[j]]
        key[j], index[j] = k, j
        counts[k & low] += u64(1)
        counts[u64(1 << _DIGIT) + u64((k >> np.uint32(_DIGIT)) & low)] += u64(1)
        counts[u64(2 << _DIGIT) + u64(k >> np.uint32(2 * _DIGIT))] += u64(1)
    for digit in range(3):
        total = u64(0)
        here = counts[digit << _DIGIT : (digit + 1) << _DIGIT]
        for d in range(u64(1 << _DIGIT)):
            total, here[d] = total + here[d], total
        shift = np.uint32(digit * _DIGIT)
        for j in range(m):
            d = (key[j] >> shift) & low
            to = here[d]
            key2[to], index2[to] = key[j], index[j]
            here[d] = to + u64(1)
        key, key2, index, index2 = key2, key, index2, index
    return index


@kernel
def pack(order, means2d, conics, peaks, extents, seen, tile_width, tile_height, start, stop, packed, boxes):
    """Fill the rows start..stop of packed [M, 16], for alpha = 2^(log2 opacity - a dx² - b dx dy - c dy²), from the first
    four channels of seen [M, D], and of boxes [M, 4]: first and last + 1 tile along x, then along y."""
    inv = 1.0 / TILE
    for row in range(u64(start), u64(stop)):
        i = order[row]
        x, y = means2d[i, 0], means2d[i, 1]
        a, b, c = 0.5 * LOG2_E * conics[i, 0], LOG2_E * conics[i, 1], 0.5 * LOG2_E * conics[i, 2]
        ex, ey = extents[i, 0] + _SLACK_PX, extents[i, 1] + _SLACK_PX
        packed[row, 0], packed[row, 1], packed[row, 2], packed[row, 3], packed[row, 4] = x, y, a, b, c
        packed[row, 6], packed[row, 7], packed[row, 8], packed[row, 9] = seen[row, 0], seen[row, 1], seen[row, 2], seen[row, 3]
        packed[row, 10], packed[row, 11] = -0.5 * b / a, -0.5 * b / c
        if peaks[i] > 0.0:
            packed[row, 5] = log2(peaks[i])
            far_x, far_y = ex + TILE, ey + TILE  # as far as a pixel of a touched tile can lie
            # what float32 may lose of the exponent must never lose a pixel
            packed[row, 12] = packed[row, 5] - LOG2_ALPHA_MIN + 0.01 + 1e-5 * (a * far_x * far_x + c * far_y * far_y)
        else:
            packed[row, 5], packed[row, 12] = -1e4, -1.0
        packed[row, 13], packed[row, 14], packed[row, 15] = extents[i, 2], extents[i, 3], 0.0
        boxes[row, 0] = min(tile_width, max(0, math.floor((x - ex) * inv)))
        boxes[row, 1] = max(0, min(tile_width, math.floor((x + ex) * inv) + 1))
        boxes[row, 2] = min(tile_height, max(0, math.floor((y - ey) * inv)))
        boxes[row, 3] = max(0, min(tile_height, math.floor((y + ey) * inv) + 1))


@kernel
def count_tiles(boxes, tile_width, top, bottom, counts):
    """Add to counts [tiles + 1], one place on, how many rows of `boxes` touch each tile of the tile rows top..bottom."""
    for row in range(u64(boxes.shape[0])):
        for ty in range(max(top, boxes[row, 2]), min(bottom, boxes[row, 3])):
            base = u64(ty * tile_width + 1)
            for tx in range(u64(boxes[row, 0]), u64(boxes[row, 1])):
                counts[base + tx] += 1


@kernel
def fill_tiles(boxes, by_depth, tile_width, top, bottom, offsets, ranks):
    """Fill ranks [offsets[-1]] for the tile rows top..bottom: the rows that touch each tile, nearest first."""
    cursor, last = offsets.copy(), u64(by_depth.shape[0] - 1)
    for j in range(u64(by_depth.shape[0])):
        row = by_depth[j]
        prefetch(boxes, by_depth[min(j + u64(_AHEAD), last)])
        for ty in range(max(top, boxes[row, 2]), min(bottom, boxes[row, 3])):
            base = u64(ty * tile_width)
            for tx in range(u64(boxes[row, 0]), u64(boxes[row, 1])):
                to = cursor[base + tx]
                ranks[u64(to)] = row
                cursor[base + tx] = to + 1
