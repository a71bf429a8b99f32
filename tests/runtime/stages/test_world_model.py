"""A world model is trained on rollouts, foretells others, and policies are tried in it."""

import json
import shutil
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from runtime.bound.claim import Superior
from runtime.bound.frame import StudyFrame
from runtime.bound.gate import GateRule
from runtime.build.testing import run_stage
from runtime.foresight.hand import asked_of
from runtime.problem import InputError
from runtime.sim.episodes.attempts import load_attempts, replay
from runtime.sim.tasks import kind_of
from runtime.sim.trials.conditions import Condition
from runtime.sim.twin.twin import eyes_of, read_behind, read_model, read_twin
from runtime.stats.status import Status
from runtime.stats.table.outcomes import Runs, Trials
from runtime.stats.verdict.claim_verdict import of_claim
from runtime.stats.verdict.gate_verdict import of_trials
from runtime.store.manifest import read_manifest
from runtime.world.loose import CM, PLANE_M, to_hand
from runtime.world.metrics import auc, calibration
from runtime.world.model import Kept, WorldModel, read_world
from runtime.world.network import Network, Sizes, quarters
from runtime.world.skeleton import View, skeleton_of
from runtime.world.stage import attempts_of
from runtime.world.train import Recipe, Windows, future
from runtime.world.trials import dreamt_from
from runtime.world.windows import composed

FEW = {"steps": 2, "batch_size": 4, "pictures": 4}
TINY = FEW | {"held_out": 4, "windows": 8, "scripted_tries": 3}


@pytest.fixture(scope="module")
def rollouts(sim_store: Path, sim_twin: Path) -> Path:
    return run_stage("rollouts", {"episodes": 16}, {"twin": sim_twin}, sim_store)


@pytest.fixture(scope="module")
def prior(sim_store: Path, sim_twin: Path, rollouts: Path) -> Path:
    return run_stage("world_prior", FEW, {"twins": [sim_twin], "rollouts": [rollouts]}, sim_store)


@pytest.fixture(scope="module")
def world(sim_store: Path, sim_twin: Path, rollouts: Path, sim_demos: Path, prior: Path) -> Path:
    inputs: dict[str, Path | list[Path]] = {"twin": sim_twin, "rollouts": rollouts, "demos": sim_demos, "prior": prior}
    return run_stage("world_model", TINY, inputs, sim_store)


def test_rollouts_fail_and_succeed_and_are_what_happened(sim_twin: Path, rollouts: Path) -> None:
    said, found = read_manifest(rollouts)["metrics"], load_attempts(rollouts / "attempts.npz")
    assert 0 < said["success_rate"] < 1
    assert said["frames"] == sum(len(one.state) for one in found)
    for one in found:
        assert len(one.qpos) == len(one.state) == len(one.success) == len(one.action) + 1
        assert np.all(np.diff(one.success.astype(int)) >= 0)
        assert not one.success.any() or one.contact.any()
        assert np.all(one.force_n[~one.contact] == 0)
    assert 0.5 < max(one.force_n.max() for one in found) < 500


def test_layers_over_the_empty_picture_are_the_picture(sim_twin: Path, rollouts: Path) -> None:
    """And the arm is where MuJoCo has it."""
    facts, model = read_twin(sim_twin), read_model(sim_twin)
    data = attempts_of(sim_twin, rollouts, end=1)
    eye = next(iter(eyes_of(model, facts, read_behind(sim_twin, facts)).values()))
    attempt = load_attempts(rollouts / "attempts.npz")[0]
    light = np.stack([eye.light(state) for state in replay(model, attempt)])
    mine = composed(data.layers, data.backdrops[data.behind].astype(np.float32), facts.shadow)
    assert np.abs(mine - 255 * np.clip(light, 0, 1)).max() < 4
    tip, _ = skeleton_of(model, facts.robot)(torch.from_numpy(data.state))
    np.testing.assert_allclose(tip.numpy(), data.tip, atol=1e-5)
    places, _ = View().look(facts.cameras[0])(torch.from_numpy(data.objects))
    ground = View().look(facts.cameras[0]).on_plane(places, float(data.objects[0, 0, 2]))
    np.testing.assert_allclose(ground.numpy()[..., :2], data.objects[..., :2], atol=1e-4)


def test_what_was_kept_out_is_foretold(world: Path, prior: Path, sim_demos: Path) -> None:
    said, found = read_manifest(world)["metrics"], json.loads((world / "foretold.json").read_text())
    for horizon in (1, 4, 8, 16):
        assert {f"psnr_{name}_{horizon}" for name in ("model", "copy", "still", "shuffled")} <= said.keys()
        assert found[f"front_model_{horizon}"] == said[f"front_model_{horizon}"]
        for name in ("tip_mm", "object_mm", "turn_deg", "contact_f1"):
            assert {f"{name}{of}_{horizon}" for of in ("", "_copy", "_still", "_shuffled")} <= said.keys()
    assert (said["tip_mm_copy_16"], said["object_mm_copy_1"]) > (said["tip_mm_16"], -1)  # the arm's servos are known
    assert (said["scripted_tries"], said["scripted_successes"]) == (3, pytest.approx(1.5, abs=1.5))
    assert (said["held_out_episodes"], said["pretrained"]) == (4, 1)
    assert said["frames"] > read_manifest(sim_demos)["metrics"]["frames"]
    # one more step from a model that was trained elsewhere: the prior's weights are what it began from
    assert read_manifest(prior)["metrics"]["parameters"] == said["parameters"]


def test_a_policy_is_tried_in_it(
    sim_store: Path, sim_twin: Path, sim_policy: Path, sim_conditions: Path, world: Path, sim_world: Path
) -> None:
    inputs = {"policy": sim_policy, "world": world, "twin": sim_twin, "conditions": sim_conditions}
    tried = run_stage("imagined_trials", {"domain": "world_model", "trials": 5, "twice": 2}, inputs, sim_store)
    rows, said = pq.read_table(tried / "trials.parquet").to_pylist(), read_manifest(tried)["metrics"]
    with np.load(tried / "imagined.npz") as found:
        chance, apart = found["success"], found["apart"]
    assert [row["initial_state"] for row in rows] == [str(i) for i in range(5)]
    assert all(row["domain"] == "world_model" and row["failure_mode"] == "" for row in rows if row["success"])
    assert [row["success"] for row in rows] == [((i * (5**0.5 - 1) / 2 + 0.5) % 1 < p) for i, p in enumerate(chance)]
    assert said["mean_probability"] == pytest.approx(float(chance.mean()), abs=1e-5)
    assert apart.max() > 0
    assert (said["repeated"], said["differing"], said["steps_apart"]) == (2, 0, 0)
    assert rows[0]["protocol"] == said["protocol"]
    own = {**inputs, "baseline": sim_policy, "shared": sim_world}
    found = run_stage("own_world", {"trials": 4}, own, sim_store)
    by, told = json.loads((found / "tried.json").read_text()), read_manifest(found)["metrics"]
    np.testing.assert_allclose(by["own"]["approach"], 100 * chance[:4], atol=1e-3)
    assert (told["distinct"], told["uplift"], told["flattery"]) == (1, 0, 0), "the same policy twice"
    assert by["shared"] != by["own"]
    alone = run_stage("own_world", {"trials": 3}, {**own, "shared": world}, sim_store)
    assert read_manifest(alone)["metrics"]["distinct"] == 0
    told_of_own_worlds(sim_store, inputs, found, alone)
    dreamt = run_stage("imagine", {"episodes": 3}, {k: v for k, v in inputs.items() if k != "conditions"}, sim_store)
    with np.load(dreamt / "imagined.npz") as found:
        assert found["pictures"].shape[:2] == found["joints"].shape[:2] == (3, found["done"].shape[1] + 1)
        assert np.all(np.diff(found["done"], axis=1) >= 0)


def told_of_own_worlds(store: Path, inputs: dict[str, Path], own: Path, alone: Path) -> None:
    """A report tells what each approach does in its own world model, and how far that is from the twin, state by state. Both
    approaches are the same policy here, the second in the world model of the first: so a folder is known by its place."""
    judged = {name: folder for name, folder in inputs.items() if name != "world"}
    tried = run_stage("evaluate", {"domain": "twin", "trials": 5, "twice": 0}, judged, store)
    cells = [{"location": "cellar", "task": "press", "approach": a, "seed": 0, "domain": "twin"} for a in ("base", "bold")]
    frame = {
        "id": "own",
        "baseline": "base",
        "locations": ["cellar"],
        "tasks": ["press"],
        "approaches": ["base", "bold"],
        "seeds": [0],
    }
    shared = {"cells": cells, "study": frame | {"trials": {"twin": 5}}}
    ports: dict[str, Path | list[Path]] = {"trials": [tried, tried]}
    ports |= {"uplift": run_stage("uplift", shared, ports, store), "own_worlds": [alone, own]}
    report = run_stage("report", shared, ports, store)
    base, bold = json.loads((report / "report.json").read_text())["own_worlds"]
    by = json.loads((own / "tried.json").read_text())
    twin = [100 * row["success"] for row in pq.read_table(tried / "trials.parquet").to_pylist()]
    assert (base["approach"], base["distinct"], base["states"]) == ("base", False, 3)
    assert (bold["approach"], bold["distinct"], bold["states"], bold["flatters"]) == ("bold", True, 4, False)
    assert bold["success"] == bold["baseline_success"] == pytest.approx(np.mean(by["own"]["approach"]), abs=1e-3)
    assert bold["flattery_band"] == [0, 0], "the same policy twice"
    (gap,) = bold["gaps"]
    assert (gap["domain"], gap["states"]) == ("twin", 4)
    assert gap["value"] == pytest.approx(np.mean(by["own"]["approach"]) - np.mean(twin[:4]), abs=1e-3)
    assert gap["band"][0] <= gap["value"] <= gap["band"][1]
    page = (report / "report.html").read_text()
    section = page[page.index('<section id="own_worlds">') :].partition("</section>")[0]
    assert "Gap to twin" in section
    assert section.count("shares the baseline") == 1
    assert 'download="own-own_worlds.csv"' in section


def test_what_is_painted_as_before_stays_as_it_was_seen(sim_twin: Path, rollouts: Path, world: Path) -> None:
    """The painter of this model has learned nothing: all that is right comes from the picture that was seen."""
    model, data = read_world(world / "model"), attempts_of(sim_twin, rollouts, end=1)
    seen = composed(data.layers[:1], data.backdrops[:1].astype(np.float32), model.facts["shadow"]).astype(np.uint8)
    state = [torch.from_numpy(x[:1]) for x in (data.state, data.objects)]
    kept = model.keep(seen, *state, quarters(torch.from_numpy(data.turns[:1])))

    def off(joints: torch.Tensor, *kept: Kept) -> float:
        painted = model.paint(joints, state[1], quarters(torch.from_numpy(data.turns[:1])), *kept)
        return float((painted.detach().permute(0, 2, 3, 1) * 255 - torch.from_numpy(seen)).abs().mean())

    assert off(state[0], kept) < 1 < 4 < off(state[0])
    assert off(state[0], kept) < off(state[0] + 1, kept)


def test_what_nobody_touches_stays_where_it_is(sim_store: Path, sim_twin: Path, rollouts: Path, world: Path) -> None:
    """Steps far below `still_mm` come to nothing, those of a push stay nearly whole; a saved model knows its own."""
    made = run_stage("world_prior", FEW | {"still_mm": 2.0}, {"twins": [sim_twin], "rollouts": [rollouts]}, sim_store)
    steps = torch.tensor([[0.1, 0, 0], [0, 1.0, 0], [0, 6.0, 8.0]]).view(1, 3, 1, 3) / 1000
    kept, whole = (read_world(folder / "model").network.ensemble.moved(steps) for folder in (made, world))
    torch.testing.assert_close(
        (kept.norm(dim=-1) / steps.norm(dim=-1)).flatten(), torch.tensor([0.0025, 0.2, 0.9615]), atol=1e-3, rtol=0
    )
    assert torch.equal(whole, steps)


@pytest.mark.parametrize("fingers", [False, True])
def test_what_is_held_rides_with_the_hand(sim_store: Path, sim_twin: Path, rollouts: Path, fingers: bool) -> None:
    """A step turns and moves the hand: an object that is held stays where it was in it, one that is not stays where it was. The
    closer look finds an object where eyes saw it, or in the hand. What is in the way of `fingers` holds joints back."""
    params = FEW | {"loose": True, "fingers": fingers}
    made = run_stage("world_prior", params, {"twins": [sim_twin], "rollouts": [rollouts]}, sim_store)
    network, data = read_world(made / "model").network, attempts_of(sim_twin, rollouts, end=1)
    one, closer = network.ensemble, network.closer
    handling, back = (one.fingers, [5.0] + [0.0] * (network.sizes.joints - 1)) if fingers else (one.handling, [])
    assert handling is not None
    assert closer is not None
    q, m = torch.from_numpy(data.state[:1]), network.sizes.members
    tip, hand = network.skeleton.hand_of(q)
    place = (tip + torch.tensor([0.01, 0.02, -0.01]))[:, None]
    told = [x.expand(m, 1, *x.shape) for x in (place, torch.tensor([[[1.0, 0.0]]]))]
    for layer in (handling.leave, closer.leave):
        layer.weight.data.zero_()
    for held in (-9.0, 9.0):
        handling.leave.bias.data.copy_(torch.tensor([*back, held, *[0.0] * 7]))
        begun = one.settle(told, q.expand(m, 1, 1, -1), torch.zeros(m, 1, 0, q.shape[1]))
        after, _ = one.step(begun, begun.joints + 0.3)
        torch.testing.assert_close(after.tip, network.skeleton.tip_of(after.joints.flatten(0, 1)).view(after.tip.shape))
        assert (after.tip - begun.tip).norm(dim=-1).min() > 0.01
        stays, rides = (
            (b.objects - after.objects if frame is None else to_hand(b.objects, b.hand) - frame).abs().max()
            for b, frame in ((begun, None), (begun, to_hand(after.objects, after.hand)))
        )
        assert (rides if held > 0 else stays) < 1e-6 < 1e-3 < (stays if held > 0 else rides)
        if fingers:
            handling.leave.bias.data[..., 0] = 0
            freely, _ = one.step(begun, begun.joints + 0.3)
            torch.testing.assert_close((after.joints - freely.joints)[..., 0], torch.full((m, 1), 0.1))
        high_cm = (float(place[0, 0, 2]) - PLANE_M) / CM
        closer.leave.bias.data.copy_(torch.tensor([0, 0, high_cm, 1, 2, -1, held]))
        picture = torch.rand(1, 3, network.sizes.height, network.sizes.width)
        found = closer(picture, picture, q, place)
        inside = tip + (hand @ torch.tensor([0.01, 0.02, -0.01]))
        torch.testing.assert_close(found[:, 0], inside if held > 0 else place[:, 0], atol=1e-5, rtol=0)


def test_points_of_hand_and_fingers_are_where_the_whole_arm_has_them(sim_twin: Path) -> None:
    """Of the SO-101 three solids of the hand and two of the jaw; a jaw that opens moves the latter alone."""
    skeleton = skeleton_of(read_model(sim_twin), read_twin(sim_twin).robot)
    joints = torch.tensor([[0.1, -0.5, 0.4, 0.9, 0.3, 0.6]]).repeat(2, 1)
    joints[1, -1] += 0.5
    tip, hand, points = skeleton.grasp_of(joints)
    torch.testing.assert_close((tip, hand), skeleton.hand_of(joints))
    torch.testing.assert_close(points, torch.cat([tip[:, None], skeleton(joints)[1][:, skeleton.grasping()].flatten(1, 2)], 1))
    assert ((points[1] - points[0]).norm(dim=-1) > 1e-3).tolist() == [False] * 7 + [True] * 4


def test_success_is_told_from_how_objects_lie_to_each_other(sim_twin: Path) -> None:
    """Far from the hand, what is near it says next to nothing of a block that lies 2 cm aside; where `related`, success minds."""
    model, robot = read_model(sim_twin), read_twin(sim_twin).robot
    minds = {}
    for related in (False, True):
        torch.manual_seed(0)
        one = Network(Sizes(robot.action_dim, 2, 48, 64, related=related), skeleton_of(model, robot), View()).ensemble
        m, q = one.s.members, torch.zeros(1, 1, 1, robot.action_dim)
        block, zone = torch.tensor([[2.0, 2.0, 0.02], [2.1, 2.0, 0.02]]), torch.tensor([1.0, 0.0]).expand(m, 1, 1, 2, 2)
        said = []
        for aside in (0.0, 0.02):
            at = (block + torch.tensor([[0.0, aside, 0.0], [0.0, 0.0, 0.0]])).expand(m, 1, 1, 2, 3)
            begun = one.settle([at, zone], q.expand(m, -1, -1, -1), torch.zeros(m, 1, 0, robot.action_dim))
            said.append(one.step(begun, begun.joints)[1].success)
        minds[related] = float((said[1] - said[0]).abs().min().detach())
    assert minds[False] < 1e-4 < 1e-3 < minds[True]


def test_what_is_looked_at_and_foretold_from_is_noised_and_the_truth_is_not(
    sim_twin: Path, rollouts: Path, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noisy-frame conditioning: members that let the button lie have it off by a share of how far buttons lie apart at the
    first look, and by as much again, in a random walk, over a window."""
    network, w = read_world(world / "model").network, Windows(attempts_of(sim_twin, rollouts, seen=False))
    one = network.ensemble
    share, rng, n, joints = 0.5, torch.Generator().manual_seed(0), 4000, w.state.shape[1]
    true = {"joints": torch.zeros(n, joints), "objects": torch.zeros(n, 1, 3), "turns": torch.tensor([1.0, 0]).expand(n, 1, 2)}
    off = w.noised(share, rng, **true)
    for name in ("joints", "objects"):
        torch.testing.assert_close(off[name].std(0), share * w.spread[name], rtol=0.05, atol=1e-9)
    torch.testing.assert_close(off["turns"].norm(dim=-1), torch.ones(n, 1))
    one.move.weight.data.zero_()
    one.move.bias.data.zero_()
    starts = torch.from_numpy(np.random.default_rng(0).choice(w.a.starts(16), (3, 200)))
    found, step = list[torch.Tensor](), one.step
    monkeypatch.setattr(one, "step", lambda now, action: (found.append(now.objects), step(now, action))[1])
    losses = []
    for much in (0.0, share):
        found.clear()
        losses.append(future(network, w, starts, Recipe(1, 200, 1, 16, 1, 1e-3, 0, frame_noise=much), rng)["objects"])
        first, last = (
            (at - w.objects[starts])[..., 0, :2].std((0, 1)) / w.spread["objects"][0, :2] for at in (found[0], found[-1])
        )
        expected = 1 + 1 / 16, 2.0
        for said, square in zip((first, last), expected, strict=True):
            torch.testing.assert_close(said, torch.full((2,), much * square**0.5), rtol=0.15, atol=0.15 * (much == 0))
    assert losses[1] > 3 * losses[0], "what was noised is held against itself"


def test_a_reward_of_its_own_learns_from_states_and_teaches_them_nothing(
    sim_store: Path, sim_twin: Path, rollouts: Path, prior: Path
) -> None:
    """The joint head pulls at what foretells states; a model of its own does not, and still tells which actions are better."""
    how = FEW | {"joint_reward": False, "frame_noise": 0.05}
    made = run_stage("world_prior", how, {"twins": [sim_twin], "rollouts": [rollouts]}, sim_store)
    data = attempts_of(sim_twin, rollouts, end=1, seen=False)
    q, at = (torch.from_numpy(x[:1]) for x in (data.state, data.objects))
    for folder, pulls in ((prior, True), (made, False)):
        one = read_world(folder / "model").network.ensemble
        assert (one.rewarder is None) == pulls
        m = one.s.members
        seen = [x.expand(m, 1, *x.shape) for x in (at[0][None], torch.tensor([[[1.0, 0.0]]]))]
        begun = one.settle(
            [x.view(m, 1, 1, *x.shape[-2:]) for x in seen], q.expand(m, 1, 1, -1), torch.zeros(m, 1, 0, q.shape[1])
        )
        for training in (True, False):
            one.train(training).zero_grad()
            action = (begun.joints + 0.1).detach().requires_grad_()
            said = one.step(begun, action)[1]
            (said.success.sum() + said.reward.sum()).backward()
            assert (one.enter.weight.grad is not None and bool(one.enter.weight.grad.any())) == (pulls or not training)
            assert (action.grad is not None) == (pulls or not training)
            if one.rewarder is not None:
                assert one.rewarder.enter.weight.grad is not None


def test_what_does_not_fit_is_refused(sim_store: Path, sim_twin: Path, rollouts: Path, prior: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="R347: rollouts hold 0 windows"):
        run_stage("world_model", TINY | {"horizon": 60}, {"twin": sim_twin, "rollouts": rollouts}, sim_store)
    with pytest.raises(InputError, match="R344: the world model has no"):
        read_world(tmp_path)
    newer = shutil.copytree(prior / "model", tmp_path / "newer")
    facts = json.loads((newer / "world.json").read_text())
    facts["network"]["sizes"]["antennae"] = 2
    (newer / "world.json").write_text(json.dumps(facts))
    (tmp_path / "other").mkdir()
    shutil.copy(newer / "world.safetensors", tmp_path / "other")
    facts["network"]["sizes"] = {k: v for k, v in facts["network"]["sizes"].items() if k != "antennae"} | {"code": 8}
    (tmp_path / "other" / "world.json").write_text(json.dumps(facts))
    with pytest.raises(InputError, match=r"R344: .* is not of the network"):
        read_world(tmp_path / "other")
    with pytest.raises(InputError, match=r"R344: the world model was made by another version of simkiln.* `antennae`"):
        read_world(newer)


def test_a_video_model_is_held_against_the_last_picture(sim_store: Path, sim_twin: Path, rollouts: Path) -> None:
    """The null model foresees what copying does; what the hand is asked for is what joints are asked for, through the arm."""
    tried = run_stage("foresee", {"windows": 3}, {"twin": sim_twin, "rollouts": rollouts}, sim_store)
    said = read_manifest(tried)["metrics"]
    assert said["psnr_model_8"] == said["psnr_copy_8"] == said["psnr_shuffled_8"] > said["psnr_copy_16"] - 5
    data, facts = attempts_of(sim_twin, rollouts, end=1), read_twin(sim_twin)
    poses = asked_of(sim_twin, data.state[:1], np.stack([data.state[:1], data.state[9:10]], 1))
    np.testing.assert_allclose(poses[0, 0, :9], [0, 0, 0, 1, 0, 0, 0, 1, 0], atol=1e-6)
    assert np.linalg.norm(poses[0, 1, :3]) == pytest.approx(np.linalg.norm(data.tip[9] - data.tip[0]), abs=1e-5)
    low, high = facts.robot.limits_rad[facts.robot.gripper_index]
    assert poses[0, 1, 9] == pytest.approx((data.state[9, facts.robot.gripper_index] - low) / (high - low), abs=1e-6)


@pytest.fixture
def gullible(sim_store: Path, sim_twin: Path, rollouts: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model whose success head takes the arm for the button: it says that all is done where the base has turned."""
    save = WorldModel.save

    def planted(model: WorldModel, folder: Path) -> None:
        one = model.network.ensemble
        with torch.no_grad():
            for layer in (one.say, one.tell):
                layer.weight.zero_()
                layer.bias.zero_()
            one.say.weight[:, 2 * model.network.sizes.code, 0], one.tell.weight[:, 0, 0] = 20, 1
            one.say.bias[..., 0], one.tell.bias[..., 0] = 4, -5
        save(model, folder)

    monkeypatch.setattr(WorldModel, "save", planted)
    params = TINY | {"world_seed": 1, "scripted_tries": 0}
    return run_stage("world_model", params, {"twin": sim_twin, "rollouts": rollouts}, sim_store)


def test_what_climbs_the_success_head_is_refused(
    sim_store: Path, sim_twin: Path, sim_demos: Path, sim_policy: Path, sim_conditions: Path, gullible: Path
) -> None:
    """Success that only the model sees stops every claim that rests on it."""
    place, names, few = ("cellar", "press"), ("exploits", "baseline"), {"trials": 6, "twice": 0}
    outcomes: dict[tuple[str, str], Runs] = defaultdict(lambda: {place: {}})
    made = {"policy": sim_policy, "demos": sim_demos, "world": gullible, "twin": sim_twin}
    judged = {"twin": sim_twin, "conditions": sim_conditions}
    for seed in range(2):
        how = {"steps": 10, "starts": 4, "batch_size": 4, "learning_rate": 3e-3, "seed": seed}
        climbed = run_stage("exploit", how, made, sim_store)
        said = read_manifest(climbed)["metrics"]
        assert said["imagined_before"] < 0.4 < 0.8 < said["imagined_after"]
        for name, policy in zip(names, (climbed, sim_policy), strict=True):
            inside = {"policy": policy, "world": gullible, **judged}
            tried = {
                "world_model": run_stage("imagined_trials", {"domain": "world_model", **few}, inside, sim_store),
                "twin": run_stage("evaluate", {"domain": "twin", **few}, {"policy": policy, **judged}, sim_store),
            }
            for domain, trials in tried.items():
                rows = pq.read_table(trials / "trials.parquet").to_pylist()
                outcomes[name, domain][place][seed] = {r["initial_state"]: float(r["success"]) for r in rows}
    gate = GateRule.model_validate(
        {"metric": "exploitation", "approach": "exploits", "domain": "world_model", "against": "twin"}
        | {"comparator": "at_most", "threshold": 10}
    )
    found = Trials(dict(outcomes), {})
    verdict = of_trials(gate, found, "baseline", 0.95)
    assert (verdict["status"], verdict["value"] > 40) == (Status.FAILED, True)
    places = {"locations": ("cellar",), "tasks": ("press",), "trials": {}}
    frame = StudyFrame.model_validate({"id": "s", "baseline": "baseline", "approaches": names, "seeds": (0, 1), **places})
    for domain, status in (("world_model", Status.NOT_RUN), ("twin", Status.UNDECIDED)):
        claim = Superior(kind="superior", approach="exploits", domain=domain)
        assert of_claim(claim, found, frame, exploited=(gate,))["status"] is status


def test_the_expert_knows_what_the_members_believe(sim_twin: Path, world: Path) -> None:
    """In a model whose heads say nothing its arm still goes where the expert wants it: above the object."""
    model, facts = read_world(world / "model"), read_twin(sim_twin)
    kind = kind_of(facts.task)
    starts = [Condition("scripted", kind.draw_start(facts.task, i, "scripted", 0, facts.robot)) for i in range(3)]
    found = dreamt_from(model, None, sim_twin, facts, starts).dream
    aside = np.linalg.norm(found.tip[..., :2] - found.objects[..., 0, :2], axis=2)
    assert np.all(aside[:, -1] < 0.6 * aside[:, 0])


def test_calibration_counts_how_far_shares_are_from_what_was_said() -> None:
    said, truth = np.array([0.1, 0.1, 1.0, 1.0]), np.array([False, False, True, False])
    assert calibration(said, truth) == pytest.approx(0.5 * 0.1 + 0.5 * 0.5)


def test_auc_is_the_chance_to_order_a_pair() -> None:
    assert auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True])) == 0.875
    assert np.isnan(auc(np.array([0.1, 0.4]), np.array([True, True])))
