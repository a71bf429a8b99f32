"""Read and write the common 3DGS PLY: log scales, opacity logits, and spherical harmonics stored channel by channel."""

from pathlib import Path

import numpy as np

from runtime.splat.gaussians import Gaussians
from runtime.splat.ply_header import KINDS, PlyHeader, bad_ply, read_header


def _binary_columns(path: Path, header: PlyHeader) -> dict[str, np.ndarray]:
    offset = header.body_offset
    for element in header.elements:
        if element.row_bytes is None:
            raise bad_ply(path, f"has a list in `{element.name}` before its Gaussians", "export a plain 3DGS PLY")
        if element.name == "vertex":
            dtype = np.dtype([(name, "<" + KINDS[kind]) for name, kind in element.properties])
            rows: np.ndarray = np.fromfile(path, dtype, count=element.count, offset=offset)
            return {name: rows[name].astype(np.float32) for name, _ in element.properties}
        offset += element.count * element.row_bytes
    raise AssertionError("read_header has found the vertex element")


def _ascii_columns(path: Path, header: PlyHeader) -> dict[str, np.ndarray]:
    lines = path.read_bytes()[header.body_offset :].decode("ascii", "replace").splitlines()
    vertex, before = header.vertex, header.elements[: header.elements.index(header.vertex)]
    skip = sum(element.count for element in before)
    rows = lines[skip : skip + vertex.count]
    try:
        table = np.array([line.split() for line in rows], np.float32)
    except ValueError:
        table = np.empty((0, 0), np.float32)
    if table.shape != (vertex.count, len(vertex.properties)):
        raise bad_ply(path, f"does not hold {vertex.count} whole rows", "copy or export the file again")
    return {name: table[:, i] for i, (name, _) in enumerate(vertex.properties)}


def read_ply(path: Path) -> Gaussians:
    """Gaussians of a 3DGS PLY file, binary little endian or ascii, with spherical harmonics of degree 0 to 3.

    Raises:
        InputError: R215 when the file is missing, truncated, or holds values that are not finite, R216 when it has no
            Gaussian properties.
    """
    header = read_header(path)
    columns = _binary_columns(path, header) if header.format != "ascii" else _ascii_columns(path, header)
    wanted = [columns[n] for n in ("x", "y", "z", "opacity", "scale_0", "scale_1", "scale_2")]
    if not all(np.isfinite(c).all() for c in wanted):
        raise bad_ply(path, "holds values that are not finite", "export the splat again")

    def stack(prefix: str, count: int) -> np.ndarray:
        return np.stack([columns[f"{prefix}{i}"] for i in range(count)], axis=1)

    rest = (header.sh_degree + 1) ** 2 - 1
    sh = np.empty((header.vertex.count, 1 + rest, 3), np.float32)
    sh[:, 0] = stack("f_dc_", 3)
    if rest:
        sh[:, 1:] = stack("f_rest_", 3 * rest).reshape(-1, 3, rest).transpose(0, 2, 1)  # stored [3, rest]
    quats = stack("rot_", 4)
    quats[np.abs(quats).sum(axis=1) == 0] = (1, 0, 0, 0)
    return Gaussians(
        means=np.stack([columns["x"], columns["y"], columns["z"]], axis=1),
        quats=quats,
        scales=np.exp(stack("scale_", 3)),
        opacities=1 / (1 + np.exp(-columns["opacity"])),
        sh=sh,
    )


def write_ply(path: Path, gaussians: Gaussians, ascii: bool = False) -> None:
    """Write a 3DGS PLY that other viewers open. Opacities are kept inside 1e-6..1 - 1e-6: a logit has no 0 and 1."""
    n, rest = len(gaussians), gaussians.sh.shape[1] - 1
    opacity = np.clip(gaussians.opacities.astype(np.float64), 1e-6, 1 - 1e-6)
    names = ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", *(f"f_rest_{i}" for i in range(3 * rest)), "opacity"]
    names += [*(f"scale_{i}" for i in range(3)), *(f"rot_{i}" for i in range(4))]
    shading = gaussians.sh[:, 1:].transpose(0, 2, 1).reshape(n, 3 * rest)
    logits, log_scales = np.log(opacity / (1 - opacity))[:, None], np.log(np.maximum(gaussians.scales, 1e-30))
    columns = [gaussians.means, np.zeros((n, 3)), gaussians.sh[:, 0], shading, logits, log_scales, gaussians.quats]
    table = np.concatenate(columns, axis=1).astype("<f4")
    header = f"ply\nformat {'ascii' if ascii else 'binary_little_endian'} 1.0\nelement vertex {n}\n"
    header += "".join(f"property float {name}\n" for name in names) + "end_header\n"
    with path.open("wb") as stream:
        stream.write(header.encode())
        if ascii:
            np.savetxt(stream, table, fmt="%.9g")
        else:
            stream.write(np.ascontiguousarray(table).tobytes())
