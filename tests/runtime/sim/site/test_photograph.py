"""A hidden site is drawn from its seed, can be photographed, and its photos agree with its geometry."""

import numpy as np
import pytest

from runtime.bound.hidden_gap import HiddenGap
from runtime.bound.source import HiddenSite
from runtime.sim.parts.physics import Physics
from runtime.sim.site.photograph import POINT_NOISE_M, photograph
from runtime.sim.site.place import hidden_place


@pytest.fixture(scope="module")
def photos():
    return photograph(HiddenSite(kind="hidden_site", seed=3), 64, 48, 8)


def test_same_seed_same_photos(photos) -> None:
    again = photograph(HiddenSite(kind="hidden_site", seed=3), 64, 48, 8)
    other = photograph(HiddenSite(kind="hidden_site", seed=4), 64, 48, 8)
    assert np.array_equal(photos.photos, again.photos)
    assert np.array_equal(photos.xyz, again.xyz)
    assert np.abs(photos.photos.astype(int) - other.photos).mean() > 5


def test_points_project_to_where_they_were_seen(photos) -> None:
    local = np.einsum(
        "nij,nj->ni", np.linalg.inv(photos.c2w[photos.obs_frame])[:, :3, :3], photos.xyz - photos.c2w[photos.obs_frame][:, :3, 3]
    )
    uv = local @ photos.K.T
    assert np.allclose(local[:, 2], photos.obs_depth, atol=8 * POINT_NOISE_M)
    assert np.median(np.linalg.norm(uv[:, :2] / uv[:, 2:] - photos.obs_uv, axis=1)) < 0.5


def test_points_lie_on_the_true_surfaces(photos) -> None:
    world = hidden_place(HiddenSite(kind="hidden_site", seed=3)).world_from_site
    site = (photos.xyz - world[:3, 3]) @ world[:3, :3]
    on_table = (np.hypot(site[:, 0], site[:, 1]) < 0.35) & (np.abs(site[:, 2]) < 0.3)  # nothing stands there
    assert on_table.sum() > 100
    assert np.abs(site[on_table, 2]).max() < 5 * POINT_NOISE_M


def test_photos_look_at_a_table_in_gravity_aligned_coordinates(photos) -> None:
    assert np.allclose(photos.up, (0, 0, 1))
    heights = photos.xyz @ photos.up
    table = np.histogram(heights, bins=200)
    assert table[0].max() > 0.25 * len(heights)  # one level holds many points: the table
    assert photos.photos.std() > 20  # there is something to see
    assert np.linalg.norm(photos.c2w[:, :3, 3].mean(0)) > 0.1  # the origin is nowhere in particular


def test_without_a_gap_the_site_is_nominal() -> None:
    zero = HiddenGap(**dict.fromkeys(HiddenGap.model_fields, 0.0))
    place = hidden_place(HiddenSite(kind="hidden_site", seed=5, gap=zero))
    assert place.physics == Physics()
    assert place.trial_lamp == place.photo_lamp
    assert place.sensor.gain == (1.0, 1.0, 1.0)
    assert not np.any(place.camera_shift_m)
    assert np.allclose(place.color_gain, 1)


def test_a_gap_is_there_and_within_its_bound() -> None:
    gap = HiddenGap()
    for seed in range(20):
        place = hidden_place(HiddenSite(kind="hidden_site", seed=seed, gap=gap))
        shift = np.linalg.norm(place.camera_shift_m)
        assert 0.5 * gap.camera_shift_m <= shift <= gap.camera_shift_m
        assert 0 < place.physics.latency_s <= gap.latency_s
        assert np.abs(np.degrees(place.physics.joint_offset_rad)).max() <= gap.joint_offset_deg + 1e-9
