"""The backward of `blend`: gradients of a loss with respect to the screen ellipses and their colours.

It walks each block front to back like the forward, so that transmittance and every skip and stop are the same numbers. What
lies behind a Gaussian is what remains of the pixel's total; dividing the transmittance back out, as a walk from the back must
do, is not needed.
"""

import numpy as np

from runtime.splat.blend import (
    ALPHA_MAX,
    ALPHA_MIN,
    CHANNELS,
    CHUNK,
    LANES,
    PIXELS,
    STOP,
    ZERO,
    aligned,
    block_places,
    exp2,
    inside,
    list_chunk,
    row_lanes,
    workspace,
)
from runtime.splat.jit import kernel
from runtime.splat.lanes import bits, finished, lane_sums, least, load, select, splat, store
from runtime.splat.tiles import COLOR, PACKED, TILE

f32 = np.float32
u64 = np.uint64
LN2 = f32(0.6931471805599453)
SUMS = COLOR + CHANNELS  # columns of `packed` that have a gradient
_BEHIND, _G_ALPHA, _G = 1, 2, 3  # planes of the state, 256 values each; the first is transmittance


@kernel
def slots(boxes):
    """Places [M + 1] at which each Gaussian's gradients begin, one for each tile of its box, by row and column."""
    starts = np.zeros(boxes.shape[0] + 1, np.int64)
    for row in range(u64(boxes.shape[0])):
        wide, high = boxes[row, 1] - boxes[row, 0], boxes[row, 3] - boxes[row, 2]
        starts[row + u64(1)] = starts[row] + max(0, wide) * max(0, high)
    return starts


@kernel
def blend_backward(
    packed, boxes, starts, offsets, ranks, tile_width, first, start_tile, stop_tile, image, alpha, g_image, g_alpha, g_slots
):
    """Fill the rows of g_slots [entries, 16] of the tiles start_tile..stop_tile: gradients of the first ten columns of packed.

    Arguments as for `blend`, starts of `slots`; g_image [H, W, D] and g_alpha [H, W] are the gradients of the loss with
    respect to the image and alpha that `blend` wrote; channels first..first + 3 are taken here, g_alpha only with first = 0.
    Each tile has its own slot of a Gaussian, so that the order of the sums does not depend on threads.
    """
    height, width, channels = image.shape
    state = aligned((_G + CHANNELS) * PIXELS)
    sums = aligned(CHUNK * PACKED)
    places, work = block_places(), workspace()
    rows, _, lists, counts = work
    for tile in range(start_tile, stop_tile):
        ty, tx = tile // tile_width, tile % tile_width
        left, top = f32(tx * TILE + 0.5), f32(ty * TILE + 0.5)
        state[:PIXELS] = f32(1.0)
        state[PIXELS:] = ZERO  # pixels beyond the image take part with gradients of zero
        x0, y0 = u64(tx * TILE), u64(ty * TILE)
        for y in range(u64(min(TILE, height - ty * TILE))):
            for x in range(u64(min(TILE, width - tx * TILE))):
                p = ((y & u64(12)) | (x >> u64(2))) << u64(4) | (y & u64(3)) << u64(2) | (x & u64(3))
                total = ZERO
                if first == 0:
                    total = g_alpha[y0 + y, x0 + x] * alpha[y0 + y, x0 + x]
                    state[u64(_G_ALPHA * PIXELS) + p] = g_alpha[y0 + y, x0 + x]
                for k in range(u64(min(CHANNELS, channels - first))):
                    g = g_image[y0 + y, x0 + x, u64(first) + k]
                    state[(u64(_G) + k) * u64(PIXELS) + p] = g
                    total += g * image[y0 + y, x0 + x, u64(first) + k]
                state[u64(_BEHIND * PIXELS) + p] = total
        going = inside(tx, ty, width, height)
        start, stop = offsets[tile], offsets[tile + 1]
        while start < stop and going:
            here = min(CHUNK, stop - start)
            list_chunk(packed, ranks, start, here, left, top, going, places, work)
            sums[: here * PACKED] = ZERO
            for block in range(u64(LANES)):
                if counts[block] == 0:
                    continue
                p = block * u64(LANES)
                px = load(places, 0) + splat(places[u64(2 * LANES) + block])
                py = load(places, LANES) + splat(places[u64(3 * LANES) + block])
                light, behind = load(state, p), load(state, u64(_BEHIND * PIXELS) + p)
                g_a, g_0 = load(state, u64(_G_ALPHA * PIXELS) + p), load(state, u64(_G * PIXELS) + p)
                g_1, g_2 = load(state, u64((_G + 1) * PIXELS) + p), load(state, u64((_G + 2) * PIXELS) + p)
                g_3 = load(state, u64((_G + 3) * PIXELS) + p)
                for entry in range(block * u64(CHUNK), block * u64(CHUNK) + counts[block]):
                    at = lists[entry]
                    dx, dy = row_lanes(rows, at, 0) - px, row_lanes(rows, at, 1) - py
                    level = row_lanes(rows, at, 5) - row_lanes(rows, at, 4) * dy * dy
                    raw = exp2(level - dx * (row_lanes(rows, at, 2) * dx + row_lanes(rows, at, 3) * dy))
                    opaque = least(raw, splat(ALPHA_MAX))
                    weight = select(opaque >= splat(ALPHA_MIN), opaque * light, splat(ZERO))
                    after = light - weight
                    through = after > splat(STOP)
                    light = select(through, after, finished(light))
                    weight = select(through, weight, splat(ZERO))
                    shade = g_a + g_0 * row_lanes(rows, at, COLOR) + g_1 * row_lanes(rows, at, COLOR + 1)
                    shade = shade + g_2 * row_lanes(rows, at, COLOR + 2) + g_3 * row_lanes(rows, at, COLOR + 3)
                    behind = behind - weight * shade
                    # d alpha / d exponent = alpha ln 2, and weight is alpha times the transmittance before
                    v = splat(LN2) * (weight * shade - raw / (splat(f32(1.0)) - opaque) * behind)
                    v = select(weight > splat(ZERO), v, splat(ZERO))
                    v = select(raw <= splat(ALPHA_MAX), v, splat(ZERO))
                    v_dx, v_dy = v * dx, v * dy
                    slopes = (v_dx, v_dy, v_dx * dx, v_dx * dy, v_dy * dy, v)
                    found = lane_sums((*slopes, weight * g_0, weight * g_1, weight * g_2, weight * g_3))
                    store(sums, at, load(sums, at) + found)
                store(state, p, light)
                store(state, u64(_BEHIND * PIXELS) + p, behind)
                if not bits(light > splat(ZERO)):
                    going &= ~(1 << np.int64(block))
            for k in range(u64(here)):
                row = ranks[u64(start) + k]
                across = boxes[row, 1] - boxes[row, 0]
                slot = u64(starts[row] + (ty - boxes[row, 2]) * across + tx - boxes[row, 0])
                at = k * u64(PACKED)
                a, b, c = rows[at + u64(2)], rows[at + u64(3)], rows[at + u64(4)]
                s_x, s_y = sums[at], sums[at + u64(1)]
                g_slots[slot, 0] = -(f32(2.0) * a * s_x + b * s_y)
                g_slots[slot, 1] = -(f32(2.0) * c * s_y + b * s_x)
                for column in range(u64(2), u64(5)):
                    g_slots[slot, column] = -sums[at + column]
                for column in range(u64(5), u64(SUMS)):
                    g_slots[slot, column] = sums[at + column]
            start += here


@kernel
def gather_slots(starts, g_slots, start, stop, first, g_packed, g_seen):
    """Add the slots of the rows start..stop to g_packed [M, 6] and to the channels first..first + 3 of g_seen [M, D]."""
    for row in range(u64(start), u64(stop)):
        for slot in range(u64(starts[row]), u64(starts[row + u64(1)])):
            for column in range(u64(COLOR)):
                g_packed[row, column] += g_slots[slot, column]
            for k in range(u64(CHANNELS)):
                g_seen[row, u64(first) + k] += g_slots[slot, u64(COLOR) + k]
