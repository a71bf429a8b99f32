"""Boxes and places -> SVG that reads in light and dark, with text for those who cannot see it."""

from xml.sax.saxutils import escape, quoteattr

from compiler.render.columns import visible
from compiler.render.graph.boxes import Box, Diagram
from compiler.render.graph.layout import HEAD, ROW, WIDTH, Layout, Place

MARGIN, LEGEND = 24.0, 34.0
SIGNS = {"build": "+", "rebuild": "~", "reuse": "=", "not needed": "·", "orphan": "-"}
STYLE = """
svg { --ink: #1c2430; --soft: #5b6675; --line: #8a96a6; --box: #ffffff; --edge: #c3ccd6; --ground: #f6f8fa;
  --build: #c77700; --rebuild: #a03a86; --reuse: #1b7f6b; --other: #9aa5b1; background: var(--ground);
  font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: dark) { svg { --ink: #e8edf3; --soft: #a3afbd; --line: #77849a; --box: #1b222c;
  --edge: #3a4554; --ground: #10151c; --build: #f0a63c; --rebuild: #dd85c6; --reuse: #45c2a8; --other: #6b7787; } }
.ground { fill: var(--ground); } .box { fill: var(--box); stroke: var(--edge); }
.title { font-size: 13px; font-weight: 600; fill: var(--ink); } .text { font-size: 11px; fill: var(--soft); }
.port { font-size: 10.5px; fill: var(--soft); } .link { fill: none; stroke: var(--line); stroke-width: 1.2; }
.dot { fill: var(--line); } .build { fill: var(--build); } .rebuild { fill: var(--rebuild); }
.reuse { fill: var(--reuse); } .other { fill: var(--other); }
"""


def draw(diagram: Diagram, layout: Layout, title: str, description: str) -> str:
    """The whole picture as an SVG document; every text is escaped."""
    states = list(dict.fromkeys(state for box in diagram.boxes.values() for state in box.states))
    width, height = max(layout.width, 560.0) + 2 * MARGIN, layout.height + 2 * MARGIN + LEGEND + 22
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">',
        f'<title id="title">{_text(title)}</title><desc id="desc">{_text(description)}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{width:.0f}" height="{height:.0f}"/>',
        f'<text class="title" x="{MARGIN:.0f}" y="{MARGIN:.0f}">{_text(_cut(title, 110))}</text>',
        f'<g transform="translate({MARGIN:.0f} {MARGIN + 22:.0f})">',
        *(_edge(diagram, layout, i) for i in range(len(diagram.edges))),
        *(_box(box, layout.places[key]) for key, box in diagram.boxes.items()),
        "</g>",
        _legend(states, height - MARGIN),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _box(box: Box, place: Place) -> str:
    x, y = place.x, place.y
    told = f"{box.title} {box.subtitle}".strip()
    counts = ", ".join(f"{number} {state}" for state, number in box.states.items())
    some = ", ".join(box.labels[:3]) + (f" and {box.count - 3} more" if box.count > 3 else "")
    parts = [
        f"<g><title>{_text(f'{told}: {counts} ({some})')}</title>",
        f'<rect class="box" x="{x:.1f}" y="{y:.1f}" width="{WIDTH:.0f}" height="{place.height:.1f}" rx="6"/>',
        f'<text class="title" x="{x + 10:.1f}" y="{y + 18:.1f}">{_text(_cut(box.title, 18))}</text>',
        f'<text class="text" x="{x + WIDTH - 10:.1f}" y="{y + 18:.1f}" text-anchor="end">{_short(box)}</text>',
        f'<text class="text" x="{x + 10:.1f}" y="{y + 33:.1f}">{_text(_middle_cut(box.subtitle, 25))}</text>',
    ]
    left = x + 10
    for state, number in box.states.items():
        wide = (WIDTH - 20) * number / box.count
        parts.append(f'<rect class="{_class(state)}" x="{left:.1f}" y="{y + 41:.1f}" width="{wide:.1f}" height="6"/>')
        left += wide
    for i, port in enumerate(box.ports):
        at = y + HEAD + ROW * i + 4
        parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{at:.1f}" r="2.5"/>')
        parts.append(f'<text class="port" x="{x + 10:.1f}" y="{at + 3.5:.1f}">{_text(_cut(port, 26))}</text>')
    return "".join(parts) + "</g>"


def _edge(diagram: Diagram, layout: Layout, number: int) -> str:
    edge = diagram.edges[number]
    source, target = layout.places[edge.source], layout.places[edge.target]
    port = diagram.boxes[edge.target].ports.index(edge.port)
    x, y = source.x + WIDTH, source.y + HEAD / 2
    path = f"M{x:.1f} {y:.1f}"
    for px, py in layout.routes[edge]:
        path += _curve(x, y, px, py) + f"H{px + WIDTH:.1f}"
        x, y = px + WIDTH, py
    path += _curve(x, y, target.x, target.y + HEAD + ROW * port + 4)
    maker, reader = diagram.boxes[edge.source], diagram.boxes[edge.target]
    said = f"{edge.count} of {reader.title} {reader.subtitle} read {maker.title} {maker.subtitle} at {edge.port}"
    return f'<path class="link" d={quoteattr(path)}><title>{_text(" ".join(said.split()))}</title></path>'


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    middle = (x + to_x) / 2
    return f"C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"


def _legend(states: list[str], y: float) -> str:
    parts, x = [], MARGIN
    for state in states:
        parts.append(f'<rect class="{_class(state)}" x="{x:.0f}" y="{y - 9:.0f}" width="14" height="9"/>')
        words = f"{SIGNS.get(state, '?')} {state}"
        parts.append(f'<text class="text" x="{x + 20:.0f}" y="{y:.0f}">{_text(words)}</text>')
        x += 44 + 7 * len(words)
    return "".join(parts)


def _short(box: Box) -> str:
    """Counts with the signs of `simkiln plan`, so that colour is not the only thing that tells states apart."""
    return _text(" ".join(f"{SIGNS.get(state, '?')}{number:,}" for state, number in box.states.items()))


def _class(state: str) -> str:
    return state if state in ("build", "rebuild", "reuse") else "other"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _middle_cut(text: str, limit: int) -> str:
    """The beginning and the end of a text, as what tells two nodes apart often stands last."""
    tail = limit // 3
    return text if len(text) <= limit else f"{text[: limit - tail - 1]}…{text[-tail:]}"


def _text(text: str) -> str:
    """Text as XML; what XML has no way to hold is replaced."""
    return escape(
        "".join(c if ord(c) < 0xD800 or 0xE000 <= ord(c) < 0xFFFE or ord(c) > 0xFFFF else "\ufffd" for c in visible(text))
    )
