"""Weights that are trained on a simulator's pictures: whether it still draws them."""

from __future__ import annotations

from targets.base import TargetSpec

WATCHED = ("stage", "body", "paint", "backgrounds")
"""First words of the pieces of a simulator's version that decide how people look."""


def stale_look(spec: TargetSpec, version: str) -> str:
    """One sentence where a target was trained on other pictures than a simulator draws now, else nothing.

    Args:
        spec: Its `trained_on` is the `version` of the simulator that drew its training pictures.
        version: Of the simulator at hand. Pieces that only one of them has are not compared, nor are bodies of
            different names: they are other people, not another look.
    """
    then, now = _pieces(spec.trained_on), _pieces(version)
    changed = [name for name in then if name in now and then[name] != now[name]]
    if not changed:
        return ""
    before, after = (", ".join(f"{name} {pieces[name]}" for name in changed) for pieces in (then, now))
    return (
        f"expected the pictures that {spec.name} was trained on ({before}), got others ({after}): "
        "part of its errors may come from the new look; train it again"
    )


def _pieces(version: str) -> dict[str, str]:
    """`stage 2, body neutral 4ccf` -> {"stage": "2", "body neutral": "4ccf"}, of the watched pieces."""
    pieces = (piece.strip().rpartition(" ") for piece in version.split(","))
    return {name: value for name, _, value in pieces if name.partition(" ")[0] in WATCHED}
