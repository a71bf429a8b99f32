"""Rooms: each seed lays out its own, clear of the table; sites without a word about it stay what they were."""

import hashlib

import numpy as np
import pytest

from compiler.graph.fingerprint import addressed
from runtime.bound.source import HiddenSite
from runtime.sim.parts.mj import mujoco
from runtime.sim.parts.solid import SITE_GROUP, add_solids
from runtime.sim.pixels.raycast import cast
from runtime.sim.site.place import hidden_place
from runtime.sim.site.rooms import KINDS, NEAREST_M


def site(seed: int, **said: object) -> HiddenSite:
    return HiddenSite.model_validate({"kind": "hidden_site", "seed": seed} | said)


def test_a_site_without_a_room_is_what_it_was() -> None:
    place = hidden_place(site(31))
    assert hashlib.sha256(repr((place.solids, place.materials)).encode()).hexdigest()[:12] == "fb0ff117ccc7"
    plain, office = (addressed(one, one.model_dump(mode="json")) for one in (site(31), site(31, room="office")))
    assert office == plain | {"room": "office"}


def test_household_things_are_textured_solid_and_change_nothing_else() -> None:
    plain, other = (hidden_place(site(seed, things="household")) for seed in (31, 32))
    assert {s.name: s for s in plain.solids}.keys() == set(plain.materials)
    assert plain.physics == hidden_place(site(31)).physics
    assert addressed(s := site(31, things="household"), s.model_dump(mode="json"))["things"] == "household"
    spec = mujoco.MjSpec()
    add_solids(spec, plain.solids, SITE_GROUP, friction=1.0)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    things = [s for s in plain.solids if s.turned is not None]
    assert len(things) > 5
    assert len({s.size_m for s in things} | {s.size_m for s in other.solids if s.turned}) > 10
    for thing in things:
        x, y, _ = thing.center_m
        assert np.hypot(x, y) > 0.38, "it stands where the robot does"
        down = cast(model, data, np.array((x, y, 0.5)), np.array(((0.0, 0.0, -1.0),)), (SITE_GROUP,), 0.01)
        assert model.geom(int(down.geom[0])).name == thing.name
        assert 0.5 - down.range[0] == pytest.approx(2 * thing.size_m[1], abs=1e-6), "it stands on its foot"
        assert model.geom_contype[down.geom[0]]
        assert np.isfinite(down.paint).all()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_rooms_differ_by_seed_and_leave_the_table_alone(kind: str) -> None:
    seen = set()
    for seed in range(12):
        place = hidden_place(site(seed, room=kind))
        assert {s.name for s in place.solids} == set(place.materials)
        assert place.physics == hidden_place(site(seed)).physics, "a room changes looks alone"
        around = [s for s in place.solids if s.name.startswith("site/room/")]
        seen.add((len(around), around[0].size_m))
        for solid in around:
            half = np.array((*solid.size_m, solid.size_m[0], solid.size_m[0])[:3])
            turned = solid.yaw_rad != 0
            away = np.hypot(*np.maximum(np.abs(solid.center_m[:2]) - half[:2] * (not turned), 0)) - np.hypot(*half[:2]) * turned
            assert away > NEAREST_M - 0.1 or solid.center_m[2] > 1.7, f"{solid} is in the way"
        ceiling = around[0]
        assert place.photo_lamp.position_m[2] < ceiling.center_m[2] - ceiling.size_m[2], "the lamp hangs in the room"
    assert len(seen) == 12
