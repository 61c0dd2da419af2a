from dataclasses import replace

import cv2
import numpy as np
import pytest

from simulator.body_files import load_body
from simulator.camera import Camera
from simulator.clothing import CLOTHING
from simulator.judge import JudgeSimulator, seed_of
from simulator.judge_filter import clean
from simulator.judge_look import Dresser
from simulator.judge_place import place, stand
from simulator.judge_tracer import Tracer
from simulator.occluder import OCCLUDER
from tests.simulator.people import make_scene

SIZE = 128
NEUTRAL = load_body("neutral")
CAMERA = np.array([150.0, 64.0, 64.0])


@pytest.fixture(scope="module")
def judge():
    with JudgeSimulator(NEUTRAL, image_size=SIZE, samples=2) as one:
        yield one


@pytest.fixture(scope="module")
def scene():
    return make_scene(4, seed=1, size=SIZE)


@pytest.fixture(scope="module")
def batch(judge, scene):
    return judge.render(scene)


def silhouette(vertices, camera, faces):
    """The filled projection of the faces of one person, as the labels' camera sees it."""
    pixels = camera.project(vertices[None].astype(np.float64))[0]
    image = np.zeros((SIZE, SIZE), np.uint8)
    for triangle in np.round((pixels[faces] - 0.5) * 16).astype(np.int32):
        cv2.fillConvexPoly(image, triangle, 1, shift=4)
    return image.astype(bool)


def posed(up=(0.0, -1.0, 0.0)):
    points = np.array([[-0.4, -0.8, 3.3], [0.5, 0.9, 3.7], [0.0, 0.0, 3.5]], np.float32)
    return stand(points, np.array([0.0, 0.0, 3.5]), np.asarray(up))


def test_without_mitsuba_one_sentence_says_what_to_type(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "mitsuba", None)
    message = r"^expected Mitsuba, which draws the judge's pictures, got none; type: pip install poseexaminer\[judge\]$"
    with pytest.raises(ModuleNotFoundError, match=message):
        JudgeSimulator(NEUTRAL)


def flat_surface(size=32):
    normal = np.tile(np.float32([0, 0, -1]), (size, size, 1))
    y, x = np.mgrid[:size, :size].astype(np.float32)
    where = np.stack([0.01 * x, 0.01 * y, np.full_like(x, 3)], axis=-1)
    return normal, where, np.zeros((size, size), np.float32), np.full((size, size), 0.01, np.float32)


def test_the_filter_takes_grain_out_and_leaves_textures():
    normal, where, person, pixel = flat_surface()
    rng = np.random.default_rng(0)
    colour = rng.uniform(0.1, 0.9, (32, 32, 3)).astype(np.float32)
    grain = rng.uniform(0.5, 1.5, (32, 32, 1)).astype(np.float32)
    out = clean(colour * grain, colour, normal, where, person, pixel)
    ratio = out / colour
    assert ratio.std() < 0.2 * grain.std()
    np.testing.assert_allclose(ratio.mean(), 1.0, atol=0.1)


def test_the_filter_stops_where_the_person_ends():
    normal, where, person, pixel = flat_surface()
    normal[:, 16:], person[:, 16:] = (0, -1, 0), 1.0
    colour = np.full((32, 32, 3), 0.5, np.float32)
    light = np.where(person[..., None] > 0, np.float32(1.0), np.float32(0.1)) * colour
    out = clean(light, colour, normal, where, person, pixel)
    np.testing.assert_allclose(out[:, :14], 0.05, rtol=1e-3)
    np.testing.assert_allclose(out[:, 18:], 0.5, rtol=1e-3)


def test_where_nothing_is_the_filter_leaves_the_light_alone():
    normal, where, person, pixel = flat_surface(8)
    light = np.random.default_rng(1).uniform(0, 1, (8, 8, 3)).astype(np.float32)
    np.testing.assert_array_equal(clean(light, np.zeros_like(light), normal, where, person, pixel), light)


@pytest.mark.parametrize("up", [(0.0, -1.0, 0.0), (0.3, -0.9, -0.3), (0.0, 0.0, -1.0), (0.0, 0.0, 1.0)])
def test_room_axes_are_right_handed_and_upright(up):
    up = np.array(up) / np.linalg.norm(up)
    where = posed(up)
    np.testing.assert_allclose(where.axes.T @ where.axes, np.eye(3), atol=1e-12)
    assert np.linalg.det(where.axes) > 0
    np.testing.assert_allclose(where.axes[:, 1], up, atol=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_people_stand_on_the_floor_and_nothing_is_in_their_way(seed):
    where = posed()
    found = place(where, np.random.default_rng(seed))
    points = np.concatenate([thing.vertices for thing in found.things if thing.radiance is None])
    local = (points - where.pelvis) @ where.axes
    np.testing.assert_allclose(local[:, 1].min(), where.low[1], atol=1e-4)
    blocking = (
        (np.abs(local[:, 0]) < 0.4) & (np.abs(local[:, 1]) < 0.6) & (local[:, 2] < 0.3) & (local[:, 2] > -3)
    )
    assert not blocking.any()


def test_places_differ_by_seed_and_repeat():
    skies = [place(posed(), np.random.default_rng(seed)).sky for seed in (1, 1, 2)]
    np.testing.assert_array_equal(skies[0], skies[1])
    assert np.abs(skies[0] - skies[2]).max() > 0.05


def test_the_sky_that_is_seen_is_the_sky_that_shines():
    tracer = Tracer(32, 16, 1)
    found = replace(place(posed((0.3, -0.9, -0.3) / np.sqrt(0.99)), np.random.default_rng(3)), things=())
    y, x = (np.mgrid[:32, :32] + 0.5 - 16) / 20
    rays = np.stack([x, y, np.ones_like(x)], axis=-1)
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    open_sky = tracer._mi.load_dict({"type": "path", "max_depth": 1})
    shone = tracer._render(open_sky, [tracer._sky(found)], np.array([20.0, 16, 16]), 16, 0)[..., :3]
    assert np.median(np.abs(shone - found.seen(rays))) < 0.01


def test_clothes_cover_the_trunk_and_leave_the_face_free():
    dress = Dresser(NEUTRAL).draw(np.random.default_rng(0))
    part = NEUTRAL.weights.argmax(axis=1)
    assert (dress.lift[part == NEUTRAL.joint_names.index("spine2")] > 0.001).mean() > 0.9
    assert (dress.lift[part == NEUTRAL.joint_names.index("head")] == 0).all()
    assert dress.pixels.shape == (512, 512, 3)


def test_the_seed_follows_pose_view_and_box_shift_alone(scene):
    row = scene.rows(slice(0, 1))
    dressed = replace(row, clothing=CLOTHING.typical(1, np.random.default_rng(9)))
    assert seed_of(dressed) == seed_of(row)
    for name in ("body_pose", "global_orient", "box_shift"):
        assert seed_of(replace(row, **{name: getattr(row, name) + 1e-9})) != seed_of(row)


def test_a_wrong_size_or_nobody_is_refused(judge, scene):
    with pytest.raises(ValueError, match=r"^expected at least one person, got a scene of 0 rows$"):
        judge.render(scene.rows(slice(0, 0)))
    message = (
        r"^expected cameras of \(128, 128\) px, got \(64, 64\); "
        r"give the simulator and the camera the same image size$"
    )
    with pytest.raises(ValueError, match=message):
        judge.render(make_scene(1, size=64))


def test_the_version_names_tracer_bodies_and_size(judge):
    assert judge.version.startswith("judge 1 of neutral, mitsuba 3.")
    assert "body male" in judge.version
    assert "body female" in judge.version
    assert judge.version.endswith("128 px")


@pytest.mark.slow
def test_the_silhouette_is_that_of_the_labels(batch):
    for row in range(len(batch)):
        bare = silhouette(batch.vertices[row], batch.camera.rows(slice(row, row + 1)), NEUTRAL.faces)
        mask = batch.mask[row]
        assert mask[cv2.erode(bare.astype(np.uint8), np.ones((3, 3))).astype(bool)].mean() > 0.997
        overlap = {
            (dx, dy): (np.roll(bare, (dy, dx), (0, 1)) & mask).sum() for dx in (-1, 0, 1) for dy in (-1, 0, 1)
        }
        assert max(overlap, key=lambda shift: overlap[shift]) == (0, 0), "not a pixel beside"
        assert overlap[0, 0] > 0.8 * (bare | mask).sum(), "clothes and hair stand off"


@pytest.mark.slow
def test_a_principal_point_off_the_middle_and_a_wide_view_keep_their_labels(judge, scene):
    row = scene.rows(slice(0, 1))
    camera = Camera(np.array([0.6 * SIZE]), np.array([[50.0, 75.0]]), (SIZE, SIZE))
    out = judge.render(replace(row, camera=camera, transl=np.array([[0.1, 0.2, 1.8]])))
    bare = silhouette(out.vertices[0], camera, NEUTRAL.faces)
    assert (bare & out.mask[0]).sum() > 0.97 * bare.sum()
    np.testing.assert_allclose(out.joints2d, camera.project(out.joints))


@pytest.mark.slow
def test_depth_is_that_of_the_skin_and_the_box_holds_the_mask(batch):
    for row in range(len(batch)):
        mask = batch.mask[row]
        assert ((batch.depth[row] > 0) == mask).all()
        inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3))).astype(bool)
        z = batch.vertices[row][:, 2]
        assert batch.depth[row][inner].min() > z.min() - 0.15
        assert batch.depth[row][inner].max() < z.max() + 0.05
        y, x = np.nonzero(mask)
        np.testing.assert_array_equal(batch.boxes[row], [x.min(), y.min(), x.max() + 1, y.max() + 1])


@pytest.mark.slow
def test_another_body_in_the_same_pose_and_place(judge, scene, batch):
    np.testing.assert_array_equal(batch.scene.body_pose, scene.body_pose)
    np.testing.assert_array_equal(batch.scene.global_orient, scene.global_orient)
    assert (np.abs(batch.scene.betas - scene.betas).max(axis=1) > 0.3).all()
    own = NEUTRAL.joints(scene.betas, scene.body_pose, scene.global_orient, scene.transl)
    before, after = scene.camera.project(own), batch.joints2d
    middles = [(x.min(axis=1) + x.max(axis=1)) / 2 for x in (before, after)]
    np.testing.assert_allclose(middles[0], middles[1], atol=0.08 * SIZE)
    np.testing.assert_allclose(
        np.ptp(before, axis=1).max(axis=1), np.ptp(after, axis=1).max(axis=1), rtol=0.15
    )


@pytest.mark.slow
def test_a_row_is_the_same_alone_and_with_other_threads(scene, batch):
    with JudgeSimulator(NEUTRAL, image_size=SIZE, samples=2, threads=1) as one:
        alone = one.render(scene.rows(slice(2, 3)))
    for name in ("images", "mask", "depth", "joints", "vertices", "visibility", "visible_share", "boxes"):
        np.testing.assert_array_equal(getattr(alone, name)[0], getattr(batch, name)[2])


@pytest.mark.slow
def test_what_the_search_looks_like_changes_nothing(judge, scene, batch):
    row = scene.rows(slice(0, 1))
    other = judge.render(replace(row, clothing=CLOTHING.typical(1, np.random.default_rng(9))))
    np.testing.assert_array_equal(other.images[0], batch.images[0])


@pytest.mark.slow
def test_the_same_person_with_a_moved_box_looks_otherwise(judge, scene, batch):
    row = scene.rows(slice(0, 1))
    other = judge.render(replace(row, box_shift=np.array([[1.0, -1.0]])))
    assert np.abs(other.images[0].astype(int) - batch.images[0]).mean() > 8


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["box", "person"])
def test_what_stands_in_front_hides(judge, scene, batch, kind):
    row = scene.rows(slice(0, 1))
    occluder = OCCLUDER.rows(1)
    occluder[0, 0] = 0.5 + ("none", "box", "pole", "disc", "person").index(kind)
    occluder[0, 3] = 0.8
    out = judge.render(replace(row, occluder=occluder))
    assert out.mask.sum() < 0.7 * batch.mask[0].sum()
    assert out.visible_share.mean() < 0.8 * batch.visible_share[0].mean()
    assert np.isnan(out.others).all() == (kind == "box")


@pytest.mark.slow
def test_pictures_are_well_exposed(batch):
    for image, mask in zip(batch.images, batch.mask, strict=True):
        assert 40 < image.mean() < 215
        assert 30 < image[mask].mean() < 215
        assert image.std() > 15


@pytest.mark.slow
def test_a_child_is_judged_on_a_child_of_its_age():
    child = load_body("child")
    scene = make_scene(1, seed=5, size=SIZE)
    with JudgeSimulator(child, image_size=SIZE, samples=1) as one:
        out = one.render(scene)
    assert out.scene.betas[0, 0] == scene.betas[0, 0]
    assert (out.scene.betas[0, 1:] != scene.betas[0, 1:]).all()
    own = child.joints(out.scene.betas, scene.body_pose, scene.global_orient, out.scene.transl)
    np.testing.assert_allclose(out.joints, own)
