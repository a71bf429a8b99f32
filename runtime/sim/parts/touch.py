"""Who touches whom."""

import numpy as np

from runtime.sim.parts.mj import Data, Model


def touches_robot(model: Model, data: Data, body: int, tip: int) -> bool:
    """Whether the robot, that is every part joined to the tip's site `tip`, touches the body `body`."""
    bodies = model.geom_bodyid[data.contact.geom]  # [C, 2]
    others = bodies[(bodies == body).any(axis=1)]
    return bool(np.any(model.body_rootid[others] == model.body_rootid[model.site_bodyid[tip]]))
