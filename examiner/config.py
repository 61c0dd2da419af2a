"""The configuration of an audit: frozen, complete, readable and writable as YAML."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from agents import POPULATIONS
from examiner.protocols import VERIFIED, check_protocol, settings_of
from targets import names_user_code

FACTORS = ("pose", "shape", "view", "camera", "light", "clothing", "background", "occluder", "imaging")
"""Factors there are; each can be searched, fixed at values, or drawn at random."""

VIEWS = ("default", "full")
POSE_SPACES = ("latent", "angles")
REGIONS = ("verified", "published")
REGIONS_OF_INTEREST = ("box", "detector")
LEAST_SIDE, MOST_SIDE = 64, 2048
"""Pixels of a picture's side."""

KINDS = {tuple: "a list", str: "a text", int: "a whole number"}
"""What a user calls the kinds of settings."""


@dataclass(frozen=True)
class Config:
    """Everything that decides the outcome of an audit."""

    target: str = "blazepose-full"
    algorithm: str = "policy-gradient"
    """One of POPULATIONS, or the user's own agents as `module:factory`."""
    agent_options: tuple[str, ...] = ()
    """Options of the algorithm, each `name=value`."""
    agents_from: str = ""
    """A run whose agents' policy this one starts with."""
    protocol: str = VERIFIED
    """One of PROTOCOLS: ours, or that of a release, which settles much of the rest."""
    agents: int = 8
    budget: int = 1600
    """Target queries of each method: search, regions and verification together."""
    seed: int = 0
    factors: tuple[str, ...] = ("pose", "view")
    vary: tuple[str, ...] = ()
    """Factors drawn anew for every search query from their typical range."""
    fix: tuple[str, ...] = ()
    """Dimensions held at a value, each `factor.dimension=value` in the unit of `examiner factors`."""
    view: str = "default"
    pose_space: str = "latent"
    score: str = "default"
    """`default` is n_mpjpe for targets without metric scale, mpjpe for the others."""
    threshold: str = "id:0.99"
    """Millimetres, or `id:q`: the quantile q of the error on the reference."""
    region_of_interest: str = "box"
    body: str = "neutral"
    prior: str = "default"
    poses: str = ""
    regressor: str = ""
    """A Human3.6M regressor of the user's, .npy or .npz: figures on the 14 joints of LSP."""
    simulator: str = "raster"
    """`raster` (failures are confirmed on pyrender), `pyrender`, or `module:factory`."""
    backgrounds: str = ""
    """A folder of the user's own photographs without people."""
    uv: str = ""
    """Texture coordinates of the body: a .obj or .npz file."""
    texture: str = ""
    """A folder of texture maps for the body."""
    judge: int = 0
    """Pictures of each mode that an independent path tracer draws; 0 asks no judge."""
    others: tuple[str, ...] = ()
    """Other targets that are shown the modes: a failure that one of them solves is solvable."""
    keypoints: str = ""
    """Another target whose 2D joints a lifter takes; nothing: the true ones."""
    baselines: tuple[str, ...] = ("random", "typical")
    regions: str = "verified"
    """How regions grow: `verified`, or `published` as in the release of PoseExaminer."""
    shares: tuple[float, float, float] = (0.5, 0.25, 0.25)
    """Search, regions, verification."""
    image_size: int = 256

    def __post_init__(self) -> None:
        check_config(self)


def check_config(config: Config) -> None:
    """Refuse what cannot be run.

    Raises:
        ValueError: one sentence, with the fix.
    """
    check_protocol(config.protocol, vars(config))
    _check_factors(config)
    for name in (config.algorithm, *config.baselines):
        if not isinstance(name, str) or (name not in POPULATIONS and not names_user_code(name)):
            near = get_close_matches(name, POPULATIONS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(
                f"unknown method {name!r}: expected one of {', '.join(POPULATIONS)}, or module:factory{hint}"
            )
    for text in config.agent_options:
        if not text.partition("=")[0].isidentifier() or "=" not in text:
            raise ValueError(f"expected options of agents as name=value, got {text!r}; e.g. covariance=full")
    _check_shares(config.shares)
    if config.agents < 1:
        raise ValueError(f"expected at least 1 agent, got {config.agents}")
    if config.budget * config.shares[0] < config.agents:
        least = int(-(-config.agents // config.shares[0]))
        raise ValueError(
            f"expected a budget of at least one search query for each of {config.agents} agents, got "
            f"{config.budget}; use --budget {least} or more, or fewer --agents"
        )
    if not LEAST_SIDE <= config.image_size <= MOST_SIDE:
        raise ValueError(
            f"expected an image size of at least {LEAST_SIDE} pixels and at most {MOST_SIDE}, "
            f"got {config.image_size}"
        )
    for name, value, known in (
        ("view", config.view, VIEWS),
        ("pose_space", config.pose_space, POSE_SPACES),
        ("regions", config.regions, REGIONS),
        ("region_of_interest", config.region_of_interest, REGIONS_OF_INTEREST),
    ):
        if value not in known:
            raise ValueError(f"unknown {name} {value!r}: expected one of {', '.join(known)}")
    if config.seed < 0:
        raise ValueError(f"expected a seed of at least 0, got {config.seed}")
    if config.judge < 0:
        raise ValueError(f"expected a number of judged pictures of at least 0, got {config.judge}")
    parse_threshold(config.threshold)


def _check_factors(config: Config) -> None:
    unknown = [name for name in (*config.factors, *config.vary) if name not in FACTORS]
    if unknown or not config.factors:
        got = repr(unknown[0]) if unknown else "none"
        raise ValueError(
            f"unknown factor {got}: expected some of {', '.join(FACTORS)}, e.g. --factors pose,view"
        )
    both = [name for name in config.vary if name in config.factors]
    if both:
        raise ValueError(
            f"expected {both[0]} to be searched or drawn at random, got both; take it from --factors or --vary"
        )
    if "pose" in config.vary:
        raise ValueError(
            "expected --vary without pose, got pose: what is proposed would not be what is asked; search it by "
            "--factors, as the baseline typical does at random"
        )
    for text in config.fix:
        parse_fixed(text)


def parse_fixed(text: str) -> tuple[str, float]:
    """Name and value of `factor.dimension=value`.

    Raises:
        ValueError: for anything else.
    """
    name, _, number = text.partition("=")
    try:
        value = float(number)
    except ValueError:
        value = float("nan")
    if name.partition(".")[0] not in FACTORS or "." not in name or value != value:
        raise ValueError(
            f"expected factor.dimension=value, got {text!r}; e.g. --fix view.elevation=20, "
            "and examiner factors lists them all"
        )
    return name, value


def _check_shares(shares: tuple[Any, ...]) -> None:
    numbers = all(isinstance(share, int | float) for share in shares)
    if len(shares) != 3 or not numbers or min(shares) <= 0 or not abs(sum(shares) - 1) <= 1e-9:
        raise ValueError(f"expected three positive budget shares that sum to 1, got {shares}")


def parse_threshold(text: str) -> tuple[str, float]:
    """`("mm", value)` or `("id", quantile)`.

    Raises:
        ValueError: for anything that is neither.
    """
    kind, number = ("id", text[3:]) if text.startswith("id:") else ("mm", text)
    try:
        value = float(number)
    except ValueError:
        value = -1.0
    if not (0 < value < 1 if kind == "id" else 0 < value < float("inf")):
        raise ValueError(
            f"expected a threshold in millimetres above 0 or id:q with q between 0 and 1, got {text!r}; "
            "e.g. --threshold 150 or --threshold id:0.99"
        )
    return kind, value


def config_dict(config: Config) -> dict[str, Any]:
    """The configuration as plain values, tuples as lists."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(config).items()}


def dump_config(config: Config) -> str:
    """The configuration as YAML."""
    return str(yaml.safe_dump(config_dict(config), sort_keys=False))


def load_config(path: Path, base: Config | None = None) -> Config:
    """Read a YAML configuration; what it does not name stays as in `base`, else at its default.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: for a key there is not, or a value of another kind.
    """
    if not path.is_file():
        raise FileNotFoundError(f"expected a configuration file at {path}, found none")
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"expected YAML in {path}, got something else: {error}") from None
    if not isinstance(values, dict):
        raise ValueError(f"expected `name: value` lines in {path}, got {type(values).__name__}")
    return with_values(base or Config(), values, str(path))


def with_values(config: Config, values: dict[str, Any], origin: str) -> Config:
    """The configuration with some values replaced, each converted to its field's kind.

    A protocol that is new brings its own settings, which the values may change as far as it lets them.

    Raises:
        ValueError: naming the key and where it came from.
    """
    known = {field.name: getattr(config, field.name) for field in fields(Config)}
    changed = {}
    for key, value in values.items():
        if key not in known:
            raise ValueError(f"unknown setting {key!r} in {origin}: expected some of {', '.join(known)}")
        changed[key] = _as_kind(known[key], value, key, origin)
    protocol = changed.get("protocol", config.protocol)
    brought = {} if protocol == config.protocol else settings_of(protocol)
    return replace(config, **{**brought, **changed})


def _as_kind(example: Any, value: Any, key: str, origin: str) -> Any:
    kind = type(example)
    if kind is tuple and isinstance(value, list | tuple):
        return tuple(value)
    if kind is str and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if type(value) is not kind:
        raise ValueError(f"expected {key} in {origin} to be {KINDS[kind]}, got {value!r}")
    return value
