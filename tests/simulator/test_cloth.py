"""Garments that are meshes: they rest as built, follow shape and pose, and stay out of the skin."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import KDTree

from simulator.body import UV, Body
from simulator.body_files import EMBEDDED, load_body
from simulator.cloth import Fitted, Garment, cloth_parts, load_garments
from simulator.rotation import matrix_from_axis_angle

GARMENTS = load_garments()
BODY = load_body("neutral")
FITTED = {name: Fitted(garment, BODY) for name, garment in GARMENTS.items()}


def posed(body, count=1, betas=None, orient=None, **turns):
    pose = np.zeros((count, 63))
    for joint, turn in turns.items():
        start = 3 * (body.joint_names.index(joint) - 1)
        pose[:, start : start + 3] = turn
    betas = np.zeros((count, 10)) if betas is None else betas
    orient = np.zeros((count, 3)) if orient is None else orient
    out = body.forward(betas, pose, orient, np.zeros((count, 3)))
    return out.vertices, body.normals(out.vertices)


def heights(points, vertices, normals):
    """Metres of points above the nearest skin vertex's plane."""
    near = KDTree(vertices).query(points)[1]
    return ((points - vertices[near]) * normals[near]).sum(axis=1)


def coarse(body, cell=0.02):
    """The body with vertices merged on a grid: another topology, without texture coordinates."""
    grid = np.floor(body.v_template / cell).astype(int)
    _, first, number = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    faces = number.ravel()[body.faces]
    whole = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    return replace(
        body,
        faces=faces[whole].astype(np.int32),
        v_template=body.v_template[first],
        shapedirs=body.shapedirs[first],
        posedirs=body.posedirs[first],
        weights=body.weights[first],
        vertex_ids={},
        uv=None,
    )


def test_on_the_neutral_body_at_rest_every_garment_is_as_it_was_built():
    for name, fitted in FITTED.items():
        worn = fitted.vertices(*posed(BODY))[0]
        assert np.abs(worn - GARMENTS[name].vertices).max() < 1e-3, name


@pytest.mark.parametrize("name", EMBEDDED)
def test_at_rest_no_garment_is_inside_the_skin(name):
    body = load_body(name)
    vertices, normals = posed(body)
    for garment in GARMENTS.values():
        worn = Fitted(garment, body).vertices(vertices, normals)[0]
        assert heights(worn, vertices[0], normals[0]).min() > 0.0, garment.name


def test_garments_grow_with_the_body():
    betas = np.zeros((2, 10))
    betas[:, 0] = -2.0, 2.0
    vertices, normals = posed(BODY, 2, betas)
    for name, fitted in FITTED.items():
        small, tall = np.ptp(fitted.vertices(vertices, normals), axis=1)
        assert (tall > 1.03 * small).all(), name
    top = FITTED["hair"].vertices(vertices, normals)[:, :, 1].max(axis=1) - vertices[:, :, 1].max(axis=1)
    assert (np.abs(top) < 0.02).all(), "hair stays on the head"


@pytest.mark.parametrize("name", ["bob", "hair"])
def test_hair_moves_rigidly_with_the_head(name):
    turn = np.array([[0.3, 0.4, -0.2]])
    rest, bent = (FITTED[name].vertices(*posed(BODY, head=x))[0].astype(float) for x in (np.zeros(3), turn))
    joint = BODY.joint_template[BODY.joint_names.index("head")]
    expected = (rest - joint) @ matrix_from_axis_angle(turn)[0].T + joint
    assert np.linalg.norm(bent - expected, axis=1).max() < 3e-3
    still = FITTED[name].vertices(*posed(BODY, left_knee=(1.0, 0, 0), left_shoulder=(0, 0, -1.0)))[0]
    np.testing.assert_allclose(still, rest, atol=1e-5)


def test_hair_covers_the_scalp_and_leaves_the_face_free():
    worn = GARMENTS["bob"].vertices
    scalp = BODY.v_template[BODY.v_template[:, 1] > BODY.v_template[:, 1].max() - 0.05]
    assert KDTree(worn).query(scalp)[0].max() < 0.03
    for name in ("nose", "leye", "reye"):
        assert KDTree(worn).query(BODY.v_template[BODY.vertex_ids[name]])[0] > 0.03, name


@pytest.mark.parametrize("angle", [0.0, 0.2, 0.35])
def test_the_skirt_stays_outside_of_walking_legs(angle):
    vertices, normals = posed(
        BODY, left_hip=(-angle, 0, 0), right_hip=(0.8 * angle, 0, 0), right_knee=(1.7 * angle, 0, 0)
    )
    worn = FITTED["skirt"].vertices(vertices, normals)[0]
    assert heights(worn, vertices[0], normals[0]).min() > 0.002


def test_the_skirt_is_not_torn_by_a_stride_and_rises_with_the_thighs_of_one_who_sits():
    faces = GARMENTS["skirt"].faces
    edges = np.concatenate([faces[:, :2], faces[:, 1:]])

    def lengths(worn):
        return np.linalg.norm(worn[edges[:, 0]] - worn[edges[:, 1]], axis=1)

    rest = FITTED["skirt"].vertices(*posed(BODY))[0]
    stride = FITTED["skirt"].vertices(*posed(BODY, left_hip=(-0.5, 0, 0), right_hip=(0.4, 0, 0)))[0]
    assert lengths(stride).max() < 0.15
    sitting = FITTED["skirt"].vertices(*posed(BODY, left_hip=(-1.5, 0, 0), right_hip=(-1.5, 0, 0)))[0]
    assert sitting[:, 1].min() > rest[:, 1].min() + 0.15
    assert sitting[:, 2].max() > rest[:, 2].max() + 0.15


def test_a_body_of_another_topology_without_texture_coordinates_wears_them_too():
    body = coarse(BODY)
    assert len(body.v_template) < 0.5 * len(BODY.v_template)
    for name, garment in GARMENTS.items():
        worn = Fitted(garment, body).vertices(*posed(body))[0]
        gap = np.linalg.norm(worn - garment.vertices, axis=1)
        assert np.median(gap) < 0.003, name
        assert gap.max() < 0.04, name


def test_texture_coordinates_make_no_difference():
    assert isinstance(BODY.uv, UV)
    bare = Fitted(GARMENTS["skirt"], replace(BODY, uv=None))
    np.testing.assert_array_equal(bare.vertices(*posed(BODY)), FITTED["skirt"].vertices(*posed(BODY)))


def tetrahedra(body: Body) -> Body:
    """A body of one tetrahedron for each joint."""
    corners = 0.05 * np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    joints = len(body.parents)
    faces = np.array([[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]]) + 4 * np.arange(joints)[:, None, None]
    return replace(
        body,
        faces=faces.reshape(-1, 3).astype(np.int32),
        v_template=(body.joint_template[:, None] + corners).reshape(-1, 3).astype(np.float32),
        shapedirs=np.zeros((4 * joints, 3, 10), np.float32),
        posedirs=np.zeros((4 * joints, 3, 9 * (joints - 1)), np.float32),
        weights=np.repeat(np.eye(joints, dtype=np.float32), 4, axis=0),
        vertex_ids={},
        uv=None,
    )


def test_a_body_of_a_few_vertices_does_no_harm():
    body = tetrahedra(BODY)
    for garment in GARMENTS.values():
        assert np.isfinite(Fitted(garment, body).vertices(*posed(body, 2))).all()


def test_a_body_without_skin_there_is_refused():
    body = replace(BODY, weights=np.eye(24, dtype=np.float32)[np.zeros(len(BODY.v_template), int)])
    with pytest.raises(
        ValueError, match=r"^expected a body with vertices bound to head, got none; wear no cloth mesh$"
    ):
        Fitted(GARMENTS["hair"], body)


def test_a_person_has_the_same_bits_in_any_batch():
    rng = np.random.default_rng(0)
    vertices, normals = posed(BODY, 7, rng.standard_normal((7, 10)), rng.standard_normal((7, 3)))
    for fitted in FITTED.values():
        whole = fitted.vertices(vertices, normals)
        for rows in (slice(0, 1), slice(3, 5), slice(6, 7)):
            part = fitted.vertices(vertices[rows], normals[rows])
            np.testing.assert_array_equal(part, whole[rows])
            np.testing.assert_array_equal(fitted.normals(part), fitted.normals(whole)[rows])


def test_a_turned_person_s_clothes_turn_along():
    orient = np.array([[0.5, -1.0, 0.7]])
    pelvis = BODY.joint_template[0]
    for fitted in FITTED.values():
        upright, turned = (
            fitted.vertices(*posed(BODY, orient=x))[0].astype(float) for x in (0 * orient, orient)
        )
        expected = (upright - pelvis) @ matrix_from_axis_angle(orient)[0].T + pelvis
        np.testing.assert_allclose(turned, expected, atol=1e-5)


def test_normals_of_skirt_and_hair_look_outwards():
    for name, axis in (("skirt", (0, 2)), ("bob", (0, 2))):
        worn = FITTED[name].vertices(*posed(BODY))
        normals = FITTED[name].normals(worn)[0]
        away = worn[0] - worn[0].mean(axis=0)
        assert np.mean((normals[:, axis] * away[:, axis]).sum(axis=1) > 0) > 0.95, name


def test_there_is_a_part_for_every_garment():
    parts = cloth_parts()
    assert [part.name for part in parts] == list(GARMENTS) == ["skirt", "bob", "hair"]
    for part in parts:
        garment: Garment = GARMENTS[part.name]
        assert part.vertex_count == len(garment.vertices) == garment.faces.max() + 1
        assert part.owner == "person"
        assert not part.closed
    assert {part.owner for part in cloth_parts("other")} == {"other"}
