"""Sparse points that lie beside photos: of depth maps and of point clouds."""

from dataclasses import replace

import numpy as np

from runtime.capture.artifact import Measured
from runtime.capture.depth import LIDAR_M, MOST_POINTS, depth_pixels, read_depth, scale_of
from runtime.capture.posed import PosedPhotos
from runtime.capture.undistort import rays, read_grey, read_photo, seen
from runtime.problem import InputError, Problem
from runtime.splat.ply import read_points


def with_extra(posed: PosedPhotos, scale: Measured) -> tuple[PosedPhotos, Measured]:
    """The photos with the points that lie beside them, and the scale: where it is unknown and there are depth maps, that of
    the maps against the sparse points.

    Raises:
        InputError: R211 a depth map cannot be read, R215 a point cloud cannot, R240 depth maps and points disagree.
    """
    beside = posed.beside
    depths = {i: read_depth(beside.depths[path]) for i, path in enumerate(posed.paths) if path in beside.depths}
    if depths and scale.m_per_unit is None:
        scale = _measured(posed, depths)
    xyz, rgb, shown = [posed.xyz], [posed.rgb], [posed.seen]
    count = len(posed.xyz)
    for i, depth in depths.items():
        path, lens = posed.paths[i], posed.lenses[i]
        sure = read_grey(beside.sure[path]) if path in beside.sure else None
        at, metres = depth_pixels(depth, sure, LIDAR_M if sure is not None else np.inf, seed=i)
        ray = rays(lens, at * (lens.width, lens.height))
        known = np.isfinite(ray).all(axis=1)
        at, ray, metres = at[known], ray[known], metres[known]
        local = np.column_stack([ray, np.ones(len(ray))]) * (metres / (scale.m_per_unit or 1.0))[:, None]
        xyz.append(local @ posed.c2w[i, :3, :3].T + posed.c2w[i, :3, 3])
        photo = read_photo(path, posed.upright[i]).rgb
        x, y = (at * photo.shape[1::-1]).astype(int).T
        rgb.append(photo[y, x])
        shown.append(np.column_stack([np.full(len(at), i), count + np.arange(len(at))]))
        count += len(at)
    for path in beside.points:
        cloud, colors = read_points(path)
        chosen = np.sort(np.random.default_rng(0).permutation(len(cloud))[:MOST_POINTS])
        xyz.append(cloud[chosen])
        rgb.append(colors[chosen])
    return replace(posed, xyz=np.concatenate(xyz), rgb=np.concatenate(rgb), seen=np.concatenate(shown)), scale


def _measured(posed: PosedPhotos, depths: dict[int, np.ndarray]) -> Measured:
    maps, points = [], []
    for i, depth in depths.items():
        mine = posed.seen[posed.seen[:, 0] == i, 1]
        lens, local = posed.lenses[i], (posed.xyz[mine] - posed.c2w[i, :3, 3]) @ posed.c2w[i, :3, :3]
        away = local[:, 2]
        pixels = seen(lens, local) / (lens.width, lens.height) * depth.shape[::-1]
        inside = (away > 0) & (pixels >= 0).all(1) & (pixels < depth.shape[::-1]).all(1)
        x, y = pixels[inside].astype(int).T
        found = depth[y, x]
        maps.append(found[found > 0])
        points.append(away[inside][found > 0])
    found = scale_of(maps, points)
    if found is None:
        message = "the depth maps and the points that photos share see too little together, or disagree"
        help_ = "state `scale_m_per_unit`, or check that depth maps and photos are of the same moments"
        raise InputError(Problem("R240", message, help_, "source.depths"))
    return Measured("depth", *found)
