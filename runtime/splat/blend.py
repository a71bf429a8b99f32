"""Front-to-back blending of one image, tile by tile.

A tile's Gaussians are taken a chunk at a time: each goes onto the lists of those 4x4 blocks of pixels that it can reach, then
every block walks its own list with all its state in registers, a lane per pixel.
"""

import numpy as np

from runtime.splat.jit import inlined, kernel
from runtime.splat.lanes import bits, finished, least, load, most, prefetch, select, splat, store, times_power
from runtime.splat.tiles import COLOR, FINE, LIMIT, PACKED, SLOPES, TILE

f32 = np.float32
u64 = np.uint64
ALPHA_MIN = f32(1.0 / 255.0)
ALPHA_MAX = f32(0.999)
STOP = f32(1e-4)  # a pixel is finished by the Gaussian that would bring its transmittance to this or below
BLOCK = 4  # pixels across
LANES = BLOCK * BLOCK  # of a block, and blocks of a tile
PIXELS = TILE * TILE
CHANNELS = 4  # blended at a time
CHUNK = 128  # Gaussians between two looks at whether the tile is finished
AHEAD = 24  # Gaussians whose rows are on their way
_ROUND = f32(12582912.0)  # 1.5 * 2^23: adding it rounds to an integer, which then stands in the low bits
_LOWEST = f32(-30.0)  # exponents further below the 1/255 cut than this need not be told apart
ZERO = f32(0.0)


@inlined
def exp2(t):
    """2^t of lanes up to 0, relative error 2e-7, of 2^-30 below that: split t by a bit cast, a degree-5 minimax polynomial
    for the rest."""
    t = most(t, splat(_LOWEST))
    whole = t + splat(_ROUND)
    rest = t - (whole - splat(_ROUND))
    p = splat(f32(1.3276457868666503e-3))
    p = p * rest + splat(f32(9.675541221663093e-3))
    p = p * rest + splat(f32(5.550713317187384e-2))
    p = p * rest + splat(f32(2.402211972664798e-1))
    p = p * rest + splat(f32(6.931469670380124e-1))
    p = p * rest + splat(f32(1.0))
    return times_power(p, whole)


@inlined
def row_lanes(rows, at, column):
    """One value of a row of a chunk in every lane."""
    return splat(rows[at + u64(column)])


@inlined
def reached(rows, at, block_x, block_y):
    """Bits of the blocks of a tile in which alpha can come to 1/255: where the least value of the quadratic allows it.

    That is on an edge that faces the centre, at the place along it that is nearest to where the slope is zero.
    """
    a, b, c = row_lanes(rows, at, 2), row_lanes(rows, at, 3), row_lanes(rows, at, 4)
    high_x, high_y = row_lanes(rows, at, 0) - block_x, row_lanes(rows, at, 1) - block_y
    low_x, low_y = high_x - splat(f32(BLOCK - 1)), high_y - splat(f32(BLOCK - 1))
    near_x, near_y = least(most(splat(ZERO), low_x), high_x), least(most(splat(ZERO), low_y), high_y)
    along_x = least(most(row_lanes(rows, at, SLOPES) * near_y, low_x), high_x)
    along_y = least(most(row_lanes(rows, at, SLOPES + 1) * near_x, low_y), high_y)
    one = near_x * (a * near_x + b * along_y) + c * along_y * along_y
    other = along_x * (a * along_x + b * near_y) + c * near_y * near_y
    return bits(least(one, other) <= row_lanes(rows, at, LIMIT))


@kernel
def aligned(count):
    """Room for `count` float32 values that begins a cache line: lanes that straddle two cost twice."""
    room = np.empty(count + LANES, f32)
    start = -(room.ctypes.data // 4) % LANES
    return room[start : start + count]


@kernel
def block_places():
    """Flat [64]: x and y of a block's pixels, then x and y of a tile's blocks."""
    places = aligned(4 * LANES)
    for k in range(LANES):
        places[k], places[LANES + k] = k % BLOCK, k // BLOCK
        places[2 * LANES + k], places[3 * LANES + k] = k % BLOCK * BLOCK, k // BLOCK * BLOCK
    return places


@kernel
def workspace():
    """Of one tile: rows of a chunk [CHUNK * 16], blocks that each reaches, places of rows by block, lengths of those lists."""
    return aligned(CHUNK * PACKED), np.empty(CHUNK, np.int64), np.empty(LANES * CHUNK + 1, np.uint64), np.empty(LANES, np.uint64)


@kernel
def list_chunk(packed, ranks, start, here, left, top, going, places, work):
    """Copy the rows of `here` Gaussians from `start` on, relative to the tile's first pixel, and list them by block.

    Only the blocks whose bit is in `going` are listed.
    """
    rows, hits, lists, counts = work
    block_x, block_y = load(places, 2 * LANES), load(places, 3 * LANES)
    corner = np.zeros(PACKED, f32)
    corner[0], corner[1] = left, top
    shift = load(corner, 0)
    last = u64(ranks.shape[0] - 1)
    flat = packed.reshape(-1)
    for k in range(u64(here)):
        ahead = u64(start) + k + u64(AHEAD)
        prefetch(packed, ranks[ahead if ahead < last else last])
        at = k * u64(PACKED)
        store(rows, at, load(flat, ranks[u64(start) + k] * u64(PACKED)) - shift)
        rows[at] += rows[at + u64(FINE)]
        rows[at + u64(1)] += rows[at + u64(FINE + 1)]
        # without a branch: a guess gone wrong would wait for all of this arithmetic
        hits[k] = reached(rows, at, block_x, block_y)
    for block in range(u64(LANES)):
        first = last_found = block * u64(CHUNK)
        bit = np.int64(block)
        if (going >> bit) & 1:
            for k in range(u64(here)):
                lists[last_found] = k * u64(PACKED)
                last_found += u64((hits[k] >> bit) & 1)
        counts[block] = last_found - first


@inlined
def inside(tx, ty, width, height):
    """Bits of the blocks of a tile that have a pixel in the image."""
    columns = (1 << min(BLOCK, (width - tx * TILE + BLOCK - 1) // BLOCK)) - 1
    found = 0
    for k in range(min(BLOCK, (height - ty * TILE + BLOCK - 1) // BLOCK)):
        found |= columns << (BLOCK * k)
    return found


@kernel
def blend(packed, offsets, ranks, background, tile_width, first, start_tile, stop_tile, image, alpha):
    """Blend the lists of the tiles start_tile..stop_tile into channels first..first + 3 of image [H, W, D], and into alpha
    [H, W].

    packed [M, 16] (with these channels in it), offsets and ranks are of `tiles`; background [4]. Semantics of gsplat: pixel
    centres at +0.5, alpha capped at 0.999, alpha below 1/255 skipped, and a pixel stops before its transmittance would reach
    1e-4.
    """
    height, width, channels = image.shape
    state = aligned((1 + CHANNELS) * PIXELS)  # transmittance (negative once the pixel is finished), then channels
    places, work = block_places(), workspace()
    rows, _, lists, counts = work
    written = min(CHANNELS, channels - first)
    for tile in range(start_tile, stop_tile):
        ty, tx = tile // tile_width, tile % tile_width
        left, top = f32(tx * TILE + 0.5), f32(ty * TILE + 0.5)
        state[:PIXELS] = f32(1.0)
        state[PIXELS:] = ZERO
        going = inside(tx, ty, width, height)
        start, stop = offsets[tile], offsets[tile + 1]
        while start < stop and going:
            here = min(CHUNK, stop - start)
            list_chunk(packed, ranks, start, here, left, top, going, places, work)
            start += here
            for block in range(u64(LANES)):
                if counts[block] == 0:
                    continue
                p = block * u64(LANES)
                px = load(places, 0) + splat(places[u64(2 * LANES) + block])
                py = load(places, LANES) + splat(places[u64(3 * LANES) + block])
                light, c0, c1 = load(state, p), load(state, u64(PIXELS) + p), load(state, u64(2 * PIXELS) + p)
                c2, c3 = load(state, u64(3 * PIXELS) + p), load(state, u64(4 * PIXELS) + p)
                for entry in range(block * u64(CHUNK), block * u64(CHUNK) + counts[block]):
                    at = lists[entry]
                    dx, dy = row_lanes(rows, at, 0) - px, row_lanes(rows, at, 1) - py
                    level = row_lanes(rows, at, 5) - row_lanes(rows, at, 4) * dy * dy
                    t = level - dx * (row_lanes(rows, at, 2) * dx + row_lanes(rows, at, 3) * dy)
                    opaque = least(exp2(t), splat(ALPHA_MAX))
                    weight = select(opaque >= splat(ALPHA_MIN), opaque * light, splat(ZERO))
                    after = light - weight
                    through = after > splat(STOP)
                    light = select(through, after, finished(light))
                    weight = select(through, weight, splat(ZERO))
                    c0 = c0 + weight * row_lanes(rows, at, COLOR)
                    c1 = c1 + weight * row_lanes(rows, at, COLOR + 1)
                    c2 = c2 + weight * row_lanes(rows, at, COLOR + 2)
                    c3 = c3 + weight * row_lanes(rows, at, COLOR + 3)
                store(state, p, light)
                store(state, u64(PIXELS) + p, c0)
                store(state, u64(2 * PIXELS) + p, c1)
                store(state, u64(3 * PIXELS) + p, c2)
                store(state, u64(4 * PIXELS) + p, c3)
                if not bits(light > splat(ZERO)):
                    going &= ~(1 << np.int64(block))
        x0, y0 = u64(tx * TILE), u64(ty * TILE)
        for y in range(u64(min(TILE, height - ty * TILE))):
            for x in range(u64(min(TILE, width - tx * TILE))):
                p = ((y & u64(12)) | (x >> u64(2))) << u64(4) | (y & u64(3)) << u64(2) | (x & u64(3))
                rest = abs(state[p])
                alpha[y0 + y, x0 + x] = f32(1.0) - rest
                for k in range(u64(written)):
                    image[y0 + y, x0 + x, u64(first) + k] = state[u64(PIXELS) * (k + u64(1)) + p] + rest * background[k]
