"""Port contracts: what an artifact promises to those that read it.

Edges are compared when specs are checked, contents when an artifact is published (design, section 6: a policy with
seven actions met a world model of 384 at stage four, after the compute was spent).
"""

from dataclasses import asdict, dataclass, fields, replace


@dataclass(frozen=True)
class Contract:
    """Facts about an artifact's content; `None` says nothing about a fact."""

    action_dim: int | None = None
    fps: float | None = None
    frames: int | None = None
    camera_keys: tuple[str, ...] | None = None
    instruction_key: str | None = None
    normaliser_digest: str | None = None
    history: int | None = None
    joints: tuple[str, ...] | None = None
    """Names, in the order of states and actions."""
    units: str | None = None
    """What these are counted in: `radians`."""
    action: str | None = None
    """What an action is: `absolute` targets of joints, or `ee`, a pose of the hand."""
    camera_sizes: tuple[str, ...] | None = None
    """Camera and pixels across and down, as `sized` writes them."""
    statistics: tuple[str, ...] | None = None
    """Keys whose statistics are there, or are needed to normalise."""
    recorded_in: str | None = None
    """Of demos: `twin`, whose states can be drawn again, or `real`."""
    architecture: str | None = None
    """Of a policy: what training can go on from, as its stage calls it; `brought` of one that people brought."""

    window: int | None = None
    """Of latents: frames that each is made of."""
    offset: int | None = None
    """Of latents: how many control steps ahead they are read."""
    suffix: str | None = None
    """Of latents: encoder and window, such as `world_m1`."""

    checked: tuple[str, ...] | None = None
    """Of films: the visual checks that each of them was put to. Where they are wanted, silence is no."""

    def to_json(self) -> dict[str, object]:
        """The facts that are stated, as JSON values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items() if v is not None}

    @classmethod
    def from_json(cls, value: dict[str, object]) -> "Contract":
        """The inverse of `to_json`; facts that this version does not know are ignored."""
        facts = {k: tuple(v) if isinstance(v, list) else v for k, v in value.items() if k in FACTS}
        return cls(**facts)  # ty: ignore[invalid-argument-type]


FACTS = tuple(f.name for f in fields(Contract))
AMONG = ("camera_keys", "camera_sizes", "statistics", "checked")
"""Facts of which no more is wanted than is on offer."""
OWED = ("checked",)
"""Facts that have to be offered where they are wanted."""
CHECKS = ("orientation", "duration", "quality")
"""The visual checks (`runtime.coverage.checks`), without which no film reaches training."""


def sized(camera: str, width_px: int, height_px: int) -> str:
    """A camera with its size, as `camera_sizes` has it."""
    return f"{camera} {width_px}x{height_px}"


def sizes_of(offered: Contract, camera_keys: tuple[str, ...]) -> tuple[str, ...] | None:
    """The sizes of some of the cameras on offer; None where none are said."""
    sizes = offered.camera_sizes
    return None if sizes is None else tuple(size for size in sizes if size.rpartition(" ")[0] in camera_keys)


@dataclass(frozen=True)
class Mismatch:
    """One fact on which two ends of an edge disagree."""

    fact: str
    wanted: object
    offered: object


def of_demos(of: Contract, recorded_in: str, checked: tuple[str, ...] | None = None) -> Contract:
    """What demos promise that are made of what promises this: its joints, units, rate and cameras, with statistics of all."""
    known = None if of.camera_keys is None else needed(of.camera_keys)
    return replace(of, instruction_key="task", statistics=known, recorded_in=recorded_in, checked=checked)


def needed(camera_keys: tuple[str, ...]) -> tuple[str, ...]:
    """Keys whose statistics a policy that looks through these cameras needs: LeRobot passes on unnormalised, without a word, what
    has none."""
    return "action", "observation.state", *(f"observation.images.{camera}" for camera in camera_keys)


def mismatches(wanted: Contract, offered: Contract) -> list[Mismatch]:
    """Facts stated at both ends that differ. Cameras, statistics and checks that are wanted need only be among those on offer."""
    found = []
    for fact in FACTS:
        want, offer = getattr(wanted, fact), getattr(offered, fact)
        if want is None or want == offer or (offer is None and fact not in OWED):
            continue
        if fact in AMONG and set(want) <= set(offer or ()):
            continue
        found.append(Mismatch(fact, want, offer))
    cameras = any(wrong.fact == "camera_keys" for wrong in found)  # of a camera that is not there, size and statistics follow
    return [wrong for wrong in found if not (cameras and wrong.fact in AMONG[1:3])]
