"""What a twin assumes: everything that photos do not tell."""

from dataclasses import dataclass

import numpy as np

from runtime.bound.task import Task
from runtime.sim.parts.physics import Physics
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.eye import Look
from runtime.sim.twin.twin import Snap, Twin


@dataclass(frozen=True)
class Settings:
    """All of a twin but where it stands. `shadow` is the share of its light that the splat loses in the robot's shadow,
    `samples` are rays per pixel along each axis."""

    task: Task
    control_hz: float
    camera: Camera
    physics: Physics
    look: Look
    shadow: float
    samples: int
    snap: Snap

    def twin(self, from_scene: np.ndarray) -> Twin:
        """The twin whose base frame is reached from scene units by the similarity [4, 4]."""
        return Twin(
            self.task, self.control_hz, [self.camera], from_scene, self.physics, self.look, self.shadow, self.samples, self.snap
        )
