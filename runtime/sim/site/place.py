"""Everything true about a hidden site, drawn from its seed. Only `capture` and trials in `irl_proxy` may build one."""

import zlib
from dataclasses import dataclass

import numpy as np

from runtime.bound.hidden_gap import HiddenGap
from runtime.bound.source import HiddenSite
from runtime.bound.twin_camera import DEFAULT_CAMERA
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.robot import Servo
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.solid import Solid
from runtime.sim.pixels.camera import rotation
from runtime.sim.pixels.raycast import Lamp
from runtime.sim.pixels.sensor import Sensor
from runtime.sim.pixels.texture import Material
from runtime.sim.site.solids import site_solids

_LOOKS, _WORLD, _LIGHT, _PHYSICS, _SENSOR, _LATER = range(6)  # independent random streams of one site


@dataclass(frozen=True)
class HiddenPlace:
    """A site's truth. Lamps and solids in the site frame (table top z = 0, metres)."""

    solids: list[Solid]
    materials: dict[str, Material]
    world_from_site: np.ndarray  # [4, 4] where the capture's coordinates put the site
    photo_lamp: Lamp
    trial_lamp: Lamp
    physics: Physics
    sensor: Sensor  # of the camera `front`, as is where it stands
    camera_shift_m: np.ndarray  # [3]
    camera_turn_rad: np.ndarray  # [3] rotation vector
    color_gain: np.ndarray  # [3] true colour of robot and task objects over the nominal one
    clutter: int  # things that were put down since the photos


def _amount(rng: np.random.Generator) -> float:
    """Between half and all, either sign: a gap that is there."""
    return float(rng.uniform(0.5, 1.0) * rng.choice((-1.0, 1.0)))


def _direction(rng: np.random.Generator, size: int = 3) -> np.ndarray:
    v = rng.standard_normal(size)
    return v / np.linalg.norm(v)


def _lamps(rng: np.random.Generator, gap: HiddenGap) -> tuple[Lamp, Lamp]:
    azimuth = float(rng.uniform(-np.pi, np.pi))
    away, height = float(rng.uniform(0.5, 1.1)), float(rng.uniform(1.3, 2.0))
    strength, ambient = float(rng.uniform(0.65, 0.85)), float(rng.uniform(0.26, 0.38))
    tint = 1 + 0.08 * rng.uniform(-1, 1, 3)

    def lamp(turn: float, gain: np.ndarray) -> Lamp:
        place = (away * np.cos(azimuth + turn), away * np.sin(azimuth + turn), height)
        rgb, everywhere = strength * tint * gain, np.full(3, ambient) * tint
        return Lamp(tuple(float(x) for x in place), tuple(map(float, rgb)), tuple(map(float, everywhere)))

    warm = 1 + gap.light_tint * _amount(rng) * np.array((1.0, 0.0, -1.0))
    change = 1 + gap.light_change * _amount(rng)
    return lamp(0.0, np.ones(3)), lamp(np.radians(gap.light_turn_deg) * _amount(rng), warm * change)


def _physics(rng: np.random.Generator, gap: HiddenGap) -> Physics:
    nominal = Servo()
    offsets = [np.radians(gap.joint_offset_deg) * _amount(rng) for _ in range(4)]
    offsets += [0.0] * (SO101.action_dim - len(offsets))
    mount = _direction(rng, 2) * gap.mount_shift_m * abs(_amount(rng))
    return Physics(
        servo=Servo(
            kp_nm_per_rad=nominal.kp_nm_per_rad * (1 - gap.servo_weakness * abs(_amount(rng))),
            time_constant_s=nominal.time_constant_s + gap.servo_lag_s * abs(_amount(rng)),
        ),
        friction=Physics().friction * (1 + gap.friction * _amount(rng)),
        latency_s=gap.latency_s * abs(_amount(rng)),
        joint_offset_rad=tuple(float(x) for x in offsets),
        stiffness_scale=1 + gap.stiffness * _amount(rng),
        mass_scale=1 + gap.mass * _amount(rng),
        mount_offset_m=(float(mount[0]), float(mount[1])),
        mount_yaw_rad=np.radians(gap.mount_turn_deg) * _amount(rng),
        backlash_rad=tuple(float(np.radians(gap.backlash_deg) * abs(_amount(rng))) for _ in range(4)) if gap.backlash_deg else (),
    )


def _optics(r: np.random.Generator, gap: HiddenGap) -> tuple[Sensor, np.ndarray, np.ndarray]:
    """A camera's sensor, and how far it is shifted [3] (metres) and turned [3] (rotation vector), in its own frame."""
    red, blue = 1 + gap.white_balance * _amount(r), 1 + gap.white_balance * _amount(r)
    exposure = 1 + gap.exposure * _amount(r)
    sensor = Sensor((exposure * red, exposure, exposure * blue), gap.vignetting * abs(_amount(r)), gap.noise_sd * abs(_amount(r)))
    shift_m = _direction(r) * gap.camera_shift_m * abs(_amount(r))
    return sensor, shift_m, _direction(r) * np.radians(gap.camera_turn_deg) * abs(_amount(r))


def camera_optics(site: HiddenSite, name: str) -> tuple[Sensor, np.ndarray, np.ndarray]:
    """See `_optics`: each camera has deviations of its own, by its name, whichever others there are."""
    own = [] if name == DEFAULT_CAMERA else [zlib.crc32(name.encode())]
    return _optics(np.random.default_rng([site.seed, _SENSOR, *own]), site.gap)


def hidden_place(site: HiddenSite) -> HiddenPlace:
    """The truth about `site`, a pure function of its seed, style and gap."""
    rng = [np.random.default_rng([site.seed, stream]) for stream in range(6)]
    gap = site.gap
    solids, materials = site_solids(rng[_LOOKS], site.style, site.room, site.things == "household")
    world = np.eye(4)
    world[:3, :3] = rotation(np.array((0, 0, rng[_WORLD].uniform(-np.pi, np.pi))))
    world[:3, 3] = rng[_WORLD].uniform(-2, 2, 3)
    lamps = _lamps(rng[_LIGHT], gap)
    r = rng[_SENSOR]
    sensor, shift_m, turn_rad = _optics(r, gap)
    color_gain = np.array([1 + gap.object_color * _amount(r) for _ in range(3)])
    clutter = round(gap.clutter * abs(_amount(rng[_LATER])))
    physics = _physics(rng[_PHYSICS], gap)
    return HiddenPlace(solids, materials, world, *lamps, physics, sensor, shift_m, turn_rad, color_gain, clutter)
