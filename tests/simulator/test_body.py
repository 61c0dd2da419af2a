import contextlib
import io
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from simulator import body_files
from simulator.body_files import EMBEDDED, load_body
from simulator.rotation import matrix_from_axis_angle

DATA = Path(body_files.__file__).parent / "data"
BODY = load_body("neutral")
LEFT = [BODY.joint_names.index(name) for name in BODY.joint_names if name.startswith("left_")]
RIGHT = [
    BODY.joint_names.index(name.replace("left_", "right_")) for name in BODY.joint_names if "left_" in name
]


def people(count, seed=0, width=63, spread=0.5):
    rng = np.random.default_rng(seed)
    return (
        rng.standard_normal((count, 10)),
        spread * rng.standard_normal((count, width)),
        2.0 * rng.standard_normal((count, 3)),
        rng.standard_normal((count, 3)) + np.array([0.0, 0.0, 5.0]),
    )


def resting(count=1):
    return np.zeros((count, 10)), np.zeros((count, 63)), np.zeros((count, 3)), np.zeros((count, 3))


def smplx_output(body, betas, body_pose, global_orient, transl):
    """What the smplx package makes of the embedded file: the independent opinion."""
    import smplx
    import torch

    arrays = {
        "v_template": body.v_template,
        "shapedirs": body.shapedirs,
        "posedirs": body.posedirs,
        "J_regressor": np.zeros((len(body.parents), len(body.v_template))),
        "kintree_table": np.stack([body.parents, np.arange(len(body.parents))]),
        "weights": body.weights,
        "f": body.faces,
    }
    arrays["J_regressor"] = np.load(DATA / f"body_{body.name}.npz")["J_regressor"]
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), torch.no_grad():
        warnings.simplefilter("ignore")
        model = smplx.SMPL(
            "",
            data_struct=smplx.utils.Struct(**arrays),
            vertex_ids=dict(body.vertex_ids),
            batch_size=len(betas),
        )
        tensors = [torch.tensor(x, dtype=torch.float32) for x in (betas, body_pose, global_orient, transl)]
        out = model(betas=tensors[0], body_pose=tensors[1], global_orient=tensors[2], transl=tensors[3])
    return out.vertices.numpy(), out.joints.numpy()[:, : len(body.parents)]


@pytest.mark.parametrize("name", EMBEDDED)
def test_it_agrees_with_smplx(name):
    body, (betas, pose, orient, transl) = load_body(name), people(6, width=69)
    vertices, joints = smplx_output(body, betas, pose, orient, transl)
    ours = body.forward(betas, pose, orient, transl)
    np.testing.assert_allclose(ours.vertices, vertices, atol=1e-5)
    np.testing.assert_allclose(ours.joints, joints, atol=1e-5)


def test_a_person_has_the_same_bits_in_any_batch():
    arguments = people(19)
    whole, normals = BODY.forward(*arguments), BODY.normals(BODY.forward(*arguments).vertices)
    for rows in (slice(0, 1), slice(18, 19), slice(3, 5), slice(5, 12), slice(2, 18)):
        part = BODY.forward(*(x[rows] for x in arguments))
        np.testing.assert_array_equal(part.vertices, whole.vertices[rows])
        np.testing.assert_array_equal(part.joints, whole.joints[rows])
        np.testing.assert_array_equal(BODY.normals(part.vertices), normals[rows])


def test_a_person_has_the_same_bits_among_many():
    arguments = people(67)
    whole = BODY.forward(*arguments)
    for row in (0, 31, 63, 64, 66):
        alone = BODY.forward(*(x[row : row + 1] for x in arguments))
        np.testing.assert_array_equal(alone.vertices[0], whole.vertices[row])
        np.testing.assert_array_equal(alone.joints[0], whole.joints[row])


def test_two_threads_give_the_same_bits():
    arguments = people(6)
    expected = BODY.forward(*arguments).vertices
    with ThreadPoolExecutor(2) as pool:
        for got in pool.map(lambda _: BODY.forward(*arguments).vertices, range(4)):
            np.testing.assert_array_equal(got, expected)


def test_joints_without_skinning_are_the_same_bits():
    arguments = people(17)
    np.testing.assert_array_equal(BODY.joints(*arguments), BODY.forward(*arguments).joints)


def test_at_rest_the_template_comes_back():
    out = BODY.forward(*resting())
    np.testing.assert_allclose(out.vertices[0], BODY.v_template, atol=1e-6)
    np.testing.assert_allclose(out.joints[0], BODY.joint_template, atol=1e-12)
    assert out.vertices.dtype == np.float32
    assert out.joints.dtype == np.float64


def test_the_body_turns_about_its_pelvis_and_is_moved_afterwards():
    betas, pose, orient, transl = people(3)
    pelvis = BODY.joints(betas, pose, np.zeros((3, 3)), np.zeros((3, 3)))[:, 0]
    upright, turned = (
        BODY.forward(betas, pose, 0 * orient, 0 * transl),
        BODY.forward(betas, pose, orient, transl),
    )
    expected = np.einsum("nij,nvj->nvi", matrix_from_axis_angle(orient), upright.vertices - pelvis[:, None])
    np.testing.assert_allclose(turned.vertices, expected + (pelvis + transl)[:, None], atol=1e-5)
    np.testing.assert_allclose(turned.joints[:, 0], pelvis + transl, atol=1e-12)


def test_a_bent_knee_moves_the_shank_as_a_rigid_rotation_about_it():
    betas, pose, orient, transl = resting()
    pose[0, 9:12] = 1.2, 0.0, 0.0
    joints = BODY.joints(betas, pose, orient, transl)[0]
    knee, ankle = (BODY.joint_names.index(name) for name in ("left_knee", "left_ankle"))
    bone = BODY.joint_template[ankle] - BODY.joint_template[knee]
    expected = BODY.joint_template[knee] + matrix_from_axis_angle(pose[:, 9:12])[0] @ bone
    np.testing.assert_allclose(joints[ankle], expected, atol=1e-12)
    assert joints[ankle, 2] < joints[knee, 2] - 0.3, "flexion about +x takes the ankle behind the knee"


def test_63_numbers_leave_the_hands_at_rest():
    betas, pose, orient, transl = people(2, width=69)
    pose[:, 63:] = 0.0
    short, full = (BODY.forward(betas, p, orient, transl) for p in (pose[:, :63], pose))
    np.testing.assert_array_equal(short.vertices, full.vertices)


def test_no_people_is_fine():
    out = BODY.forward(*(x[:0] for x in people(1)))
    assert out.vertices.shape == (0, len(BODY.v_template), 3)
    assert out.joints.shape == (0, 24, 3)


@pytest.mark.parametrize(
    ("argument", "shape", "message"),
    [
        (0, (2, 11), r"^expected betas of shape \(N, 10\), got \(2, 11\)$"),
        (0, (10,), r"^expected betas of shape \(N, 10\), got \(10,\)$"),
        (1, (2, 62), r"^expected body_pose of shape \(2, 63 or 69\), got \(2, 62\)$"),
        (2, (3, 3), r"^expected global_orient of shape \(2, 3\), got \(3, 3\)$"),
        (3, (2, 4), r"^expected transl of shape \(2, 3\), got \(2, 4\)$"),
    ],
)
def test_a_wrong_shape_is_refused(argument, shape, message):
    arguments = list(people(2))
    arguments[argument] = np.zeros(shape)
    with pytest.raises(ValueError, match=message):
        BODY.joints(*arguments)


def test_a_value_that_is_not_finite_is_refused_with_its_row():
    arguments = people(3)
    arguments[1][2, 5] = np.nan
    with pytest.raises(
        ValueError, match=r"^expected finite body_pose, got nan in row 2, column 5; drop that row$"
    ):
        BODY.forward(*arguments)


@pytest.mark.parametrize("name", EMBEDDED)
def test_the_embedded_bodies_are_people(name):
    body = load_body(name)
    stature = np.ptp(body.v_template[:, 1])
    shortest, tallest = {
        "neutral": (1.6, 1.8),
        "male": (1.7, 1.85),
        "female": (1.55, 1.75),
        "child": (1.2, 1.4),
    }[name]
    assert shortest < stature < tallest
    np.testing.assert_allclose(body.weights.sum(axis=1), 1.0, atol=1e-6)
    assert ((body.weights > 0).sum(axis=1) <= 4).all()
    np.testing.assert_allclose(body.joint_template[0], [0.0, -0.22, 0.03], atol=1e-4)
    np.testing.assert_allclose(body.joint_template[LEFT], body.joint_template[RIGHT] * [-1, 1, 1], atol=2e-3)
    assert (body.joint_template[LEFT, 0] > 0).all(), "x points to the body's left"
    assert np.ptp(body.faces) == len(body.v_template) - 1
    assert "CC0" in body.licence
    assert len(body.sha256) == 64
    assert body.v_template[body.vertex_ids["nose"], 2] > body.joint_template[15, 2], "z points forward"


def test_the_first_beta_is_stature():
    betas, pose, orient, transl = resting(2)
    betas[:, 0] = -2.0, 2.0
    short, tall = np.ptp(BODY.forward(betas, pose, orient, transl).vertices[:, :, 1], axis=1)
    assert 0.3 < tall - short < 0.6


def test_the_first_beta_of_the_child_goes_from_infant_to_adult_with_ever_smaller_heads():
    child, (betas, *pose) = load_body("child"), resting(4)
    betas[:, 0] = -1.75, -0.8, 0.3, 1.3
    out = child.forward(betas, *pose)
    stature = np.ptp(out.vertices[:, :, 1], axis=1)
    top = out.vertices[:, :, 1].max(axis=1)
    head = (top - out.joints[:, child.joint_names.index("neck"), 1]) / stature
    np.testing.assert_allclose(stature, [0.73, 1.05, 1.42, 1.76], atol=0.03)
    assert head[0] > 0.19
    assert head[3] < 0.155
    assert (np.diff(head) < 0).all()


def test_the_child_has_the_mesh_of_the_neutral_body():
    child = load_body("child")
    np.testing.assert_array_equal(child.faces, BODY.faces)
    assert child.uv is not None
    assert BODY.uv is not None
    np.testing.assert_array_equal(child.uv.ft, BODY.uv.ft)
    moved = np.abs(child.uv.vt - BODY.uv.vt).max(axis=1) > 0.002
    assert moved.mean() < 0.02, "but for the room about the eyes, which are of another size"
    assert set(child.vertex_ids) == set(BODY.vertex_ids)


def test_joints_stay_inside_the_skin_at_any_shape():
    betas = np.random.default_rng(4).standard_normal((8, 10))
    arguments = (betas, *resting(8)[1:])
    out = BODY.forward(*arguments)
    for vertices, joints in zip(out.vertices, out.joints, strict=True):
        for joint in (1, 4, 7, 16, 18, 20):
            near = vertices[BODY.weights[:, joint] > 0.02]
            assert (near.min(axis=0) < joints[joint]).all()
            assert (near.max(axis=0) > joints[joint]).all()


def test_texture_coordinates_belong_to_the_faces():
    assert BODY.uv is not None
    assert BODY.uv.ft.shape == BODY.faces.shape
    assert BODY.uv.ft.max() == len(BODY.uv.vt) - 1
    assert BODY.uv.vt.min() >= 0.0
    assert BODY.uv.vt.max() <= 1.0


def test_the_body_s_faces_look_outwards():
    vertices = BODY.v_template[None].astype(np.float64)
    a, b, c = (vertices[0, BODY.faces[:, k]] for k in range(3))
    volume = np.einsum("fi,fi->", a, np.cross(b, c)) / 6.0
    assert 0.05 < volume < 0.11, "cubic metres, positive if counter-clockwise"
    assert BODY.normals(vertices)[0, BODY.vertex_ids["nose"], 2] > 0.5


def test_the_embedded_body_needs_neither_torch_nor_smplx():
    program = (
        "import sys, importlib.abc\n"
        "class Refuse(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('torch', 'smplx'):\n"
        "            raise AssertionError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "from simulator.body_files import load_body\n"
        "print(len(load_body('neutral').joint_names))\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "24\n"
