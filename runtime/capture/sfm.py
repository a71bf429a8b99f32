"""Structure from motion on the CPU through pycolmap: poses and points from photos, or points from known poses.

One thread and fixed seeds, so that the same photos give the same poses on one machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from runtime.capture.agreement import Agreement, agreement
from runtime.capture.artifact import PICTURE
from runtime.capture.lens import Lens
from runtime.capture.retrieval import pairs_to_match

EXHAUSTIVE_UP_TO: int = 40
"""With more photos than this, a photo is matched with those that look most like it only."""
NEAREST = 12
ENOUGH_PER_PHOTO = 10
"""Points that three photos or more see, for those that only two see to be left out."""
ENOUGH_REGISTERED = 0.95
"""A further start of the mapping is tried until this share of the photos is registered."""


@dataclass(frozen=True)
class Start:
    """How sure the first pair of photos must be. Orbits afford COLMAP's own limits; a walk straight ahead does not:
    the street in tests registers 3 of 29 photos with the first start and all with the second."""

    min_angle_deg: float
    max_forward_motion: float
    min_inliers: int
    min_point_angle_deg: float


STARTS = (Start(16.0, 0.95, 100, 1.5), Start(8.0, 0.99, 60, 1.0), Start(4.0, 1.0, 60, 0.7))


@dataclass(frozen=True)
class Reconstructed:
    """What was recovered; photos are indices into the names that were given."""

    registered: list[int]
    c2w: np.ndarray  # [F, 4, 4] OpenCV camera-to-world, of the registered photos
    lenses: list[Lens]  # of the registered photos
    xyz: np.ndarray  # [N, 3]
    rgb: np.ndarray  # [N, 3] uint8
    seen: np.ndarray  # [K, 2] index into registered, index into xyz
    reprojection_px: float  # mean over points
    agreement: Agreement | None = None  # of poses that were given


@dataclass(frozen=True)
class Guess:
    """What is known of a photo's lens beforehand; photos of which the same is known share one."""

    width: int  # pixels
    height: int
    focal_px: float | None  # focal length to start from, if the photo's Exif says
    lens: Lens | None = None  # where it is known, and kept


def estimate_poses(folder: Path, guesses: list[Guess], work: Path, max_features: int, seed: int) -> Reconstructed | None:
    """Incremental mapping of photos; the largest model, or None when none could be started.

    Args:
        folder: the photos in `images/`, as `write_shots` names them, in any order.
        guesses: of each.
        work: an empty folder for the database and models.
        max_features: SIFT features per photo.
        seed: of every random choice in matching and mapping.
    """
    pycolmap = _quiet_pycolmap()
    database = work / "database.db"
    names = _names(len(guesses))
    for guess, some in _grouped(guesses, names).items():
        reader = {"camera_model": "SIMPLE_RADIAL"}
        if guess.lens:
            params = (*guess.lens.pinhole, *(*guess.lens.distortion, *[0.0] * 8)[:8])
            reader = {"camera_model": "FULL_OPENCV", "camera_params": ",".join(map(str, params))}
        elif guess.focal_px:
            reader["camera_params"] = f"{guess.focal_px},{guess.width / 2},{guess.height / 2},0"
        _features(pycolmap, database, folder, some, reader, max_features)
    if len(names) <= EXHAUSTIVE_UP_TO:
        matching, verification = _matching(pycolmap, seed)
        pycolmap.match_exhaustive(database, matching_options=matching, verification_options=verification)
    else:
        with pycolmap.Database.open(database) as opened:
            stored = {image.name: image.image_id for image in opened.read_all_images()}
            descriptors = [opened.read_descriptors(stored[name]).data for name in names]
        pairs = pairs_to_match(descriptors, NEAREST, seed)
        _match_pairs(pycolmap, database, [(names[a], names[b]) for a, b in pairs], work, seed)
    best = None
    for attempt, start in enumerate(STARTS):
        options = _mapper(pycolmap, seed, start)
        if guesses[0].lens:
            options.ba_refine_focal_length = options.ba_refine_extra_params = False
            for part in (options, options.mapper, options.triangulation):
                part.max_extra_param = float("inf")
        models = work / f"models_{attempt}"
        models.mkdir()
        found = pycolmap.incremental_mapping(database, folder / "images", models, options)
        for model in found.values():
            if best is None or _size(model) > _size(best):
                best = model
        if best is not None and best.num_reg_images() >= ENOUGH_REGISTERED * len(names):
            break
    return None if best is None else _read(best, names)


def triangulate(
    folder: Path, pinholes: Sequence[Lens], work: Path, c2w: np.ndarray, neighbours: int, max_features: int, seed: int
) -> Reconstructed:
    """Points from undistorted photos with known poses, which stay as they are.

    Args:
        folder: the photos in `images/`, as `write_shots` names them, [F] of them.
        pinholes: the lens of each. c2w: [F, 4, 4] OpenCV camera-to-world.
        work: an empty folder. neighbours: photos that each photo is matched with, those that look at the same place
            from the nearest directions.
    """
    pycolmap = _quiet_pycolmap()
    database = work / "database.db"
    names = _names(len(pinholes))
    for pinhole, some in _grouped(pinholes, names).items():
        params = ",".join(str(float(v)) for v in pinhole.pinhole)
        _features(pycolmap, database, folder, some, {"camera_model": "PINHOLE", "camera_params": params}, max_features)
    pairs = _neighbour_pairs(c2w, neighbours)
    _match_pairs(pycolmap, database, [(names[a], names[b]) for a, b in pairs], work, seed)
    model = pycolmap.Reconstruction()
    with pycolmap.Database.open(database) as opened:
        stored = {image.name: image for image in opened.read_all_images()}
        cameras = opened.read_all_cameras()
        agreed = agreement(opened, [stored[name].image_id for name in names], pinholes, c2w, pairs)
    for camera in cameras:
        model.add_camera_with_trivial_rig(camera)
    for name, pose in zip(names, c2w, strict=True):
        w2c = np.linalg.inv(pose)
        image = pycolmap.Image(name=name, camera_id=stored[name].camera_id, image_id=stored[name].image_id)
        rigid = pycolmap.Rigid3d(pycolmap.Rotation3d(_orthonormal(w2c[:3, :3])), w2c[:3, 3])
        model.add_image_with_trivial_frame(image, rigid)
    target, options = work / "triangulated", _mapper(pycolmap, seed)
    target.mkdir()
    solved = pycolmap.triangulate_points(model, database, folder / "images", target, options=options)
    if solved.num_points3D() < ENOUGH_PER_PHOTO * len(names):  # few photos overlap: points that two of them see count too
        options.triangulation.ignore_two_view_tracks = False
        solved = pycolmap.triangulate_points(model, database, folder / "images", target, options=options)
    return replace(_read(solved, names), agreement=agreed)


def _names(count: int) -> list[str]:
    return [PICTURE.format(i).partition("/")[2] for i in range(count)]


def _grouped[Key](keys: Sequence[Key], names: list[str]) -> dict[Key, list[str]]:
    """The names of photos by what they share, first come first."""
    groups: dict[Key, list[str]] = {}
    for key, name in zip(keys, names, strict=True):
        groups.setdefault(key, []).append(name)
    return groups


def _quiet_pycolmap() -> ModuleType:
    import pycolmap

    pycolmap.logging.minloglevel = pycolmap.logging.ERROR.value
    pycolmap.set_random_seed(0)
    return pycolmap


def _features(
    pycolmap: ModuleType, database: Path, folder: Path, names: list[str], reader: dict[str, str], max_features: int
) -> None:
    options = pycolmap.FeatureExtractionOptions(num_threads=1, use_gpu=False)
    options.sift.max_num_features = max_features
    if (folder / "masks").is_dir():
        reader |= {"mask_path": str(folder / "masks")}
    pycolmap.extract_features(
        database,
        folder / "images",
        image_names=names,
        camera_mode=pycolmap.CameraMode.SINGLE,
        reader_options=pycolmap.ImageReaderOptions(**reader),
        extraction_options=options,
        device=pycolmap.Device.cpu,
    )


def _matching(pycolmap: ModuleType, seed: int) -> tuple[Any, Any]:
    verification = pycolmap.TwoViewGeometryOptions()
    verification.ransac.random_seed = seed
    return pycolmap.FeatureMatchingOptions(num_threads=1, use_gpu=False), verification


def _match_pairs(pycolmap: ModuleType, database: Path, pairs: list[tuple[str, str]], work: Path, seed: int) -> None:
    listed = work / "pairs.txt"
    listed.write_text("\n".join(" ".join(pair) for pair in pairs))
    matching, verification = _matching(pycolmap, seed)
    pairing = pycolmap.ImportedPairingOptions(match_list_path=str(listed))
    pycolmap.match_image_pairs(database, matching_options=matching, pairing_options=pairing, verification_options=verification)


def _mapper(pycolmap: ModuleType, seed: int, start: Start = STARTS[0]) -> Any:
    options = pycolmap.IncrementalPipelineOptions(num_threads=1, random_seed=seed)
    options.min_model_size = 3
    mapper, triangulation = options.mapper, options.triangulation
    mapper.num_threads = 1
    mapper.random_seed = triangulation.random_seed = seed
    mapper.init_min_tri_angle = start.min_angle_deg
    mapper.init_max_forward_motion = start.max_forward_motion
    mapper.init_min_num_inliers = start.min_inliers
    mapper.abs_pose_min_num_inliers = 20
    mapper.filter_min_tri_angle = triangulation.min_angle = start.min_point_angle_deg
    for part in (options, mapper, triangulation):  # a lens beyond these is a failed model, not a camera
        part.min_focal_length_ratio, part.max_focal_length_ratio, part.max_extra_param = 0.4, 2.5, 0.3
    return options


def nearest(c2w: np.ndarray, count: int) -> np.ndarray:
    """For each photo the others [F, at most count] that may show the same: they look alike, and are near for the size of
    the capture."""
    forward, centre = c2w[:, :3, 2], c2w[:, :3, 3]
    angle = np.arccos(np.clip(forward @ forward.T, -1, 1))
    apart = np.linalg.norm(centre[:, None] - centre[None], axis=-1)
    cost = angle + apart / max(float(np.median(apart)), 1e-9)
    np.fill_diagonal(cost, np.inf)
    return np.argsort(cost, axis=1, kind="stable")[:, : min(count, len(c2w) - 1)]


def _neighbour_pairs(c2w: np.ndarray, neighbours: int) -> list[tuple[int, int]]:
    """Pairs of photos worth matching."""
    return sorted({(min(a, int(b)), max(a, int(b))) for a, others in enumerate(nearest(c2w, neighbours)) for b in others})


def _read(model: Any, names: list[str]) -> Reconstructed:
    index = {name: i for i, name in enumerate(names)}
    images = sorted((i for i in model.images.values() if i.has_pose), key=lambda i: index[i.name])
    c2w = np.stack([np.eye(4) for _ in images])
    for pose, image in zip(c2w, images, strict=True):
        pose[:3] = image.cam_from_world().inverse().matrix()
    number = {point: n for n, point in enumerate(sorted(model.points3D))}
    points = [model.points3D[p] for p in number]
    row = {image.image_id: n for n, image in enumerate(images)}
    seen = [(row[e.image_id], n) for n, p in enumerate(points) for e in p.track.elements if e.image_id in row]
    return Reconstructed(
        registered=[index[i.name] for i in images],
        c2w=c2w,
        lenses=[_lens(model.cameras[i.camera_id]) for i in images],
        xyz=np.array([p.xyz for p in points]).reshape(-1, 3),
        rgb=np.array([p.color for p in points], np.uint8).reshape(-1, 3),
        seen=np.array(sorted(seen), np.int64).reshape(-1, 2),
        reprojection_px=float(np.mean([p.error for p in points])) if points else float("nan"),
    )


def _lens(camera: Any) -> Lens:
    pinhole = (camera.focal_length_x, camera.focal_length_y, camera.principal_point_x, camera.principal_point_y)
    first = {"SIMPLE_RADIAL": 3, "FULL_OPENCV": 4}.get(camera.model.name, len(camera.params))
    distortion = tuple(map(float, camera.params[first:]))
    return Lens(camera.width, camera.height, pinhole, distortion)


def _orthonormal(rotation: np.ndarray) -> np.ndarray:
    u, _, vt = np.linalg.svd(rotation)
    return u @ vt


def _size(model: Any) -> tuple[int, int]:
    return model.num_reg_images(), model.num_points3D()
