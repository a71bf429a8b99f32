"""What a small policy adds to its plan, as few numbers in -1..1 for a chunk; and both together as one small policy."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from runtime.learn.normaliser import EPS
from runtime.learn.small.learner import LightLearner
from runtime.rl.actor import Whole, beside
from runtime.rl.sac import Actor
from runtime.sim.episodes.explored import Steps

KNOTS = 2
"""Numbers for each joint: what is added halfway through a chunk and at its end, straight between, from nothing."""
BENDS = (-3.5, -2.4, -1.7, -1.2, -0.8, -0.4, 0.0, 0.4, 0.8, 1.2, 1.7, 2.4, 3.5)
"""Where the published policy's tanh, which is made of straight pieces, bends: it is off by at most 0.016."""
AT_ONCE = 256


class Acts:
    """A policy's plan and what is added to it. Chunks are the k control steps until it looks again, joint targets [N, k, J] in
    radians; actions [N, J * KNOTS] reach at most `reach_rad` each."""

    def __init__(self, learner: LightLearner, reach_rad: float) -> None:
        self.learner, self.reach, self._whole = learner, reach_rad, Whole(learner)
        self.k, self.joints = learner.spec.n_action_steps, learner.spec.action_dim
        at = np.minimum(np.arange(1, learner.spec.chunk + 1) / self.k, 1.0)[:, None] * KNOTS
        self._hats = np.clip(1 - np.abs(at - np.arange(1, KNOTS + 1)), 0, None)  # [chunk, KNOTS]
        self._inverse = np.linalg.pinv(self._hats[: self.k])

    @property
    def size(self) -> int:
        """Numbers of an action."""
        return self.joints * KNOTS

    @torch.no_grad()
    def features(self, images: Mapping[str, np.ndarray], state: np.ndarray) -> np.ndarray:
        """Keypoints of pictures u8 [N, H, W, 3] and normalised joints of states [N, J]: f32 [N, F]."""
        found = []
        for first in range(0, len(state), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            seen, joints = self._whole.inputs({name: film[part] for name, film in images.items()}, state[part])
            found.append(torch.cat([*self.learner.net.look(seen), joints], 1))
        return torch.cat(found).numpy()

    @torch.no_grad()
    def plan(self, features: np.ndarray) -> np.ndarray:
        """What the policy means by itself."""
        joints = torch.from_numpy(features[:, -self.joints :].copy())
        seen = torch.from_numpy(features[:, : -self.joints].copy())
        sd, mean = self._sd_mean()
        return self._whole.chunk([seen], joints)[:, : self.k].numpy() * sd + mean

    def chunk(self, features: np.ndarray, action: np.ndarray) -> np.ndarray:
        """The plan and what an action adds to it."""
        return self.plan(features) + self._hats[: self.k] @ (self.reach * action.reshape(-1, KNOTS, self.joints))

    def action(self, features: np.ndarray, chunk: np.ndarray) -> np.ndarray:
        """The action whose chunk is nearest to one that was carried out, f32."""
        away = self._inverse @ (chunk - self.plan(features)) / self.reach
        return np.clip(away, -0.99, 0.99).reshape(len(chunk), -1).astype(np.float32)

    def _sd_mean(self) -> tuple[np.ndarray, np.ndarray]:
        entry = self.learner.stats["action"]
        return entry["std"] + EPS, entry["mean"]

    @torch.no_grad()
    def together(self, actor: Actor) -> LightLearner:
        """One wider small policy that does what the plan and the actor's mean do together (`BENDS`)."""
        old, actions, bends = self.learner, self.size, torch.tensor(BENDS)
        more = max(len(actor.enter.bias), actions * len(BENDS))
        bent = torch.tanh(bends)
        slopes = torch.cat([torch.zeros(1), (bent[1:] - bent[:-1]) / (bends[1:] - bends[:-1]), torch.zeros(1)])
        sd, _ = self._sd_mean()
        hats = torch.from_numpy(self._hats.astype(np.float32))
        # action number knot * J + j moves step i of joint j by hats[i, knot]
        move = torch.einsum("ik,jl->ijkl", hats, torch.diag(torch.from_numpy(self.reach / sd).float()))
        move = move.reshape(len(hats) * self.joints, actions)
        enter, mean = torch.zeros(more, actor.enter.weight.shape[1]), torch.zeros(more, more)
        first, second, last = torch.zeros(more), torch.zeros(more), torch.zeros(len(move), more)
        enter[: len(actor.enter.bias)], first[: len(actor.enter.bias)] = actor.enter.weight, actor.enter.bias
        units = actions * len(BENDS)
        mean[:units, : len(actor.enter.bias)] = actor.mean.weight.repeat_interleave(len(BENDS), 0)
        second[:units] = actor.mean.bias.repeat_interleave(len(BENDS)) - bends.repeat(actions)
        last[:, :units] = (move[:, :, None] * (slopes[1:] - slopes[:-1])).flatten(1)
        two = {"0.weight": enter, "0.bias": first, "2.weight": mean, "2.bias": second, "4.weight": last}
        two["4.bias"] = move.sum(1) * bent[0]
        wide = LightLearner(replace(old.spec, extra={**old.options, "hidden": old.options["hidden"] + more}), old.stats)
        one = old.weights()
        for name, into in wide.weights().items():
            plain = name.removeprefix("net.plan.")
            into.copy_(one[name] if name.startswith("net.eyes") else beside(plain, one[name], two[plain]))
        return wide


@dataclass(frozen=True)
class Chunks:
    """M chunks of rollouts: at which frames they begin and end, whether it is done there or over, and their targets."""

    start: np.ndarray  # i64 [M]
    end: np.ndarray  # i64 [M] where success came, where there is one
    success: np.ndarray  # bool [M]
    over: np.ndarray  # bool [M] by success, or since the horizon ended: then it failed
    targets: np.ndarray  # f32 [M, k, J] rad; the last one stands for what would have followed


def chunks_of(steps: Steps, k: int, stride: int) -> Chunks:
    """Every `stride`-th frame before success that at least half of k steps follow."""
    frames, last = np.arange(len(steps)), steps.ends()
    first = np.flatnonzero(np.concatenate([[True], np.diff(steps.episode) > 0]))
    at = frames - first[np.searchsorted(first, frames, side="right") - 1]
    end = np.minimum(frames + k, last)
    long = (end - frames >= k / 2) | steps.success[end]
    start = np.flatnonzero(long & ~steps.success & (at % stride == 0) & (frames < last))
    end, success = end[start], steps.success[end[start]]
    # what follows success is part of no value
    came = [i + int(np.argmax(steps.success[i : e + 1])) if won else e for i, e, won in zip(start, end, success, strict=True)]
    targets = steps.action[np.minimum(start[:, None] + np.arange(k), last[start][:, None])]
    return Chunks(start, np.array(came, int), success, success | (end == last[start]), targets)


def camera_images(steps: Steps, learner: LightLearner, frames: np.ndarray) -> dict[str, np.ndarray]:
    """Pictures of some frames, of the cameras that the policy looks through."""
    return {name: steps.images[name][frames] for name in learner.spec.camera_keys}
