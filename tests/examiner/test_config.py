import pytest

from examiner.audit import command
from examiner.config import Config, dump_config, load_config, parse_threshold, with_values


def test_goes_through_yaml_unchanged(tmp_path):
    config = Config(
        target="my.py:build", agents=3, factors=("view",), threshold="150", shares=(0.6, 0.2, 0.2)
    )
    path = tmp_path / "config.yaml"
    path.write_text(dump_config(config))
    assert load_config(path) == config


def test_what_is_not_named_stays(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("budget: 4000\nthreshold: 120\n")
    assert load_config(path) == Config(budget=4000, threshold="120")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"factors": ("pose", "hat")}, "unknown factor 'hat': expected some of pose, shape, view, camera"),
        ({"factors": ()}, "unknown factor none"),
        ({"vary": ("pose",)}, "expected pose to be searched or drawn at random, got both"),
        ({"vary": ("hat",)}, "unknown factor 'hat'"),
        ({"factors": ("view",), "vary": ("pose",)}, "expected --vary without pose, got pose"),
        ({"fix": ("light",)}, "expected factor.dimension=value, got 'light'; e.g. --fix view.elevation=20"),
        ({"fix": ("light.azimuth=x",)}, "expected factor.dimension=value, got 'light.azimuth=x'"),
        ({"judge": -1}, "expected a number of judged pictures of at least 0, got -1"),
        ({"pose_space": "euler"}, "unknown pose_space 'euler': expected one of latent, angles"),
        ({"agents": 0}, "expected at least 1 agent, got 0"),
        (
            {"budget": 15},
            "expected a budget of at least one search query for each of 8 agents, got 15; use --budget 16",
        ),
        (
            {"threshold": "-1"},
            "expected a threshold in millimetres above 0 or id:q with q between 0 and 1, got '-1'",
        ),
        ({"threshold": "id:2"}, "got 'id:2'"),
        ({"threshold": "tall"}, "got 'tall'"),
        ({"threshold": "nan"}, "got 'nan'"),
        ({"algorithm": "pso"}, "unknown method 'pso': expected one of policy-gradient, published, cma-es"),
        ({"view": "side"}, "unknown view 'side': expected one of default, full"),
        ({"shares": (0.5, 0.5, 0.5)}, "expected three positive budget shares that sum to 1"),
        ({"shares": ()}, "expected three positive budget shares that sum to 1, got ()"),
        ({"shares": ("a", "b", "c")}, "expected three positive budget shares that sum to 1"),
        ({"shares": (0, 0.5, 0.5)}, "expected three positive budget shares that sum to 1"),
        ({"baselines": (["random"],)}, "unknown method ['random']"),
        ({"image_size": 8}, "expected an image size of at least 64 pixels and at most 2048, got 8"),
        ({"image_size": 100_000}, "at most 2048, got 100000"),
        ({"seed": -3}, "expected a seed of at least 0, got -3"),
    ],
)
def test_what_cannot_run_is_refused(settings, message):
    with pytest.raises(ValueError, match="expected") as caught:
        Config(**settings)
    assert message in str(caught.value)


def test_thresholds():
    assert parse_threshold("150") == ("mm", 150)
    assert parse_threshold("id:0.95") == ("id", 0.95)


def test_bad_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="expected a configuration file at"):
        load_config(tmp_path / "none.yaml")
    path = tmp_path / "bad.yaml"
    path.write_text("a: [")
    with pytest.raises(ValueError, match="expected YAML in"):
        load_config(path)
    path.write_text("budgets: 3")
    with pytest.raises(ValueError, match="unknown setting 'budgets' in"):
        load_config(path)
    path.write_text("budget: many")
    with pytest.raises(ValueError, match=r"expected budget in .* to be a whole number, got 'many'"):
        load_config(path)
    path.write_bytes(b"\x98\x00\xff")
    with pytest.raises(ValueError, match="expected YAML in"):
        load_config(path)
    path.write_text("factors: pose")
    with pytest.raises(ValueError, match=r"expected factors in .* to be a list, got 'pose'"):
        load_config(path)
    path.write_text("- 1")
    with pytest.raises(ValueError, match="expected `name: value` lines"):
        load_config(path)


def test_command_is_safe_to_type():
    assert command(Config(body="my body; rm x.npz")).endswith("--body 'my body; rm x.npz'")
    assert command(Config(shares=(0.6, 0.2, 0.2))) == "examiner audit --config config.yaml"


def test_command_repeats_the_run():
    from examiner.cli import parser
    from examiner.commands import SETTINGS

    config = Config(
        target="a.py:b", agents=3, seed=5, factors=("view",), threshold="id:0.9", baselines=("random",)
    )
    given = vars(parser().parse_args(command(config).split()[1:]))
    values = {key: given[key] for key in SETTINGS if given[key] is not None}
    assert with_values(Config(), values, "test") == config
