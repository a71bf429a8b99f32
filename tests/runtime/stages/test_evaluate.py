"""Trials: one row per initial state, the same for every policy, in the twin and at the hidden site."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from runtime.bound.cell import Cell
from runtime.build.testing import run_stage
from runtime.coverage.video import read_video
from runtime.learn.actor import PolicyFacts
from runtime.learn.load import load_policy
from runtime.problem import InputError
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.eye import Eye
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.expert import expert_action
from runtime.sim.site.install import install
from runtime.sim.site.place import hidden_place
from runtime.sim.tasks import kind_of
from runtime.sim.trials.run import run_trials
from runtime.sim.trials.tables import save_twice
from runtime.sim.twin.twin import eyes_of, read_backdrops, read_model, read_twin
from runtime.stats.table.table import SCHEMA, join
from runtime.store.store import Store
from tests.runtime.stages.sim_chain import SITE, TASK

TRIALS = 6


class Expert:
    """The scripted expert in the place of a policy: it sees the true state and ignores the pictures."""

    facts: PolicyFacts
    looks = True

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.shapes: set[tuple[int, ...]] = set()

    def reset(self, n: int) -> None:
        assert n == len(self.bench)

    def act(self, images: dict[str, np.ndarray], state: np.ndarray, instruction: str) -> np.ndarray:
        assert instruction
        self.shapes |= {images["front"].shape, state.shape}
        b = self.bench
        return np.stack([expert_action(b.task, b.seen(i)) for i in range(len(b))])


class Still(Expert):
    """Does nothing."""

    def act(self, images: dict[str, np.ndarray], state: np.ndarray, instruction: str) -> np.ndarray:
        return np.asarray(state, np.float64)


def trials_of_expert(twin_folder: Path, hidden: bool, count: int, actor: type[Expert] = Expert):
    twin = read_twin(twin_folder)
    if hidden:
        real = install(SITE, twin)
        model, physics, eyes = real.model, real.physics, real.eyes
    else:
        model, physics = read_model(twin_folder), twin.physics
        eyes = eyes_of(model, twin, read_backdrops(twin_folder, twin))
    starts = [kind_of(twin.task).draw_start(twin.task, i, "trial") for i in range(count)]
    bench = Bench(model, physics, twin.task, twin.control_hz, starts)
    expert = actor(bench)
    return run_trials(bench, eyes, expert, round(twin.task.horizon_s * twin.control_hz)), expert


def test_the_expert_succeeds_in_the_twin_and_mostly_at_the_hidden_site(sim_twin: Path) -> None:
    in_twin, expert = trials_of_expert(sim_twin, hidden=False, count=20)
    assert np.mean([t.success for t in in_twin]) > 0.95
    assert expert.shapes == {(20, 48, 64, 3), (20, 6)}
    at_site, _ = trials_of_expert(sim_twin, hidden=True, count=20)
    assert np.mean([t.success for t in at_site]) > 0.7
    assert all(len(t.film()) == t.steps + 1 for t in at_site[:3])


class Planner(Expert):
    """Acts well, and looks at every third step only; keeps what it was shown."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.shown: list[dict[str, np.ndarray]] = []

    @property
    def looks(self) -> bool:
        return len(self.shown) % 3 == 0

    def act(self, images: dict[str, np.ndarray], state: np.ndarray, instruction: str) -> np.ndarray:
        self.shown.append(images)
        return super().act({"front": np.zeros(0)}, state, instruction)


def test_a_policy_is_shown_pictures_when_it_looks_and_films_show_them_all(
    sim_twin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, see = [], Eye.see
    monkeypatch.setattr(Eye, "see", lambda *args: drawn.append(0) or see(*args))
    (done, _), (others, planner) = (trials_of_expert(sim_twin, False, 4, actor) for actor in (Expert, Planner))
    longest = max(t.steps for t in done)
    looked = [sum(t.steps > step for t in done) for step in range(0, longest, 3)]
    assert len(drawn) == sum(t.steps for t in done) + sum(looked)
    assert [bool(images) for images in planner.shown] == [step % 3 == 0 for step in range(longest)]
    assert [t.row() for t in others] == [t.row() for t in done]
    for i, (one, other) in enumerate(zip(done, others, strict=True)):
        film = one.film()
        assert np.array_equal(film, other.film())
        assert all(np.array_equal(planner.shown[step]["front"][i], film[step]) for step in range(0, one.steps, 3))


def test_the_hidden_site_looks_like_the_twin_but_not_the_same(sim_twin: Path) -> None:
    """Camera, robot and objects stand in the same places; light, camera and surfaces differ."""
    twin = read_twin(sim_twin)
    a = read_backdrops(sim_twin, twin)["front"].rgb
    real = install(SITE, twin)
    behind = real.eyes["front"].behind
    assert isinstance(behind, Backdrop)
    b = behind.rgb
    assert np.corrcoef(a.mean(-1).ravel(), b.mean(-1).ravel())[0, 1] > 0.4
    assert np.abs(a - b).mean() > 0.02
    assert abs(real.support_height_error_m) < 0.005
    assert real.physics == hidden_place(SITE).physics


@pytest.fixture(scope="module")
def in_twin(sim_store: Path, sim_policy: Path, sim_twin: Path, sim_conditions: Path) -> Path:
    return run_stage(
        "evaluate",
        {"domain": "twin", "trials": TRIALS},
        {"policy": sim_policy, "twin": sim_twin, "conditions": sim_conditions},
        sim_store,
    )


@pytest.fixture(scope="module")
def at_site(sim_store: Path, sim_policy: Path, sim_twin: Path, sim_conditions: Path) -> Path:
    params = {"domain": "irl_proxy", "trials": TRIALS, "site": SITE.model_dump()}
    return run_stage("evaluate", params, {"policy": sim_policy, "twin": sim_twin, "conditions": sim_conditions}, sim_store)


@pytest.mark.parametrize("name", ["in_twin", "at_site"])
def test_trials_join_into_the_study_table(name: str, request: pytest.FixtureRequest) -> None:
    artifact = request.getfixturevalue(name)
    domain = "twin" if name == "in_twin" else "irl_proxy"
    table = pq.read_table(artifact / "trials.parquet")
    cell = Cell(approach="a", location="l", task="t", seed=3, domain=domain)
    joined = join([table], [cell])
    assert joined.schema == SCHEMA
    assert sorted(joined["initial_state"].to_pylist()) == [str(i) for i in range(TRIALS)]
    for row in joined.to_pylist():
        assert 0 <= row["score"] <= 1
        assert (row["failure_mode"] == "") is row["success"]
        assert 1 <= row["steps"] <= 40
    metrics = json.loads((artifact / "manifest.json").read_text())["metrics"]
    assert metrics["n"] == TRIALS
    assert sum(metrics["failure_modes"].values()) == round(TRIALS * (1 - metrics["success_rate"]))


def test_a_contact_sheet_shows_eight_frames(at_site: Path) -> None:
    sheets = list((at_site / "rollouts").glob("*.png"))
    assert sheets
    assert Image.open(sheets[0]).size == (64 * 3 * 8, 48 * 3)


@pytest.mark.parametrize("name", ["in_twin", "at_site"])
def test_the_first_trials_run_twice_end_the_same(name: str, request: pytest.FixtureRequest) -> None:
    artifact = request.getfixturevalue(name)
    second = pq.read_table(artifact / "twice.parquet").to_pylist()
    first = {row["initial_state"]: row for row in pq.read_table(artifact / "trials.parquet").to_pylist()}
    assert [row["initial_state"] for row in second] == ["0", "1", "2", "3"]
    for row in second:
        once = first[row["initial_state"]]
        assert (row["success"], row["steps"]) == (once["success"], once["steps"])
        assert row["score"] == pytest.approx(once["score"], abs=1e-6)
    metrics = json.loads((artifact / "manifest.json").read_text())["metrics"]
    assert (metrics["repeated"], metrics["differing"], metrics["steps_apart"]) == (4, 0, 0)


@pytest.mark.parametrize(("twice", "repeated"), [(0, 0), (9, 2)])
def test_at_most_all_trials_run_twice(
    sim_store: Path, sim_policy: Path, sim_twin: Path, sim_conditions: Path, twice: int, repeated: int
) -> None:
    params = {"domain": "twin", "trials": 2, "twice": twice}
    artifact = run_stage("evaluate", params, {"policy": sim_policy, "twin": sim_twin, "conditions": sim_conditions}, sim_store)
    assert pq.read_metadata(artifact / "twice.parquet").num_rows == repeated
    assert json.loads((artifact / "manifest.json").read_text())["metrics"]["repeated"] == repeated


def test_a_policy_that_forgets_to_reset_is_found_out(sim_twin: Path, tmp_path: Path) -> None:
    """The expert, but in its second batch it stands still: all trials end differently, and the file says so."""
    first, _ = trials_of_expert(sim_twin, hidden=False, count=4)
    twin = read_twin(sim_twin)
    model = read_model(sim_twin)
    starts = [kind_of(twin.task).draw_start(twin.task, i, "trial") for i in range(4)]
    bench = Bench(model, twin.physics, twin.task, twin.control_hz, starts)
    still = Still(bench)
    second = run_trials(bench, eyes_of(model, twin, read_backdrops(sim_twin, twin)), still, 10)
    metrics = save_twice(tmp_path / "twice.parquet", first, second)
    assert (metrics["repeated"], metrics["differing"]) == (4, sum(t.success for t in first))
    assert metrics["steps_apart"] > 0
    assert not any(pq.read_table(tmp_path / "twice.parquet")["success"].to_pylist())


def test_trials_repeat(in_twin: Path, sim_policy: Path, sim_twin: Path, sim_conditions: Path, sim_store: Path) -> None:
    again = run_stage(
        "evaluate",
        {"domain": "twin", "trials": TRIALS, "sheet_columns": 6},
        {"policy": sim_policy, "twin": sim_twin, "conditions": sim_conditions},
        sim_store,
    )
    assert again != in_twin
    assert pq.read_table(again / "trials.parquet").equals(pq.read_table(in_twin / "trials.parquet"))


def test_a_location_without_hidden_site_has_no_irl_proxy(
    sim_store: Path, sim_policy: Path, sim_twin: Path, sim_conditions: Path
) -> None:
    with pytest.raises(InputError, match="R271"):
        run_stage(
            "evaluate",
            {"domain": "irl_proxy", "trials": 2},
            {"policy": sim_policy, "twin": sim_twin, "conditions": sim_conditions},
            sim_store,
        )


def test_the_film_shows_the_trial_that_it_says(at_site: Path) -> None:
    rows = {row["initial_state"]: row for row in pq.read_table(at_site / "trials.parquet").to_pylist()}
    index = json.loads((at_site / "rollouts" / "typical.json").read_text())
    assert index
    for outcome, said in index.items():
        row = rows[said["initial_state"]]
        assert row["success"] is (outcome == "success")
        assert (row["steps"], row["failure_mode"]) == (said["steps"], said["failure_mode"])
        frames, fps = read_video(at_site / "rollouts" / f"{outcome}.mp4")
        assert (len(frames), fps) == (row["steps"] + 1, said["fps"])


@pytest.mark.parametrize("name", ["in_twin", "at_site"])
def test_people_see_the_same_end_of_a_trial_in_more_pixels(name: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(name) / "rollouts"
    for outcome in json.loads((folder / "typical.json").read_text()):
        frames, _ = read_video(folder / f"{outcome}.mp4")
        policy, large = Image.fromarray(frames[-1]).resize((64, 48), Image.Resampling.BOX), Image.open(folder / f"{outcome}.webp")
        assert large.size == (480, 360)
        small = np.asarray(large.convert("RGB").resize((64, 48), Image.Resampling.BOX), float)
        assert np.abs(small - np.asarray(policy, float)).mean() < 8  # the same view at the same moment
        blurred = np.asarray(policy.resize((480, 360), Image.Resampling.BICUBIC), float)
        assert edges(np.asarray(large.convert("RGB"), float)) > 1.5 * edges(blurred)  # drawn again, not blown up
        shown, fps = read_video(folder / f"{outcome}-large.mp4")
        steps = json.loads((folder / "typical.json").read_text())[outcome]["steps"]
        assert (shown.shape[1:], fps, len(shown)) == ((360, 480, 3), 5.0, -(-steps // 2) + 1)  # every other step, and the end
        assert np.abs(shown[-1].astype(float) - np.asarray(large.convert("RGB"), float)).mean() < 4


def edges(picture: np.ndarray) -> float:
    """The strongest hundredth of steps between neighbouring pixels, in 8-bit levels."""
    return float(np.quantile(np.abs(np.diff(picture.mean(axis=2), axis=1)), 0.99))


@pytest.mark.parametrize("name", ["in_twin", "at_site"])
def test_replayed_trials_are_those_of_drawn_states(
    name: str, request: pytest.FixtureRequest, sim_policy: Path, sim_twin: Path
) -> None:
    """To the last digit: what trials gave before there were condition sets, at the level that sites had then."""
    artifact, twin = request.getfixturevalue(name), read_twin(sim_twin)
    if name == "at_site":
        real = install(SITE, twin)
        model, physics, eyes = real.model, real.physics, real.eyes
    else:
        model, physics = read_model(sim_twin), twin.physics
        eyes = eyes_of(model, twin, read_backdrops(sim_twin, twin))
    starts = [kind_of(twin.task).draw_start(twin.task, i, "trial", 0) for i in range(TRIALS)]
    bench = Bench(model, physics, twin.task, twin.control_hz, starts)
    done = run_trials(bench, eyes, load_policy(sim_policy / "checkpoint"), round(twin.task.horizon_s * twin.control_hz))
    names = ["initial_state", "success", "score", "failure_mode", "steps"]
    assert pq.read_table(artifact / "trials.parquet").select(names).to_pylist() == [trial.row() for trial in done]


def test_each_trial_says_its_protocol(in_twin: Path, at_site: Path, sim_conditions: Path) -> None:
    digest = json.loads((sim_conditions / "conditions.json").read_text())["digests"]["held_out"]
    for artifact in (in_twin, at_site):
        said = json.loads((artifact / "protocol.json").read_text())
        assert (said["horizon_s"], said["control_hz"], said["conditions"]) == (4.0, 10.0, digest)
        assert said["success"]["kind"] == "press_button"
        assert said["success"]["press_m"] == 0.006
        assert set(pq.read_table(artifact / "trials.parquet")["protocol"].to_pylist()) == {said["digest"]}
        assert json.loads((artifact / "manifest.json").read_text())["metrics"]["protocol"] == said["digest"]


def test_levels_in_turn_are_tried_at_a_site_each(sim_store: Path, sim_policy: Path, sim_twin: Path, at_site: Path) -> None:
    """States of the level `medium` end as they do where all have it; the others meet another site."""
    params = {"task": TASK.model_dump(), "states": TRIALS, "gap": ["none", "medium"]}
    turns = run_stage("conditions", params, {}, sim_store)
    wanted = {"domain": "irl_proxy", "trials": TRIALS, "site": SITE.model_dump()}
    mixed = run_stage("evaluate", wanted, {"policy": sim_policy, "twin": sim_twin, "conditions": turns}, sim_store)
    ours, all_medium = (pq.read_table(a / "trials.parquet").to_pylist() for a in (mixed, at_site))
    assert [row["initial_state"] for row in ours] == [str(i) for i in range(TRIALS)]
    alike = [a["score"] == pytest.approx(b["score"], abs=1e-4) for a, b in zip(ours, all_medium, strict=True)]
    assert alike[1::2] == [True] * 3
    assert not all(alike[::2])
    assert ours[0]["protocol"] != all_medium[0]["protocol"]
    repeated = pq.read_table(mixed / "twice.parquet")["initial_state"].to_pylist()
    assert repeated == ["0", "1", "2", "3"]


def test_a_site_wants_conditions_with_a_level(sim_store: Path, sim_policy: Path, sim_twin: Path) -> None:
    none = run_stage("conditions", {"task": TASK.model_dump(), "states": 2}, {}, sim_store)
    wanted = {"domain": "irl_proxy", "trials": 2, "site": SITE.model_dump()}
    with pytest.raises(InputError, match="R273: the conditions name no level"):
        run_stage("evaluate", wanted, {"policy": sim_policy, "twin": sim_twin, "conditions": none}, sim_store)


def test_a_task_that_no_demos_tested_is_tested_first(
    in_twin: Path, sim_policy: Path, sim_twin: Path, sim_conditions: Path, sim_store: Path
) -> None:
    """Of a policy that comes from elsewhere: an arm at rest must fail and the expert succeed before a trial counts."""
    with Store(sim_store).building("policy", "b" * 32) as folder:
        shutil.copytree(sim_policy, folder, ignore=shutil.ignore_patterns("manifest.json"), dirs_exist_ok=True)
        facts = json.loads((sim_policy / "manifest.json").read_text()) | {"parents": {}, "fingerprint": "b" * 32}
        brought = Store(sim_store).publish("policy", "b" * 32, folder, facts)
    inputs = {"policy": brought, "twin": sim_twin, "conditions": sim_conditions}
    tried = run_stage("evaluate", {"domain": "twin", "trials": 2, "twice": 0}, inputs, sim_store)
    metrics = json.loads((tried / "manifest.json").read_text())["metrics"]
    assert (metrics["idle_successes"], metrics["expert_rate"] >= 0.85) == (0, True)
    assert "expert_rate" not in json.loads((in_twin / "manifest.json").read_text())["metrics"]  # its demos did that
    factors = [json.loads(cell) for cell in pq.read_table(tried / "trials.parquet")["factors"].to_pylist()]
    said = [
        row for row in json.loads((sim_conditions / "conditions.json").read_text())["conditions"] if row["split"] == "held_out"
    ]
    for found, row in zip(factors, said, strict=False):
        assert [found["object_x_m"], found["object_y_m"]] == pytest.approx(row["objects_m"][0][:2], rel=1e-4)


def test_trials_at_a_site_say_what_is_true_of_it(at_site: Path) -> None:
    place = hidden_place(SITE)
    for cell in pq.read_table(at_site / "trials.parquet")["factors"].to_pylist():
        found = json.loads(cell)
        assert found["gap"] == "medium"
        assert found["friction"] == pytest.approx(place.physics.friction, rel=1e-4)
        assert found["camera_shift_mm"] == pytest.approx(1000 * np.linalg.norm(place.camera_shift_m), rel=1e-4)
