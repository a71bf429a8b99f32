"""A twin in Isaac Lab on this machine: a few updates of its PPO, and a clone of the expert there and in the twin.

    python -m benchmarks.isaaclab TWIN [--python .envs/isaaclab/bin/python] [--starts 32] [--environments 16] [--iterations 3]
        [--fit 1500]

TWIN is a published twin of `press_button`. The clone is a perceptron on the true state, fitted to the scripted expert on
starts of the stream `demo`; both simulators try it from starts of the stream `development`, in four blocks.
"""

import argparse
import itertools
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import numpy as np

from runtime.sim.scene.expert import expert_action
from runtime.sim.tasks import kind_of
from runtime.sim.twin.twin import read_twin
from runtime.trainers.agreement import agreement, bench_of
from runtime.trainers.isaaclab import IsaacLab
from runtime.trainers.package import Asked, write_package
from runtime.trainers.perceptron import Perceptron, observed

SCALE_RAD, BLOCKS = 0.5, 4


def clone(twin: Path, episodes: int = 120, steps: int = 1500, seed: int = 0) -> Perceptron:
    """A perceptron fitted to what the expert does in the twin, hindered by noise so that it sees states off its way."""
    import torch

    facts, rng = read_twin(twin), np.random.default_rng(seed)
    starts = [kind_of(facts.task).draw_start(facts.task, i, "demo", robot=facts.robot) for i in range(episodes)]
    bench, seen, wanted = bench_of(twin, starts), [], []
    for _ in range(round(facts.task.horizon_s * facts.control_hz)):
        active = np.array([not judge.success for judge in bench.judges])
        acts = np.stack([expert_action(bench.task, bench.seen(i), bench.robot) for i in range(episodes)])
        seen.append(observed(bench)[active])
        wanted.append((acts[active] - facts.robot.home_rad) / SCALE_RAD)
        bench.step(acts + rng.normal(0, 0.02, acts.shape), active)
    x, y = (torch.as_tensor(np.concatenate(each), dtype=torch.float32) for each in (seen, wanted))
    torch.manual_seed(seed)
    mean, spread = x.mean(0), x.std(0) + 1e-2
    sizes = [x.shape[1], 128, 128, y.shape[1]]
    linear = [torch.nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]
    net = torch.nn.Sequential(linear[0], torch.nn.ELU(), linear[1], torch.nn.ELU(), linear[2])
    optimiser = torch.optim.Adam(net.parameters(), 3e-3)
    for step in range(steps):
        rows = torch.randint(len(x), (512,))
        loss = ((net((x[rows] - mean) / spread) - y[rows]) ** 2).mean()
        optimiser.param_groups[0]["lr"] = 3e-3 * (1 - step / steps) + 1e-5
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    weights, biases = (tuple(getattr(layer, of).detach().numpy() for layer in linear) for of in ("weight", "bias"))
    return Perceptron(mean.numpy(), spread.numpy(), weights, biases, SCALE_RAD)


def spent() -> float:
    """CPU seconds of programs that this one started and that ended."""
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print what was measured as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("twin", type=Path)
    parser.add_argument("--python", default=".envs/isaaclab/bin/python")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--starts", type=int, default=32)
    parser.add_argument("--environments", type=int, default=16)
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--fit", type=int, default=1500, help="gradient steps of the clone: fewer make one that fails at times")
    parser.add_argument("--room", type=Path, help="keep the package here")
    args = parser.parse_args()
    facts, lab = read_twin(args.twin), IsaacLab([str(Path(args.python).absolute())])
    room = args.room or Path(tempfile.mkdtemp())
    asked = Asked(args.environments, args.iterations, device=args.device)
    began, cpu = time.monotonic(), spent()
    if args.iterations:
        lab.train(args.twin, asked, room / "package").save(room / "trained.npz")
    else:
        write_package(args.twin, room / "package", asked)
        lab.convert(room / "package")
    steps = args.environments * args.iterations * asked.ppo.steps
    print(
        json.dumps({"trained_control_steps": steps, "cpu_s": round(spent() - cpu, 1), "wall_s": round(time.monotonic() - began)}),
        flush=True,
    )
    starts = [kind_of(facts.task).draw_start(facts.task, i, "development", robot=facts.robot) for i in range(args.starts)]
    actor, cpu = clone(args.twin, steps=args.fit), spent()
    played = lab.play(room / "package", actor, starts, room, args.device)
    print(json.dumps({"played_control_steps": played.reward.size, "cpu_s": round(spent() - cpu, 1)}), flush=True)
    print(json.dumps({"all": agreement(args.twin, starts, played, actor, asked.ppo.gamma, {})}), flush=True)
    for block in np.array_split(np.arange(args.starts), BLOCKS):
        part = replace(played, **{key: getattr(played, key)[:, block] for key in played.__dataclass_fields__})
        print(
            json.dumps({"block": agreement(args.twin, [starts[i] for i in block], part, actor, asked.ppo.gamma, {})}), flush=True
        )


if __name__ == "__main__":
    main()
