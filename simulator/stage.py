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
from simulator.cloth import cloth_parts
from simulator.clothing import CLOTHING
from simulator.compose import nearest, over, touched
from simulator.drawing import Drawn, Part, Picture, Surface
from simulator.imaging import expose
from simulator.in_front import Front, PosedBystander, in_front, joints_in_front
from simulator.light import lights_of
from simulator.occluder import solid_parts
from simulator.silhouette import boxes_round, depth_to_the_edge
from simulator.visibility import JointVisibility
from simulator.visible_share import VisibleShare
from simulator.wardrobe import Painter, Wardrobe
from simulator.wearing import Wearing

STAGE_VERSION = 2
"""Raised whenever the same scene would give other pixels or labels, whatever the renderer."""

_NO_DEPTH = np.float32(0.0)

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
        self._wearing = Wearing(body)
        self._visibility = JointVisibility(body)
        self._share = VisibleShare(body)
        self.parts = (
            Part("body", body.faces, len(body.v_template), "person", body.uv, body.closed),
            *cloth_parts("person"),
            *solid_parts(),
            Part("bystander", body.faces, len(body.v_template), "other", body.uv, body.closed),
            *cloth_parts("other"),
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
                    *self._dressed(scene.clothing[row], out.vertices[row], normals[row]),
                    *front.solids,
                    *self._bystander(scene.occluder[row], front.bystander),
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
        shown = [_shown(one, front) for one, front in zip(drawn, staged.fronts, strict=True)]
        seen = [np.where(mask, one.person, _NO_DEPTH) for mask, one in zip(shown, drawn, strict=True)]
        mask, depth = np.stack(shown), np.stack([one.depth for one in drawn])
        images = [
            over(one.rgba, self._backgrounds.draw(row))
            for one, row in zip(drawn, scene.background, strict=True)
        ]
        blockers = [front.blockers for front in staged.fronts]
        return Batch(
            images=expose(np.stack(images), scene.imaging),
            joints=out.joints,
            vertices=out.vertices,
            joints2d=scene.camera.project(out.joints),
            visibility=self._visibility(out.vertices, out.joints, scene.camera, blockers=blockers),
            visible_share=self._share(out.vertices, staged.normals, depth, scene.camera),
            mask=mask,
            depth=depth_to_the_edge(np.stack(seen), mask, out.joints[:, 0, 2]),
            boxes=boxes_round(mask, scene.box_shift),
            scene=scene,
            joint_names=self.body.joint_names,
            others=joints_in_front(staged.fronts, out.joints.shape[1]),
        )

    def _dressed(self, clothing: Float, vertices: Float32, normals: Float32) -> tuple[Surface | None, ...]:
        """A painted body and its cloth meshes."""
        skin = Surface(vertices, normals, self._painter.paint(clothing))
        return skin, *self._wearing.surfaces(self._painter.worn(clothing), vertices, normals)

    def _bystander(self, occluder: Float, who: PosedBystander | None) -> tuple[Surface | None, ...]:
        """The second person, in clothes that follow from the occluder's row."""
        if who is None:
            return (None,) * (1 + len(cloth_parts()))
        rng = np.random.default_rng(np.frombuffer(occluder.tobytes(), np.uint8))
        normals = self.body.normals(who.vertices[None])[0]
        return self._dressed(CLOTHING.typical(1, rng)[0], who.vertices, normals)


def _shown(drawn: Drawn, front: Front) -> NDArray[np.bool_]:
    """Pixels (H, W) that show the person: all that are touched, or with something else the nearest at the sample."""
    return nearest(drawn.depth, drawn.person, SAME_SURFACE) if front.blockers else touched(drawn.rgba)
