"""The stage: from a scene to what a renderer draws, and from what it drew to pictures and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.background import Backgrounds
from simulator.base import Batch, Scene
from simulator.body import Body, BodyOutput, Float32
from simulator.camera import Float
from simulator.clothing import CLOTHING
from simulator.drawing import Drawn, Part, Picture, Surface
from simulator.imaging import expose
from simulator.in_front import Front, PosedBystander, in_front
from simulator.light import lights_of
from simulator.occluder import solid_parts
from simulator.silhouette import boxes_round, depth_to_the_edge
from simulator.visibility import JointVisibility
from simulator.visible_share import VisibleShare
from simulator.wardrobe import Painter, Wardrobe

STAGE_VERSION = 2
"""Raised whenever the same scene would give other pixels or labels, whatever the renderer."""

SAME_SURFACE = 1e-3
"""Metres within which two depths are of one surface."""


@dataclass(frozen=True, eq=False)
class Staged:
    """A scene ready to be drawn."""

    scene: Scene
    out: BodyOutput
    normals: Float32
    """(N, V, 3) unit vectors, outward."""
    fronts: list[Front]
    """What stands in front of each person."""
    pictures: list[Picture]


class Stage:
    """Dresses people, puts things in front of them, lights them; then makes pictures and labels of the drawing.

    Args:
        body: Who is drawn.
        image_size: Height and width in pixels.
        painter: From a clothing row to paint; the body's `Wardrobe` without it.
        backgrounds: From a background row to a picture; procedural ones without it.
    """

    def __init__(
        self,
        body: Body,
        image_size: int,
        painter: Painter | None = None,
        backgrounds: Backgrounds | None = None,
    ) -> None:
        self.body = body
        self.image_size = image_size
        self._painter = painter or Wardrobe(body)
        self._backgrounds = backgrounds or Backgrounds(image_size)
        self._visibility = JointVisibility(body)
        self._share = VisibleShare(body)
        self.parts = (
            Part("body", body.faces, len(body.v_template), "person", body.uv, body.closed),
            *solid_parts(),
            Part("bystander", body.faces, len(body.v_template), "other", body.uv, body.closed),
        )

    @property
    def version(self) -> str:
        """Everything beside the renderer that can change a pixel or a label."""
        body = f"body {self.body.name} {self.body.sha256[:12]}"
        looks = f"{self._painter.version}, {self._backgrounds.version}"
        return f"stage {STAGE_VERSION}, {body}, {looks}, {self.image_size} px"

    def set(self, scene: Scene) -> Staged:
        """Everything that stands on the stage.

        Raises:
            ValueError: The body refuses a parameter.
        """
        out = self.body.forward(scene.betas, scene.body_pose, scene.global_orient, scene.transl)
        normals = self.body.normals(out.vertices)
        fronts = in_front(scene, out.joints, self.body)
        pictures = [
            Picture(
                surfaces=(
                    self._dressed(scene.clothing[row], out.vertices[row], normals[row]),
                    *front.solids,
                    None if front.bystander is None else self._bystander(scene.occluder[row], front.bystander),
                ),
                camera=np.array([scene.camera.focal_length[row], *scene.camera.center[row]]),
                lights=lights_of(scene.light[row]),
            )
            for row, front in enumerate(fronts)
        ]
        return Staged(scene, out, normals, fronts, pictures)

    def batch(self, staged: Staged, drawn: Sequence[Drawn]) -> Batch:
        """Pictures and labels of a drawing."""
        scene, out = staged.scene, staged.out
        rgba, depth, person = (
            np.stack([getattr(one, name) for one in drawn]) for name in ("rgba", "depth", "person")
        )
        mask = _shown(rgba, depth, person, [bool(front.blockers) for front in staged.fronts])
        behind = np.stack([self._backgrounds.draw(row) for row in scene.background])
        blockers = [front.blockers for front in staged.fronts]
        return Batch(
            images=expose(_over(rgba, behind), scene.imaging),
            joints=out.joints,
            vertices=out.vertices,
            joints2d=scene.camera.project(out.joints),
            visibility=self._visibility(out.vertices, out.joints, scene.camera, blockers=blockers),
            visible_share=self._share(out.vertices, staged.normals, depth, scene.camera),
            mask=mask,
            depth=depth_to_the_edge(np.where(mask, person, np.float32(0)), mask, out.joints[:, 0, 2]),
            boxes=boxes_round(mask, scene.box_shift),
            scene=scene,
            joint_names=self.body.joint_names,
            others=_others(staged.fronts, out.joints.shape[1]),
        )

    def _dressed(self, clothing: Float, vertices: Float32, normals: Float32) -> Surface:
        return Surface(vertices, normals, self._painter.paint(clothing))

    def _bystander(self, occluder: Float, who: PosedBystander) -> Surface:
        """The second person, in clothes that follow from the occluder's row."""
        rng = np.random.default_rng(np.frombuffer(occluder.tobytes(), np.uint8))
        normals = self.body.normals(who.vertices[None])[0]
        return self._dressed(CLOTHING.typical(1, rng)[0], who.vertices, normals)


def _shown(rgba: NDArray[np.uint8], depth: Float32, person: Float32, blocked: list[bool]) -> NDArray[np.bool_]:
    """Pixels (N, H, W) that show the person: all that are touched, or where something else is in the picture
    those at whose depth sample the person is the nearest."""
    nearest = (person > 0) & (person <= depth + np.float32(SAME_SURFACE))
    return np.where(np.array(blocked)[:, None, None], nearest, rgba[..., 3] > 0)


def _over(rgba: NDArray[np.uint8], behind: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures (N, H, W, 3) of RGBA, already multiplied by alpha, over a background."""
    through = (255 - rgba[..., 3:]).astype(np.uint16)
    return rgba[..., :3] + ((through * behind + 127) // 255).astype(np.uint8)


def _others(fronts: list[Front], joints: int) -> Float:
    """(N, 1, J, 3) joints of the second people, NaN where there is none."""
    nobody = np.full((joints, 3), np.nan)
    rows = [nobody if front.bystander is None else front.bystander.joints for front in fronts]
    return np.stack(rows)[:, None]
