"""A textured table top photographed by known cameras: the truth that captures are compared with."""

import json
from pathlib import Path

import cv2
import numpy as np

TABLE_HALF = 1.0
WIDTH, HEIGHT = 160, 120
K = np.array([150.0, 150.0, 80.0, 60.0])
DISTORTION = np.array([-0.12, 0.03, 0.001, -0.002])


def texture(seed: int = 0) -> np.ndarray:
    """Noise at several scales, [512, 512, 3] uint8."""
    rng = np.random.default_rng(seed)
    total = sum(cv2.resize(rng.uniform(0, 1, (n, n, 3)), (512, 512), interpolation=cv2.INTER_CUBIC) for n in (8, 24, 48))
    return np.clip(total / 3 * 1.8 * 255 - 100, 0, 255).astype(np.uint8)


def ring(count: int = 8, radius: float = 1.6, height: float = 1.5) -> np.ndarray:
    """Cameras on a circle round the z axis looking at the origin, OpenCV camera-to-world [count, 4, 4]."""
    poses = []
    for angle in np.linspace(0, 1.2, count):
        eye = np.array([radius * np.cos(angle), radius * np.sin(angle), height * (1 + 0.1 * np.sin(5 * angle))])
        forward = -eye / np.linalg.norm(eye)
        right = np.cross(forward, [0, 0, 1])
        right /= np.linalg.norm(right)
        pose = np.eye(4)
        pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], axis=1)
        pose[:3, 3] = eye
        poses.append(pose)
    return np.stack(poses)


def photograph(
    c2w: np.ndarray, pinhole: np.ndarray = K, distortion: np.ndarray | None = None, size: tuple[int, int] = (WIDTH, HEIGHT)
) -> np.ndarray:
    """A photo [H, W, 3] uint8 RGB of the table top z = 0, grey where the table ends; pixel centres at +0.5."""
    width, height = size
    v, u = np.mgrid[0:height, 0:width] + 0.5
    pixels = np.stack([u.ravel(), v.ravel()], axis=1)
    matrix = np.array([[pinhole[0], 0, pinhole[2]], [0, pinhole[1], pinhole[3]], [0, 0, 1]])
    plain = cv2.undistortPoints(pixels[:, None], matrix, np.zeros(4) if distortion is None else distortion)[:, 0]
    return seen(c2w, np.concatenate([plain, np.ones((len(plain), 1))], axis=1), size)


def seen(c2w: np.ndarray, rays: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """What a camera sees of the table top along rays [H * W, 3] of its own axes: [H, W, 3] uint8 RGB."""
    width, height = size
    rays = rays @ c2w[:3, :3].T
    down = rays[:, 2] < -1e-9
    away = np.where(down, -c2w[2, 3] / np.where(down, rays[:, 2], -1), 1e6)
    hit = c2w[:3, 3] + rays * away[:, None]
    at = ((hit[:, :2] + TABLE_HALF) / (2 * TABLE_HALF) * 512 - 0.5).clip(-1e4, 1e4).astype(np.float32).reshape(height, width, 2)
    return cv2.remap(
        texture(), at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(90, 90, 90)
    )


def write_photos(folder: Path, photos: list[np.ndarray], suffix: str = "png") -> list[str]:
    """Write photos below `folder`/images and return their names."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    names = [f"{i:03d}.{suffix}" for i in range(len(photos))]
    for name, photo in zip(names, photos, strict=True):
        assert cv2.imwrite(str(folder / "images" / name), cv2.cvtColor(photo, cv2.COLOR_RGB2BGR))
    return names


def write_transforms(folder: Path, c2w: np.ndarray, names: list[str], **extra: object) -> None:
    """`transforms.json` in OpenGL axes with the lens of this module."""
    gl = c2w.copy()
    gl[:, :3, 1:3] *= -1
    frames = [{"file_path": f"images/{n}", "transform_matrix": m.tolist()} for n, m in zip(names, gl, strict=True)]
    content = {"fl_x": K[0], "fl_y": K[1], "cx": K[2], "cy": K[3], "w": WIDTH, "h": HEIGHT, "frames": frames}
    (folder / "transforms.json").write_text(json.dumps(content | extra))


def capture_folder(root: Path, distorted: bool = False, count: int = 8) -> Path:
    """A whole capture with `transforms.json` at root/table."""
    folder = root / "table"
    poses = ring(count)
    names = write_photos(folder, [photograph(p, distortion=DISTORTION if distorted else None) for p in poses])
    extra = dict(zip(("k1", "k2", "p1", "p2"), DISTORTION.tolist(), strict=True)) if distorted else {}
    write_transforms(folder, poses, names, **extra)
    return folder


def table_points(count: int = 80, seed: int = 1) -> np.ndarray:
    """Points on the table top [count, 3]."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.uniform(-0.5, 0.5, (count, 2)), np.zeros((count, 1))], axis=1)


def write_colmap(folder: Path, c2w: np.ndarray, names: list[str], xyz: np.ndarray, binary: bool, enlarged: int = 1) -> None:
    """A COLMAP model in folder/sparse/0 written by pycolmap itself, with every point seen by every photo.

    `enlarged` is how many times larger the photos were that COLMAP worked on.
    """
    import pycolmap

    model = pycolmap.Reconstruction()
    camera = pycolmap.Camera(
        camera_id=1,
        model="OPENCV",
        width=WIDTH * enlarged,
        height=HEIGHT * enlarged,
        params=[*(K * enlarged).tolist(), *DISTORTION.tolist()],
    )
    model.add_camera_with_trivial_rig(camera)
    matrix = np.array([[K[0], 0, K[2]], [0, K[1], K[3]], [0, 0, 1]])
    for i, (name, pose) in enumerate(zip(names, c2w, strict=True), start=1):
        w2c = np.linalg.inv(pose)
        uv, _ = cv2.projectPoints(xyz, cv2.Rodrigues(w2c[:3, :3])[0], w2c[:3, 3], matrix, DISTORTION)
        image = pycolmap.Image(name=name, keypoints=uv[:, 0] * enlarged, camera_id=1, image_id=i)
        model.add_image_with_trivial_frame(image, pycolmap.Rigid3d(pycolmap.Rotation3d(w2c[:3, :3]), w2c[:3, 3]))
    for j, point in enumerate(xyz):
        track = pycolmap.Track()
        for i in range(1, len(names) + 1):
            track.add_element(i, j)
        model.add_point3D(point, track, np.array([10, 20, 30], np.uint8))
    place = folder / "sparse" / "0"
    place.mkdir(parents=True)
    model.write_binary(place) if binary else model.write_text(place)
