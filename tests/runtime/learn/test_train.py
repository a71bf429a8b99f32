"""Training is reproducible, padding does not count, and an untrained policy differs by its weights alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from runtime.learn.augment import augment
from runtime.learn.dataset import read_arrays, with_places
from runtime.learn.learner import make_learner
from runtime.learn.normaliser import load_stats, normaliser_digest
from runtime.learn.optimiser import AdamW
from runtime.learn.small.learner import LightLearner
from runtime.learn.small.network import chunk_loss
from runtime.learn.spec import Spec
from runtime.learn.train import Recipe, rate_factor, seed_everything, train, weights_digest
from runtime.learn.windows import make_windows, split_episodes
from runtime.problem import InputError
from tests.runtime.learn import reach

SPEC = Spec("small", ("front",), reach.HW, 6, 6, chunk=8, n_action_steps=4)


def _digest(dataset: Path, seed: int, steps: int, shift_px: int = 0) -> str:
    seed_everything(seed)
    learner = make_learner(SPEC, dataset)
    train(learner, read_arrays(dataset), Recipe(steps, 8, 1e-3, seed, shift_px=shift_px, jitter=shift_px / 10))
    return weights_digest(learner)


@pytest.mark.parametrize("shift_px", [0, 2])
def test_the_seed_decides_the_weights(demos: tuple[Path, list[dict]], shift_px: int) -> None:
    dataset = demos[0] / "dataset"
    assert _digest(dataset, 0, 4, shift_px) == _digest(dataset, 0, 4, shift_px)
    assert _digest(dataset, 0, 4, shift_px) != _digest(dataset, 1, 4, shift_px)


def test_untrained_has_the_same_normaliser_and_other_weights(demos: tuple[Path, list[dict]], tmp_path: Path) -> None:
    dataset, digests, weights = demos[0] / "dataset", [], []
    for steps in (0, 4):
        seed_everything(0)
        learner = make_learner(SPEC, dataset)
        trained = train(learner, read_arrays(dataset), Recipe(steps, 8, 1e-3, 0))
        assert (trained.loss is None) == (steps == 0)
        learner.save(tmp_path / str(steps))
        digests.append(normaliser_digest(tmp_path / str(steps)))
        weights.append(weights_digest(learner))
    assert digests[0] == digests[1]
    assert weights[0] != weights[1]


def test_training_lowers_the_loss(demos: tuple[Path, list[dict]]) -> None:
    seed_everything(0)
    dataset = demos[0] / "dataset"
    trained = train(make_learner(SPEC, dataset), read_arrays(dataset), Recipe(60, 16, 3e-3, 0, held_out=1))
    assert trained.curve[-1][1] < 0.4 * trained.curve[0][1]
    assert trained.held_out_loss is not None
    assert [c[0] for c in trained.curve][-1] == 60


def test_windows_stay_within_their_episode(demos: tuple[Path, list[dict]]) -> None:
    arrays = read_arrays(demos[0] / "dataset")
    windows = make_windows(arrays, np.arange(72), (-1, 0), (0, 1, 2))
    batch = windows.batch(np.array([0, 11, 12]))  # first and last frame of demo 0, first of demo 1
    np.testing.assert_array_equal(batch["observation.state"][0], arrays.state[[0, 0]])
    np.testing.assert_array_equal(batch["observation.state"][2], arrays.state[[12, 12]])
    np.testing.assert_array_equal(batch["action"][1], arrays.action[[11, 11, 11]])
    assert batch["action_is_pad"].tolist() == [[False] * 3, [False, True, True], [False] * 3]
    assert batch["observation.images.front"].shape == (3, 2, *reach.HW, 3)


def test_held_out_demos_are_whole_and_at_least_one_trains() -> None:
    index = np.repeat(np.arange(5), 3)
    kept, out = split_episodes(index, 2)
    assert len(np.unique(index[out])) == 2
    assert not set(index[kept]) & set(index[out])
    assert len(np.unique(index[split_episodes(index, 99)[0]])) == 1


def test_padding_does_not_count() -> None:
    pred, goal = torch.zeros(1, 2, 1), torch.tensor([[[1.0], [9.0]]])
    assert float(chunk_loss(pred, goal, torch.tensor([[False, True]]))) == 1.0
    assert float(chunk_loss(pred, goal, torch.tensor([[False, False]]))) == 5.0


def test_a_joint_that_never_moves_does_not_blow_up(demos: tuple[Path, list[dict]]) -> None:
    entry = load_stats(demos[0] / "dataset")["observation.state"]
    assert entry["std"][5] == pytest.approx(0.02)  # the gripper stands still in these demos
    assert entry["max"][5] - entry["min"][5] == pytest.approx(0.04)


def test_the_optimiser_is_torchs_adamw() -> None:
    torch.manual_seed(0)
    start, target = torch.randn(7), torch.randn(7)
    ours, theirs = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    mine, reference = AdamW([ours], 0.1, clip_norm=0.3), torch.optim.AdamW([theirs], lr=0.05, weight_decay=0.1)
    for _ in range(5):
        mine.zero_grad()
        reference.zero_grad()
        ((ours - target) ** 2).mean().backward()
        ((theirs - target) ** 2).mean().backward()
        torch.nn.utils.clip_grad_norm_([theirs], 0.3)  # these gradients have norms of 0.8 and less
        mine.step(0.05)
        reference.step()
    torch.testing.assert_close(ours, theirs)


def test_the_rate_rises_then_falls_to_nothing() -> None:
    recipe = Recipe(100, 1, 1.0, 0)
    rates = [rate_factor(s, recipe) for s in range(100)]
    assert max(rates) == pytest.approx(1.0)
    assert rates[0] < 0.3
    assert rates[-1] < 0.01


def test_light_changes_by_a_gain_for_each_channel_and_is_cut_to_whole_bytes() -> None:
    images = np.random.default_rng(1).integers(0, 256, (5, 2, 4, 6, 3), np.uint8)  # five windows of two pictures
    changed = augment({"observation.images.front": images}, np.random.default_rng(2), 0, 0.3)["observation.images.front"]
    rng = np.random.default_rng(2)
    gain = (rng.uniform(0.7, 1.3, (5, 1)) * rng.uniform(0.85, 1.15, (5, 3))).astype(np.float32)
    assert (changed == (images * gain[:, None, None, None]).clip(0, 255).astype(np.uint8)).all()


def test_shifts_move_pixels_and_leave_the_rest(demos: tuple[Path, list[dict]]) -> None:
    arrays = read_arrays(demos[0] / "dataset")
    batch = make_windows(arrays, np.arange(72), None, (0,)).batch(np.arange(8))
    moved = augment(batch, np.random.default_rng(0), 2, 0.0)
    before, after = batch["observation.images.front"], moved["observation.images.front"]
    assert before.shape == after.shape
    assert (before != after).any()
    h, w = reach.HW
    found = [
        any(
            (np.roll(b, (-dy, -dx), (0, 1))[3 : h - 3, 3 : w - 3] == a[3 : h - 3, 3 : w - 3]).all()
            for dy in range(-2, 3)
            for dx in range(-2, 3)
        )
        for b, a in zip(before, after, strict=True)
    ]
    assert all(found)
    assert moved["action"] is batch["action"]


def test_options_that_small_does_not_have_are_refused(demos: tuple[Path, list[dict]]) -> None:
    for extra in ({"depth": 3}, {"width": 0}, {"width": True}):
        with pytest.raises(InputError, match="not an option"):
            make_learner(Spec("small", ("front",), reach.HW, 6, 6, 8, 4, extra), demos[0] / "dataset")


@pytest.mark.parametrize("shift_px", [0, 2])
def test_keypoints_learn_to_lie_where_objects_are(demos: tuple[Path, list[dict]], shift_px: int) -> None:
    """From demos that know it; a shifted picture shows the object elsewhere, and the loss on demos stays that of the actions."""
    arrays = read_arrays(demos[0] / "dataset")
    discs = [(image[..., 0].astype(float) - image[..., 1] > 90).nonzero() for image in arrays.images["front"]]
    middle = np.array([(cols.mean(), rows.mean()) for rows, cols in discs])
    places = ((middle + 0.5) / reach.HW[::-1] * 2 - 1).astype(np.float32)[:, None]
    off = []
    for weight in (0.0, 0.5):
        seed_everything(0)
        learner = LightLearner(replace(SPEC, places_weight=weight), load_stats(demos[0] / "dataset"))
        train(learner, replace(arrays, places={"front": places}), Recipe(80, 16, 3e-3, 0, shift_px=shift_px, held_out=1))
        pictures = [learner.image(arrays.images["front"], "front")]
        seen = learner.net.look(pictures)[0].detach().numpy().reshape(len(places), -1, 2)
        off.append(float(np.abs(seen[:, 0] - places[:, 0]).mean()))
    assert off[1] < 0.12
    assert off[1] < 0.5 * off[0]


def test_held_out_demos_are_the_same_for_every_seed_and_their_loss_is_followed(demos: tuple[Path, list[dict]]) -> None:
    dataset = demos[0] / "dataset"
    losses = []
    for seed in (0, 1):
        seed_everything(0)
        trained = train(make_learner(SPEC, dataset), read_arrays(dataset), Recipe(0, 8, 1e-3, seed, held_out=2))
        losses.append(trained.held_out_loss)
    assert losses[0] == losses[1]
    trained = train(make_learner(SPEC, dataset), read_arrays(dataset), Recipe(100, 8, 1e-3, 0, held_out=2))
    measured = [step for step, _, _, held in trained.curve if held is not None]
    assert len(measured) == 11
    assert measured[-1] == 100
    assert trained.curve[-1][3] == trained.held_out_loss


def test_places_of_other_frames_are_refused(demos: tuple[Path, list[dict]], tmp_path: Path) -> None:
    arrays = read_arrays(demos[0] / "dataset")
    assert with_places(arrays, tmp_path / "absent.npz") is arrays
    np.savez(tmp_path / "places.npz", front=np.zeros((3, 1, 2), np.float32))
    with pytest.raises(InputError, match="R309"):
        with_places(arrays, tmp_path / "places.npz")
