"""Places for boxes, layer by layer from left to right.

The steps are those of Sugiyama, Tagawa and Toda (1981): a layer for each stage by the longest path, a point in every
layer that a long edge crosses, orders by the mean place of neighbours, then heights. Edges that leave one box share
their points.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from compiler.render.graph.boxes import Diagram, Edge

WIDTH, GAP_X, GAP_Y = 176.0, 60.0, 22.0
HEAD, ROW, LANE = 58.0, 15.0, 12.0
"""Heights in pixels of a box's head, of one port, and of an edge that passes a layer."""
SWEEPS = 12


@dataclass(frozen=True)
class Place:
    """Where a box stands: its left upper corner and its height, in pixels; `layer` counts from the left."""

    x: float
    y: float
    height: float
    layer: int


@dataclass(frozen=True)
class Layout:
    """Places of boxes, the points that each edge passes on its way, and the size of the whole."""

    places: dict[str, Place]
    routes: dict[Edge, list[tuple[float, float]]]
    width: float
    height: float


def arrange(diagram: Diagram) -> Layout:
    """Lay a diagram out."""
    level = _levels(diagram)
    layers: list[list[str]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    heights = {key: HEAD + ROW * len(box.ports) for key, box in diagram.boxes.items()}
    links: dict[str, set[str]] = {}
    chains: dict[Edge, list[str]] = {}
    for key in diagram.boxes:
        layers[level[key]].append(key)
    for edge in diagram.edges:
        chain = [edge.source]
        for between in range(level[edge.source] + 1, level[edge.target]):
            point = f"{edge.source}\0{between}"
            if point not in heights:
                heights[point] = LANE
                layers[between].append(point)
            chain.append(point)
        chain.append(edge.target)
        chains[edge] = chain[1:-1]
        for a, b in pairwise(chain):
            links.setdefault(a, set()).add(b)
            links.setdefault(b, set()).add(a)
    centres = _settle(layers, links, heights)
    top = min((centres[key] - heights[key] / 2 for key in heights), default=0.0)
    places = {
        key: Place(i * (WIDTH + GAP_X), centres[key] - heights[key] / 2 - top, heights[key], i)
        for i, keys in enumerate(layers)
        for key in keys
    }
    routes = {edge: [(places[p].x, places[p].y + LANE / 2) for p in chain] for edge, chain in chains.items()}
    width = len(layers) * (WIDTH + GAP_X) - GAP_X if layers else 0.0
    height = max((place.y + place.height for place in places.values()), default=0.0)
    return Layout({key: places[key] for key in diagram.boxes}, routes, width, height)


def _levels(diagram: Diagram) -> dict[str, int]:
    """The longest way from a stage that reads nothing; boxes of one stage stand below each other."""
    reads: dict[str, set[str]] = {box.title: set() for box in diagram.boxes.values()}
    for edge in diagram.edges:
        reads[diagram.boxes[edge.target].title].add(diagram.boxes[edge.source].title)
    level: dict[str, int] = {}

    def depth(stage: str, above: tuple[str, ...]) -> int:
        if stage not in level:
            sources = [depth(other, (*above, stage)) for other in reads[stage] if other not in (*above, stage)]
            level[stage] = max(sources, default=-1) + 1
        return level[stage]

    return {key: depth(box.title, ()) for key, box in diagram.boxes.items()}


def _settle(layers: list[list[str]], links: Mapping[str, set[str]], heights: Mapping[str, float]) -> dict[str, float]:
    """Centres of boxes and points, after sweeps in both directions that move each towards its neighbours."""
    centres: dict[str, float] = {}
    for keys in layers:
        centres |= _stack(keys, {key: 0.0 for key in keys}, heights)
    of = {key: i for i, keys in enumerate(layers) for key in keys}
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for i in range(len(layers)) if forward else reversed(range(len(layers))):
            near = i - 1 if forward else i + 1
            wanted = {}
            for key in layers[i]:
                side = [centres[other] for other in links.get(key, ()) if (of[other] <= near if forward else of[other] >= near)]
                wanted[key] = sum(side) / len(side) if side else centres[key]
            layers[i].sort(key=lambda key: wanted[key])
            centres |= _stack(layers[i], wanted, heights)
    return centres


def _stack(keys: list[str], wanted: Mapping[str, float], heights: Mapping[str, float]) -> dict[str, float]:
    """Centres in this order without overlap, as near to those wanted as can be in the sense of least squares.

    With the space that each needs taken off, that is isotonic regression, solved by pooling adjacent violators.
    """
    offsets, at = [], 0.0
    for before, key in zip([None, *keys], keys, strict=False):
        at += (heights[before] + heights[key]) / 2 + GAP_Y if before is not None else 0.0
        offsets.append(at)
    pools: list[tuple[float, int]] = []
    for key, offset in zip(keys, offsets, strict=True):
        mean, count = wanted[key] - offset, 1
        while pools and pools[-1][0] > mean:
            other, more = pools.pop()
            mean, count = (mean * count + other * more) / (count + more), count + more
        pools.append((mean, count))
    free = [mean for mean, count in pools for _ in range(count)]
    return {key: mean + offset for key, mean, offset in zip(keys, free, offsets, strict=True)}
