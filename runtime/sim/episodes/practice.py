"""Practice: a policy drives in a varied twin until the expert takes over, and shows from there how it is done.

The idea of DAgger (Ross, Gordon and Bagnell 2011), with whole stretches of the expert's driving as labels, as HG-DAgger has them
(Kelly et al. 2019): a policy that plans chunks needs to see what the expert would do after its own next action, too.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from runtime.learn.actor import Actor
from runtime.sim.episodes.episodes import Episode, Film, recorded, redraw
from runtime.sim.parts.mj import Model
from runtime.sim.parts.start import Start
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.eye import Eye
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.expert import expert_action
from runtime.sim.tasks import kind_of
from runtime.sim.twin.twin import Twin

GROUP = 8
"""Episodes that share one draw of light, cameras and physics."""
LATEST = 0.75
"""Of the horizon: the latest step at which the expert takes over."""
_STREAM = 61


@dataclass(frozen=True)
class Drill:
    """How episodes of practice are made. `latency_s` and `servo_change` are the largest deviations of the physics, drawn
    uniformly between none and that (servos are weaker or stronger by a share of their gain).
    """

    latency_s: float
    servo_change: float
    hold_steps: int  # steps kept after success
    seed: tuple[int, ...]


def practise(
    model: Callable[[], Model],
    twin: Twin,
    drill: Drill,
    eyes: Callable[[Model, np.random.Generator], list[Eye]],
    count: int,
    policy: Actor | None,
) -> Iterator[tuple[Episode, Film, list[Camera]]]:
    """Episodes of the expert from where the policy brought the scene, with pictures and the cameras that took them.

    Of `count` starts those are left out where the policy succeeds before the expert takes over, or the expert fails. Without a
    policy the expert drives from the start.

    Args:
        model: makes a fresh copy of the twin's scene, whose servos are changed.
        eyes: draws one varied look at that scene.
    """
    for first in range(0, count, GROUP):
        rng = np.random.default_rng([_STREAM, *drill.seed, first])
        scene = model()
        changed = drilled(scene, twin, drill, rng)
        looks = eyes(scene, rng)
        starts = starts_of(twin, drill, range(first, min(first + GROUP, count)))
        steps, n = round(twin.task.horizon_s * twin.control_hz), len(starts)
        taken = rng.integers(1, max(2, round(LATEST * steps)), n) if policy else np.zeros(n, int)
        for _, episode in shown_from(scene, changed, starts, taken, drill.hold_steps, looks, policy, rng):
            yield episode, {eye.camera.name: redraw(eye, episode, rng) for eye in looks}, [eye.camera for eye in looks]


def drilled(scene: Model, twin: Twin, drill: Drill, rng: np.random.Generator) -> Twin:
    """Change the servos of a scene as a drill has it; the twin with the latency that goes with them."""
    change = 1 + drill.servo_change * rng.uniform(-1, 1)
    scene.actuator_gainprm[:, 0] *= change
    scene.actuator_biasprm[:, 1] *= change
    return replace(twin, physics=replace(twin.physics, latency_s=drill.latency_s * rng.uniform()))


def starts_of(twin: Twin, drill: Drill, indices: range) -> list[Start]:
    """The starts of a drill."""
    return [kind_of(twin.task).draw_start(twin.task, i, "practice", hash_of(drill.seed), twin.robot) for i in indices]


def shown_from(
    model: Model,
    twin: Twin,
    starts: Sequence[Start],
    taken: np.ndarray,
    hold_steps: int,
    eyes: Sequence[Eye],
    policy: Actor | None,
    rng: np.random.Generator,
) -> list[tuple[int, Episode]]:
    """The successful stretches of the expert, who takes over at step `taken` [N] of each start, side by side; with the number of
    the start. Left out are starts where the policy succeeds before, or the expert fails."""
    task = twin.task
    bench = Bench(model, twin.physics, task, twin.control_hz, starts, robot=twin.robot)
    n, steps = len(starts), round(task.horizon_s * twin.control_hz)
    rows: list[list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = [[] for _ in range(n)]
    after = np.zeros(n, int)  # steps since success
    images: dict[str, np.ndarray] = {}
    if policy:
        policy.reset(n)
    for t in range(2 * steps + hold_steps):
        own, shown = t < taken, np.array([bool(found) for found in rows])
        more = after <= np.where(shown, hold_steps, 0)  # nothing is shown after the policy's own success
        active = np.where(own, after == 0, more & (t - taken < steps))
        if not active.any():
            break
        measured = bench.measured()
        actions = np.zeros((n, twin.robot.action_dim))
        if policy and own.any():
            if policy.looks:
                images = {eye.camera.name: np.stack([eye.see(data, rng) for data in bench.datas]) for eye in eyes}
            actions = np.nan_to_num(policy.act(images, measured, task.instruction)).astype(np.float64)
        for i in np.flatnonzero(active & ~own):
            wish = expert_action(task, bench.seen(i), twin.robot)
            rows[i].append((bench.datas[i].qpos.copy(), measured[i], wish.astype(np.float32)))
            actions[i] = wish
        bench.step(actions, active)
        after += [active[i] and bench.judges[i].success for i in range(n)]
    found = []
    for i, start in enumerate(starts):
        if bench.judges[i].success and rows[i]:
            found.append((i, recorded(rows[i], bench.datas[i], start)))
    return found


def hash_of(seed: tuple[int, ...]) -> int:
    """One number of several, for a family of starts."""
    return int(np.random.SeedSequence(seed).generate_state(1)[0])
