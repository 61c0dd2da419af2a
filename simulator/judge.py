"""The judge: an independent picture maker. It shares nothing with the search's renderers but the scene.

Another body in the same pose and view, with a shape of its own; other clothes, lights and places; a path tracer. What
a scene's row says about clothing, background and light is not looked at: the judge draws its own from the bytes of
the row's pose, view and box shift, so that a person whose box is moved is also dressed anew. What stands in front,
the imaging, the field of view, the framing and the box stay.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from simulator.base import Batch, Scene, join_batches
from simulator.body import Body
from simulator.body_files import EMBEDDED, load_body
from simulator.camera import Float
from simulator.imaging import expose
from simulator.in_front import Front, in_front, joints_in_front
from simulator.judge_actor import Actor
from simulator.judge_place import Thing, place, stand
from simulator.judge_tracer import Traced, Tracer
from simulator.occluder import solid_parts
from simulator.silhouette import boxes_round, depth_to_the_edge
from simulator.view import framing

JUDGE_VERSION = 1
"""Raised whenever the same scene would give other pixels or labels."""

_OTHERS = {"male": ("female",), "female": ("male",), "child": ("child",)}
"""On whom the people of a body are judged; those of all other bodies on a man or a woman."""
_GAMMA = 2.2
_MIDDLE = 0.2
"""Mean linear light after exposure: a middle grey."""
_SPREAD = 0.8
"""Standard deviation of the judge's betas."""


class JudgeSimulator:
    """Draws the people of a scene as an independent picture maker would; keeps the `Simulator` protocol.

    The labels are those of the body that was drawn. A simulator is a context manager; without `with`, call `close()`.

    Args:
        body: Whose scenes are judged: an embedded adult is drawn as another one, a user's body as an embedded one,
            the embedded child as a child of the same age and another shape.
        image_size: Height and width in pixels, the same as in the scenes' cameras.
        samples: Light paths a pixel, before a filter that makes few do.
        threads: Threads of the path tracer; pictures do not depend on their number.

    Raises:
        ModuleNotFoundError: Mitsuba is not installed; the message says what to type.
    """

    def __init__(self, body: Body, *, image_size: int = 256, samples: int = 4, threads: int = 2) -> None:
        self.body = body
        self._size = image_size
        self._tracer = Tracer(image_size, samples, threads)
        judged_on = (
            _OTHERS.get(body.name, ("male", "female")) if body.name in EMBEDDED else ("male", "female")
        )
        self._actors = tuple(Actor(load_body(name)) for name in judged_on)

    @property
    def version(self) -> str:
        """Tracer, bodies and image size."""
        bodies = ", ".join(f"body {actor.body.name} {actor.body.sha256[:12]}" for actor in self._actors)
        return f"judge {JUDGE_VERSION} of {self.body.name}, {self._tracer.version}, {bodies}, {self._size} px"

    def render(self, scene: Scene) -> Batch:
        """Draw the scene; row i of the batch is row i of the scene, whatever the batch size.

        The batch's scene holds the betas and `transl` of the people who were drawn.

        Raises:
            ValueError: The scene is empty or has another image size, or the body refuses a parameter.
        """
        if not len(scene):
            raise ValueError("expected at least one person, got a scene of 0 rows")
        if scene.camera.image_size != (self._size, self._size):
            raise ValueError(
                f"expected cameras of {(self._size, self._size)} px, got {scene.camera.image_size}; "
                "give the simulator and the camera the same image size"
            )
        return join_batches([self._draw(scene.rows(np.array([row]))) for row in range(len(scene))])

    def close(self) -> None:
        """Nothing to free."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _draw(self, scene: Scene) -> Batch:
        """One person."""
        seed = seed_of(scene)
        rng = np.random.default_rng(seed)
        actor = self._actors[rng.integers(len(self._actors))]
        scene = self._recast(scene, actor.body, rng)
        out = actor.body.forward(scene.betas, scene.body_pose, scene.global_orient, scene.transl)
        normals = actor.body.normals(out.vertices)
        front = in_front(scene, out.joints, actor.body)[0]
        person = actor.dressed(out.vertices[0], normals[0], rng)
        up = Rotation.from_rotvec(scene.global_orient[0]).as_matrix()[:, 1]
        where = place(stand(person[0].vertices, out.joints[0, 0], up), rng)
        camera = np.array([scene.camera.focal_length[0], *scene.camera.center[0]])
        traced = self._tracer.trace(person, _things_in_front(front, actor, rng), where, camera, seed % 2**31)
        image = _developed(traced, where.seen(_rays(camera, self._size)), rng.uniform(0.75, 1.4))
        mask = traced.person[None] > 0
        whole = np.where(traced.person == 1, traced.depth, np.float32(0))[None]
        blockers = front.blockers
        return Batch(
            images=expose(image[None], scene.imaging),
            joints=out.joints,
            vertices=out.vertices,
            joints2d=scene.camera.project(out.joints),
            visibility=actor.visibility(out.vertices, out.joints, scene.camera, blockers=[blockers]),
            visible_share=actor.share(out.vertices, normals, traced.depth[None], scene.camera),
            mask=mask,
            depth=depth_to_the_edge(whole, mask, out.joints[:, 0, 2]),
            boxes=boxes_round(mask, scene.box_shift),
            scene=scene,
            joint_names=actor.body.joint_names,
            others=joints_in_front([front], out.joints.shape[1]),
        )

    def _recast(self, scene: Scene, body: Body, rng: np.random.Generator) -> Scene:
        """The scene with another person in it, of the same place and size in the picture."""
        betas = rng.normal(0.0, _SPREAD, scene.betas.shape)
        if body.name == "child":
            betas[:, 0] = scene.betas[:, 0]
        still = np.zeros((1, 3))
        wanted, own = (
            framing(
                who.joints(shape, scene.body_pose, scene.global_orient, still), scene.camera, scene.framing
            )
            for who, shape in ((self.body, scene.betas), (body, betas))
        )
        return replace(scene, betas=betas, transl=scene.transl - wanted + own)


def seed_of(scene: Scene) -> int:
    """The seed of all that the judge draws for a scene of one row: its pose, view and box shift, nothing else."""
    fields_used = (scene.body_pose, scene.global_orient, scene.box_shift)
    digest = hashlib.sha256(
        b"".join(np.asarray(field, np.float64).tobytes() for field in fields_used)
    ).digest()
    return int.from_bytes(digest[:8], "little")


def _things_in_front(front: Front, actor: Actor, rng: np.random.Generator) -> list[Thing]:
    """What stands in front, in the judge's colours."""
    things = []
    for surface, part in zip(front.solids, solid_parts(), strict=True):
        if surface is not None:
            colour = np.tile(rng.uniform(30, 220, 3).astype(np.uint8), (4, 4, 1))
            uv = np.zeros((part.vertex_count, 2), np.float32)
            things.append(Thing(surface.vertices, part.faces, uv, colour, normals=surface.normals))
    if front.bystander is not None:
        vertices = front.bystander.vertices
        things += actor.dressed(vertices, actor.body.normals(vertices[None])[0], rng)
    return things


def _rays(camera: Float, size: int) -> Float:
    """Unit vectors (size, size, 3) through the middles of the pixels, camera axes."""
    focal, cx, cy = camera
    middles = np.arange(size) + 0.5
    x, y = np.meshgrid((middles - cx) / focal, (middles - cy) / focal)
    rays = np.stack([x, y, np.ones_like(x)], axis=-1)
    return np.asarray(rays / np.linalg.norm(rays, axis=-1, keepdims=True))


def _developed(traced: Traced, sky: Float, exposure: float) -> NDArray[np.uint8]:
    """Bytes (H, W, 3), sRGB: exposed for person and place, with a soft shoulder (Reinhard et al. 2002, eq. 4)."""
    light = traced.light + (1 - traced.covered)[..., None] * sky
    grey = np.maximum(light.mean(axis=-1), 1e-4)
    shown = traced.person == 1
    middles = [
        float(np.exp(np.log(values).mean())) for values in (grey, grey[shown] if shown.any() else grey)
    ]
    x = light * (exposure * _MIDDLE / np.sqrt(middles[0] * middles[1]))
    return np.asarray(255 * (x * (1 + x / 6) / (1 + x)).clip(0, 1) ** (1 / _GAMMA) + 0.5, np.uint8)
