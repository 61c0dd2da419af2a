import contextlib
import io
import os
import pickle
import warnings

import numpy as np
import pytest
from scipy import sparse

from simulator.body_files import load_body
from simulator.joint_names import joint_names

BODY = load_body("neutral")


def synthetic_file(joints, vertices=400, betas=10, seed=0):
    """Arrays of SMPL's, SMPL-H's or SMPL-X's layout, made from a part of the embedded body: no real model."""
    rng = np.random.default_rng(seed)
    pick = np.sort(rng.choice(len(BODY.v_template), vertices, replace=False))
    parents = BODY.parents[:22].tolist()
    for joint in range(22, joints):
        parents.append(int(rng.integers(15, joint)))
    weights = rng.random((vertices, joints)) ** 6
    regressor = rng.random((joints, vertices)) ** 8
    arrays = {
        "v_template": BODY.v_template[pick].astype(np.float64),
        "shapedirs": np.tile(BODY.shapedirs[pick].astype(np.float64), 3)[:, :, :betas],
        "posedirs": 0.01 * rng.standard_normal((vertices, 3, 9 * (joints - 1))),
        "J_regressor": regressor / regressor.sum(axis=1, keepdims=True),
        "weights": weights / weights.sum(axis=1, keepdims=True),
        "kintree_table": np.array([[2**32 - 1, *parents[1:]], range(joints)], np.int64),
        "f": rng.integers(0, vertices, (50, 3)).astype(np.uint32),
    }
    if joints > 24:
        for side in "lr":
            arrays["hands_mean" + side] = 0.3 * rng.standard_normal(45)
            arrays["hands_components" + side] = rng.standard_normal((45, 45))
    return arrays


def smplx_output(path, arrays, betas, body_pose, global_orient, transl):
    """The smplx package's own opinion of such a file."""
    import smplx
    import torch

    joints, count = arrays["weights"].shape[1], len(betas)
    some = dict.fromkeys(smplx.vertex_ids.vertex_ids["smplh"], 0)
    wide = np.pad(arrays["shapedirs"], ((0, 0), (0, 0), (0, max(0, 20 - arrays["shapedirs"].shape[2]))))
    extras = {"lmk_faces_idx": np.zeros(1, int), "lmk_bary_coords": np.ones((1, 3)) / 3, "shapedirs": wide}
    names = ("betas", "body_pose", "global_orient", "transl")
    values = (betas, np.pad(body_pose, ((0, 0), (0, 6 if joints == 24 else 0))), global_orient, transl)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), torch.no_grad():
        warnings.simplefilter("ignore")
        if joints == 55:
            np.savez(path, **(arrays | extras))
            model = smplx.SMPLX(str(path), ext="npz", batch_size=count)
            index = torch.zeros_like(model.vertex_joint_selector.extra_joints_idxs)
            model.vertex_joint_selector.extra_joints_idxs = index
        else:
            kind = smplx.SMPL if joints == 24 else smplx.SMPLH
            model = kind(
                "", data_struct=smplx.utils.Struct(**arrays), vertex_ids=some, batch_size=count, num_betas=10
            )
        out = model(**{n: torch.tensor(v, dtype=torch.float32) for n, v in zip(names, values, strict=True)})
    return out.vertices.numpy(), out.joints.numpy()[:, :joints]


def people(count=3):
    rng = np.random.default_rng(1)
    return (
        rng.standard_normal((count, width)) * scale for width, scale in ((10, 1), (63, 0.5), (3, 2), (3, 1))
    )


def saved_npz(path, arrays):
    np.savez(path, **arrays)
    return path


def saved_pickle(path, content, protocol=2):
    path.write_bytes(pickle.dumps(content, protocol))
    return path


@pytest.mark.parametrize("joints", [24, 52, 55])
@pytest.mark.parametrize("suffix", ["npz", "pkl"])
def test_a_user_s_file_is_what_smplx_makes_of_it(tmp_path, joints, suffix):
    arrays = synthetic_file(joints)
    saved = saved_npz if suffix == "npz" else saved_pickle
    body = load_body(saved(tmp_path / f"FakeModel.{suffix}", arrays))
    betas, pose, orient, transl = people()
    vertices, places = smplx_output(tmp_path / "smplx.npz", arrays, betas, pose, orient, transl)
    ours = body.forward(betas, pose, orient, transl)
    np.testing.assert_allclose(ours.vertices, vertices, atol=1e-5)
    np.testing.assert_allclose(ours.joints, places, atol=1e-5)
    assert body.joint_names == joint_names(joints)
    assert body.name == "FakeModel"
    assert "non-commercial" in body.licence
    assert body.uv is None


def test_more_than_ten_betas_are_cut_and_missing_ones_do_nothing(tmp_path):
    many, few = (synthetic_file(24, betas=count) for count in (16, 4))
    cut = load_body(saved_npz(tmp_path / "many.npz", many))
    padded = load_body(saved_npz(tmp_path / "few.npz", few))
    np.testing.assert_allclose(cut.shapedirs, many["shapedirs"][:, :, :10], atol=1e-7)
    np.testing.assert_allclose(padded.shapedirs[:, :, :4], few["shapedirs"], atol=1e-7)
    assert not padded.shapedirs[:, :, 4:].any()


def test_texture_coordinates_of_the_file_are_kept(tmp_path):
    arrays = synthetic_file(24) | {"vt": np.zeros((7, 2)), "ft": np.zeros((50, 3), int)}
    body = load_body(saved_npz(tmp_path / "m.npz", arrays))
    assert body.uv is not None
    assert body.uv.vt.shape == (7, 2)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("form", [np.asarray, sparse.csc_matrix, sparse.csr_matrix, sparse.csc_array])
def test_pickles_of_any_protocol_with_sparse_regressors(tmp_path, protocol, form):
    arrays = synthetic_file(24, vertices=60)
    content = arrays | {
        "J_regressor": form(arrays["J_regressor"]),
        "bs_style": "lbs",
        "count": np.float64(3.0),
    }
    body = load_body(saved_pickle(tmp_path / "m.pkl", content, protocol))
    np.testing.assert_allclose(body.joint_template, arrays["J_regressor"] @ arrays["v_template"], atol=1e-6)


def test_fortran_order_and_foreign_bytes_are_read(tmp_path):
    arrays = synthetic_file(24)
    content = arrays | {
        "weights": np.asfortranarray(arrays["weights"]),
        "v_template": arrays["v_template"].astype(">f8"),
    }
    body = load_body(saved_pickle(tmp_path / "m.pkl", content))
    np.testing.assert_allclose(body.weights, arrays["weights"], atol=1e-7)
    np.testing.assert_allclose(body.v_template, arrays["v_template"], atol=1e-7)


class Payload:
    """Pickles as a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("key", ["v_template", "not_needed"])
def test_no_code_of_a_file_is_run(tmp_path, key):
    path, marker = tmp_path / "m.pkl", tmp_path / "marker"
    saved_pickle(path, synthetic_file(24, 60) | {key: Payload(os.system, f"touch {marker}")})
    with pytest.raises(ValueError, match=r"m\.pkl: the pickle names posix\.system, which is not plain data"):
        load_body(path)
    assert not marker.exists()


@pytest.mark.parametrize("keep", [0, 10, 3000])
@pytest.mark.parametrize("saved", [saved_npz, saved_pickle])
def test_a_truncated_file_is_refused_by_name(tmp_path, saved, keep):
    path = saved(tmp_path / "m.npz", synthetic_file(24))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"m\.npz: (cannot read the archive|the pickle is damaged)"):
        load_body(path)


def test_something_else_than_a_dictionary_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match="expected a dictionary of arrays, got list; is this a SMPL model file"
    ):
        load_body(saved_pickle(tmp_path / "m.pkl", [1, 2]))


@pytest.mark.parametrize("saved", [saved_npz, saved_pickle])
def test_missing_keys_are_named(tmp_path, saved):
    arrays = synthetic_file(55)
    del arrays["hands_meanl"]
    with pytest.raises(
        ValueError, match=r"without hands_meanl; it has J_regressor, f, .*; download the file again"
    ):
        load_body(saved(tmp_path / "hands.npz", arrays))
    del arrays["shapedirs"], arrays["f"]
    with pytest.raises(
        ValueError, match=r"m\.npz: expected a SMPL, SMPL-H or SMPL-X .* without shapedirs, f;"
    ):
        load_body(saved(tmp_path / "m.npz", arrays))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("weights", np.ones((5, 24)), r"expected weights of shape \(400, 24\) \(-1: any\), got \(5, 24\)"),
        ("f", np.full((5, 3), 400), r"expected f to hold vertices 0\.\.399"),
        ("v_template", np.full((400, 3), np.nan), "expected finite v_template, got NaN or infinity"),
        ("kintree_table", np.full((2, 24), 23), "expected every joint after its parent in kintree_table"),
        (
            "kintree_table",
            np.zeros((2, 16)),
            r"expected 24 \(SMPL\), 52 \(SMPL-H\) or 55 \(SMPL-X\) joints, got 16",
        ),
        ("posedirs", np.array("lrotmin"), "cannot read posedirs"),
    ],
)
def test_inconsistent_arrays_are_refused(tmp_path, key, value, message):
    with pytest.raises(ValueError, match=message):
        load_body(saved_npz(tmp_path / "m.npz", synthetic_file(24) | {key: value}))


def test_object_members_of_an_archive_are_read_only_where_needed(tmp_path):
    arrays, thing = synthetic_file(24), np.array([{"a": 1}], object)
    assert load_body(saved_npz(tmp_path / "fine.npz", arrays | {"bs_style": thing})).name == "fine"
    with pytest.raises(
        ValueError, match=r"bad\.npz: cannot read weights .*; .* save it again with plain arrays"
    ):
        load_body(saved_npz(tmp_path / "bad.npz", arrays | {"weights": thing}))


def test_a_missing_file_says_where_it_looked_and_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        load_body(tmp_path / "SMPL_NEUTRAL.pkl")
    message = str(error.value)
    assert "looked among the embedded names (neutral, male, female, child)" in message
    assert f"at {tmp_path / 'SMPL_NEUTRAL.pkl'}, which does not exist" in message
    assert all(
        step in message
        for step in ("(1) use an embedded body", "(2) give the path", "(3) to get one, register")
    )


def test_a_folder_lists_its_model_files(tmp_path):
    saved_npz(tmp_path / "SMPL_MALE.npz", synthetic_file(24))
    with pytest.raises(FileNotFoundError, match=r"is a folder \(it holds SMPL_MALE\.npz\)"):
        load_body(tmp_path)


def test_loading_prints_and_warns_nothing(tmp_path, capfd):
    load_body(saved_npz(tmp_path / "m.npz", synthetic_file(55)))
    assert capfd.readouterr() == ("", "")
