"""Read and write the common 3DGS PLY: log scales, opacity logits, and spherical harmonics stored channel by channel."""

from pathlib import Path

import numpy as np

from runtime.splat.formats.packed_ply import unpack
from runtime.splat.formats.raw import Raw
from runtime.splat.gaussians import Gaussians
from runtime.splat.ply_header import PlyHeader, bad_ply, read_header, read_plain_header


def _binary_columns(path: Path, header: PlyHeader, name: str) -> dict[str, np.ndarray]:
    """Columns of an element, as stored."""
    element = header.element(name)
    if element is None:
        return {}
    order = ">" if header.format == "binary_big_endian" else "<"
    kinds = {n: "f2" if header.halves and kind == "u2" else kind for n, kind in element.kinds.items()}
    dtype = np.dtype([(n, order + kind) for n, kind in kinds.items()])
    rows: np.ndarray = np.fromfile(path, dtype, count=element.count, offset=header.offset(path, name))
    return {n: rows[n].astype(kinds[n]) for n in kinds}


def _ascii_columns(path: Path, header: PlyHeader) -> dict[str, np.ndarray]:
    lines = path.read_bytes()[header.body_offset :].decode("ascii", "replace").splitlines()
    vertex, skip = header.vertex, header.rows_before("vertex")
    rows = lines[skip : skip + vertex.count]
    try:
        table = np.array([line.split() for line in rows], np.float32)
    except ValueError:
        table = np.empty((0, 0), np.float32)
    if table.shape != (vertex.count, len(vertex.properties)):
        raise bad_ply(path, f"does not hold {vertex.count} whole rows", "copy or export the file again")
    return {name: table[:, i] for i, name in enumerate(vertex.kinds)}


def raw_ply(path: Path) -> Raw:
    """Columns of a 3DGS PLY file, common (binary of either order, or ascii) or compressed, harmonics of degree 0 to 3.

    Raises:
        InputError: R215 when the file is missing or truncated, R216 when it has no Gaussian properties, R220.
    """
    header = read_header(path)
    columns = _ascii_columns(path, header) if header.format == "ascii" else _binary_columns(path, header, "vertex")
    rest = (header.sh_degree + 1) ** 2 - 1

    def stack(columns: dict[str, np.ndarray], prefix: str, count: int) -> np.ndarray:
        found = [columns[f"{prefix}{i}"] for i in range(count)]
        return np.stack(found, axis=1) if found else np.empty((header.vertex.count, 0), np.uint8)

    def shading(columns: dict[str, np.ndarray]) -> np.ndarray:
        return stack(columns, "f_rest_", 3 * rest).reshape(header.vertex.count, 3, rest).transpose(0, 2, 1)  # stored [3, rest]

    if header.compressed:
        bytes_ = _binary_columns(path, header, header.rest_element.name)
        return unpack(columns, _binary_columns(path, header, "chunk"), shading(bytes_))
    with np.errstate(over="ignore"):  # a float64 beyond float32 becomes infinite
        columns = {name: column.astype(np.float32) for name, column in columns.items()}
    return Raw(
        means=np.stack([columns["x"], columns["y"], columns["z"]], axis=1),
        quats=stack(columns, "rot_", 4),
        log_scales=stack(columns, "scale_", 3),
        logits=columns["opacity"],
        sh=np.concatenate([stack(columns, "f_dc_", 3)[:, None], shading(columns).astype(np.float32)], axis=1),
    )


def read_points(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Positions [N, 3] float32 and colours [N, 3] uint8 (grey where there are none) of any PLY of points; rows that are not
    finite are left out.

    Raises:
        InputError: R215 when it is no PLY of points or truncated, R220 when it has more than are read.
    """
    header = read_plain_header(path)
    columns = _ascii_columns(path, header) if header.format == "ascii" else _binary_columns(path, header, "vertex")
    with np.errstate(over="ignore", invalid="ignore"):
        xyz = np.stack([columns[axis].astype(np.float32) for axis in "xyz"], axis=1)
    found = [columns.get(name) for name in ("red", "green", "blue")]
    rgb = np.full((len(xyz), 3), 127, np.uint8)
    if all(c is not None for c in found):
        colours = np.stack([np.asarray(c, np.float64) for c in found], axis=1)
        floats = header.vertex.kinds["red"][0] == "f" and colours.max(initial=0) <= 1
        rgb = np.clip(colours * (255 if floats else 1), 0, 255).astype(np.uint8)
    finite = np.isfinite(xyz).all(axis=1)
    return xyz[finite], rgb[finite]


def read_ply(path: Path) -> Gaussians:
    """Gaussians of a 3DGS PLY file of ours; for one of others, `runtime.splat.read` leaves out what is not finite.

    Raises:
        InputError: as `raw_ply`, and R215 when it holds values that are not finite.
    """
    gaussians, left_out = raw_ply(path).sound(path)
    if left_out:
        raise bad_ply(path, "holds values that are not finite", "export the splat again")
    return gaussians


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
