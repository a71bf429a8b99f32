"""What a critic or a teacher may know in a twin, and no policy that acts at a place: the true state of every row."""

from collections.abc import Sequence

import numpy as np

from runtime.sim.parts.places import own_places
from runtime.sim.scene.bench import Bench
from runtime.sim.tasks import kind_of
from runtime.sim.tasks.kind import Moment
from runtime.sim.vector.varied import FACTORS


class Privileged:
    """Columns of `of`, by group: `groups` says where each is. Metres, radians and seconds, and shares."""

    def __init__(self, bench: Bench) -> None:
        model, robot = bench.model, bench.robot
        self._bench, self._kind = bench, kind_of(bench.task)
        joints = [model.joint(name).id for name in robot.model_names]
        self._speeds = model.jnt_dofadr[joints]
        self._others = np.delete(np.arange(model.nv), self._speeds)
        bodies = [model.body(name).id for name in self._kind.OBJECTS]
        self._still = [model.body_mocapid[body] for body in bodies if model.body_mocapid[body] >= 0]
        loose = [model.jnt_qposadr[model.body_jntadr[body]] for body in bodies if model.body_mocapid[body] < 0]
        self._turned = np.array(loose, int)[:, None] + np.arange(3, 7)  # quaternions in qpos [L, 4]
        simple = model.jnt_qposadr[model.jnt_type >= 2]  # slides and hinges; free joints are objects
        self._slides = np.setdiff1d(simple, own_places(model, robot))
        self.groups: dict[str, slice] = {}

    def of(self, rows: Sequence[int], moments: Sequence[Moment], left: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """The state of `rows` [n], float32 [n, P].

        Args:
            rows: which.
            moments: of each of them.
            left: share of the horizon that is left [n].
            drawn: what varies, as shares of its range [n, F].
        """
        bench, n = self._bench, len(rows)
        datas = [bench.datas[i] for i in rows]
        tips, objects = np.stack([now.tip_m for now in moments]), np.stack([now.objects_m for now in moments])
        qpos, qvel = np.stack([data.qpos for data in datas]), np.stack([data.qvel for data in datas])
        still = np.stack([data.mocap_quat for data in datas])[:, self._still] if self._still else np.empty((n, 0, 4))
        w, x, y, z = np.moveaxis(np.concatenate([still, qpos[:, self._turned]], 1), -1, 0)
        turns = np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
        measured = bench.measured()[rows]
        found = {
            "joints_rad": measured,
            "targets_rad": bench.targets()[rows],
            "joints_rad_s": qvel[:, self._speeds],
            "tip_m": tips,
            "objects_m": objects.reshape(n, -1),
            "from_tip_m": (objects - tips[:, None]).reshape(n, -1),
            "turns_cos_sin": np.concatenate([np.cos(turns), np.sin(turns)], 1),
            "object_joints_m": qpos[:, self._slides],
            "objects_m_s": qvel[:, self._others],
            "time_left": left[:, None],
            "factors": drawn[:, : len(FACTORS)],
        }
        if hand := bench.robot.hand:
            gripper = measured[:, bench.robot.gripper_index]
            rising = 1 if hand.at[0] < hand.at[-1] else -1
            found["gap_m"] = np.interp(gripper, hand.at[::rising], hand.gap_m[::rising])[:, None]
        if not self.groups:
            ends = np.cumsum([part.shape[1] for part in found.values()])
            self.groups = {
                name: slice(int(end) - part.shape[1], int(end)) for (name, part), end in zip(found.items(), ends, strict=True)
            }
        return np.concatenate(list(found.values()), 1).astype(np.float32)
