"""Rooms: each seed lays out its own, clear of the table; sites without a word about it stay what they were."""

import hashlib

import numpy as np
import pytest

from compiler.graph.fingerprint import addressed
from runtime.bound.source import HiddenSite
from runtime.sim.site.place import hidden_place
from runtime.sim.site.rooms import KINDS, NEAREST_M


def site(seed: int, **said: object) -> HiddenSite:
    return HiddenSite.model_validate({"kind": "hidden_site", "seed": seed} | said)


def test_a_site_without_a_room_is_what_it_was() -> None:
    place = hidden_place(site(31))
    assert hashlib.sha256(repr((place.solids, place.materials)).encode()).hexdigest()[:12] == "fb0ff117ccc7"
    plain, office = (addressed(one, one.model_dump(mode="json")) for one in (site(31), site(31, room="office")))
    assert office == plain | {"room": "office"}


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
