"""Printable sheets of AprilTag markers, as PDF or SVG: what `simkiln capture-guide --markers` writes.

The patterns are the first of the family 36h11 (Olson 2011, "AprilTag: A robust and flexible visual fiducial system", ICRA),
as OpenCV and the makers of AprilTag number them. Both forms draw rectangles in millimetres, so that sizes are exact.
"""

import re
from dataclasses import dataclass

PATTERNS = tuple(
    int(code, 16)
    for code in (
        "21a146bab 92d18fe9b 7089014bb 193979e27 44153d3d7 35cd5b8cf a10ba56a0 2b874a608 b57fb8d44 4e20b5a64 61d897f2c ab3469ffc "
        "594ca45c2 fa1c2d2e2 97c24b972 75928624a 1caafe99a 3236ddc16 884e527d6 5771a8c7e f52925b81 2e59cc1a1 7fa58ab31 eb43384f9"
    ).split()
)
"""Inside of each marker: 36 cells in rows from the top left, the first in the highest bit, 1 is white."""
CELLS = 8
"""Cells of a side, with the black border."""
PAPERS_MM = {"a4": (210.0, 297.0), "letter": (215.9, 279.4)}
EDGE_MM = 12.0
"""Of a page, where printers print nothing and the foot stands."""
RULER_MM = 100


Box = tuple[float, float, float, float, int]


@dataclass(frozen=True)
class Page:
    """Rectangles (left, bottom, width, height, 0 black or 1 white), later ones on top, and texts (left, bottom, text), in
    millimetres from the bottom left."""

    width_mm: float
    height_mm: float
    boxes: list[Box]
    texts: list[tuple[float, float, str]]


def sheets(size_mm: float, count: int, paper: str) -> list[Page]:
    """Pages with the first `count` markers, as many on each as fit, one cell of white between them.

    Raises:
        ValueError: a marker does not fit on the paper, or there are not so many.
    """
    width, height = PAPERS_MM[paper]
    pitch = size_mm * (CELLS + 1) / CELLS
    if not 5 <= pitch <= width - EDGE_MM:
        raise ValueError(f"a marker of {size_mm:g} mm does not fit on {paper}")
    columns, rows = int((width - EDGE_MM) / pitch), int((height - 2 * EDGE_MM) / pitch)
    if not 1 <= count <= len(PATTERNS):
        raise ValueError(f"there are 1 to {len(PATTERNS)} markers")
    pages = []
    for first in range(0, count, columns * rows):
        boxes: list[Box] = []
        texts = []
        for place, marker in enumerate(range(first, min(first + columns * rows, count))):
            row, column = divmod(place, columns)
            left = (width - columns * pitch) / 2 + column * pitch + (pitch - size_mm) / 2
            top = height - EDGE_MM - row * pitch - (pitch - size_mm) / 2
            boxes += _marker(PATTERNS[marker], left, top, size_mm)
            texts.append((left, top - size_mm - 3.2, f"apriltag_36h11  id {marker}  {size_mm:g} mm"))
        boxes += [(EDGE_MM + i * 10, 7, 0.3, 3 if i % 5 else 4, 0) for i in range(RULER_MM // 10 + 1)]
        boxes.append((EDGE_MM, 6.7, RULER_MM + 0.3, 0.3, 0))
        told = f"{RULER_MM} mm: print at 100 %, measure this line and the black squares, state what you measure"
        pages.append(Page(width, height, boxes, [*texts, (EDGE_MM, 3.2, told)]))
    return pages


def _marker(code: int, left: float, top: float, size_mm: float) -> list[Box]:
    """A marker: its black square, and the white cells of each row on it, runs as one."""
    cell, inside = size_mm / CELLS, f"{code:036b}"
    found: list[Box] = [(left, top - size_mm, size_mm, size_mm, 0)]
    for y in range(6):
        for run in re.finditer("1+", inside[6 * y : 6 * y + 6]):
            width = run.end() - run.start()
            found.append((left + (1 + run.start()) * cell, top - (y + 2) * cell, width * cell, cell, 1))
    return found


def as_svg(page: Page) -> str:
    """A page as SVG."""
    width, height = page.width_mm, page.height_mm
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}" '
    head += 'font-family="Helvetica" font-size="2.8" shape-rendering="crispEdges">'
    parts = [
        f'<rect x="{x:.3f}" y="{height - y - h:.3f}" width="{w:.3f}" height="{h:.3f}" fill="{("#000", "#fff")[white]}"/>'
        for x, y, w, h, white in [(0, 0, width, height, 1), *page.boxes]
    ]
    parts += [f'<text x="{x:.3f}" y="{height - y:.3f}">{text}</text>' for x, y, text in page.texts]
    return "\n".join([head, *parts, "</svg>", ""])


def as_pdf(pages: list[Page]) -> bytes:
    """Pages as one PDF 1.4 (ISO 32000-1, section 7)."""
    point = 72 / 25.4  # a unit of PDF
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>"]
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for i, page in enumerate(pages):
        box = f"[0 0 {page.width_mm * point:.3f} {page.height_mm * point:.3f}]"
        fonts = "/Resources << /Font << /F 3 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox {box} {fonts} /Contents {5 + 2 * i} 0 R >>")
        drawn = [f"{white} g {x:.4f} {y:.4f} {w:.4f} {h:.4f} re f" for x, y, w, h, white in page.boxes]
        drawn += [f"0 g BT /F 2.8 Tf {x:.4f} {y:.4f} Td ({text}) Tj ET" for x, y, text in page.texts]
        content = "\n".join([f"{point:.8f} 0 0 {point:.8f} 0 0 cm", *drawn])
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    written, places = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(written))
        written += f"{number} 0 obj\n{text}\nendobj\n".encode("ascii")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    count = len(objects) + 1
    tail = f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<< /Size {count} /Root 1 0 R >>\n"
    return written + f"{tail}startxref\n{len(written)}\n%%EOF\n".encode("ascii")
