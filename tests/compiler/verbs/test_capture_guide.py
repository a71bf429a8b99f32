"""What `simkiln capture-guide` prints: the guide, and markers that OpenCV finds in the size that they say."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from compiler.cli import main
from compiler.diagnostics.pages import titles
from tests import REPOSITORY


def drawn(pdf: bytes, dots_per_mm: int = 4) -> list[np.ndarray]:
    """The pages, painted by what their content streams say. PDF's y goes up."""
    pages = []
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    for (width, height), content in zip(boxes, re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL), strict=True):
        mm = float(re.match(rb"([\d.]+) 0 0 \1 0 0 cm", content)[1])  # ty: ignore[not-subscriptable]
        page = np.full((round(float(height) / mm * dots_per_mm), round(float(width) / mm * dots_per_mm)), 255, np.uint8)
        for shade, *box in re.findall(rb"([01]) g ([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re f", content):
            x, y, w, h = (float(value) * dots_per_mm for value in box)
            top = len(page) - y - h
            page[round(top) : round(top + h), round(x) : round(x + w)] = 255 * int(shade)
        pages.append(page)
    return pages


def test_the_sheet_holds_markers_of_the_size_that_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "sheet.pdf"
    assert main(["capture-guide", "--markers", str(sheet), "--size-mm", "40", "--count", "24"]) == 0
    assert "size_m: 0.04" in capsys.readouterr().out
    pdf = sheet.read_bytes()
    detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h11))
    found: dict[int, float] = {}
    for page in drawn(pdf):
        corners, ids, _ = detector.detectMarkers(page)
        sides = [float(np.linalg.norm(c[0, 1] - c[0, 0])) / 4 for c in corners]
        found |= dict(zip(np.ravel(ids).tolist(), sides, strict=True))
    assert sorted(found) == list(range(24))
    np.testing.assert_allclose(list(found.values()), 40, atol=0.5)
    # each object stands where the table says, as a reader of the file goes by it
    table = re.search(rb"xref\n0 (\d+)\n(.*?)trailer", pdf, re.DOTALL)
    assert table is not None
    for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n", table[2]), 1):
        assert pdf[int(place) :].startswith(b"%d 0 obj" % number)
    assert int(re.findall(rb"startxref\n(\d+)", pdf)[0]) == pdf.index(b"xref")


def test_what_cannot_be_printed_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    svg = tmp_path / "sheet.svg"
    assert main(["capture-guide", "--markers", str(svg)]) == 0
    assert svg.read_text(encoding="utf-8").count("<text") == 7
    for more, said in (
        (["x.png"], "neither .pdf nor .svg"),
        (["x.svg", "--count", "24"], "has one page"),
        (["x.pdf", "--count", "25"], "1 to 24"),
        (["x.pdf", "--size-mm", "300"], "does not fit on a4"),
        (["x.pdf", "--size-mm", "nan"], "does not fit on a4"),
        (["x.pdf", "--size-mm", "-3"], "does not fit on a4"),
    ):
        assert main(["capture-guide", "--markers", str(tmp_path / more[0]), *more[1:]]) == 2
        assert said in capsys.readouterr().err
    assert main(["capture-guide", "--markers", str(tmp_path / "no" / "x.pdf")]) == 1


def test_the_guide_names_codes_and_metrics_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["capture-guide"]) == 0
    guide = capsys.readouterr().out
    assert set(re.findall(r"\b[RX]\d{3}\b", guide)) <= titles().keys()
    code = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "runtime/capture").glob("*.py"))
    for metric in re.findall(r"^\| `([\w.]+)`", guide, re.MULTILINE):
        assert f'"{metric.removeprefix("quality.")}"' in code
