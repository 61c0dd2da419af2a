"""Whether a simulator keeps the contract: its labels against its own pictures, and against plain geometry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from examiner import seeds
from examiner.check_batch import check_form
from examiner.dimensions import number
from examiner.joints import LIMB_JOINTS, Bool, Float
from examiner.outline import best_shift, edge_contrast, overlap, silhouette
from simulator import (
    BACKGROUND_FACTOR,
    CLOTHING_FACTOR,
    IMAGING_FACTOR,
    LIGHT_FACTOR,
    OCCLUDER_FACTOR,
    Batch,
    Body,
    JointVisibility,
    ParameterFactor,
    ParameterSpace,
    PoseFactor,
    PosePrior,
    Scene,
    Simulator,
    ViewFactor,
    first_hits,
    shape_of,
)

FEW = 4
"""People on whom the effect of each factor is tried."""

LEAST_OVERLAP = 0.8
"""Intersection over union of mask and projected mesh in each picture; half a pixel all round is worth 0.06."""
MOST_SHIFT = 1
"""Pixels, in the median picture."""
MOST_OFF_M = 0.06
"""Metres between the depth of a pixel and the mesh there: clothes and hair have thickness."""
LEAST_OFF_M = 0.005
"""Metres in the median from which depth counts as another one."""
RAYS = 256
"""Pixels of a picture at which depth is looked at."""
LEAST_RIGHT = 0.85
"""Share of pixels (joints) for which a label must be right, in the median picture (in all)."""
CLEARER = 1.1
"""Times by which the picture changes more across the mask's outline than across the same outline elsewhere."""
SEEN = 10
"""Levels of 255 by which a pixel has to change to count."""

EFFECTS = (LIGHT_FACTOR, CLOTHING_FACTOR, BACKGROUND_FACTOR, OCCLUDER_FACTOR, IMAGING_FACTOR)


@dataclass(frozen=True)
class Findings:
    """What a check found."""

    faults: tuple[str, ...]
    """What has to be repaired."""
    notes: tuple[str, ...]
    """What is as it may be, but good to know."""


def check_simulator(
    simulator: Simulator,
    body: Body,
    prior: PosePrior,
    image_size: int,
    people: int,
    report: Callable[[str, int, int], None],
) -> Findings:
    """Draw some ordinary people and hold what comes back against the contract.

    Args:
        simulator: The one to check.
        body: Whose meshes it draws.
        prior: Of the poses.
        image_size: Pixels of a picture's side.
        people: How many are drawn, at least `FEW`.
        report: Told of stage, done and total.
    """
    if people < FEW:
        raise ValueError(f"expected at least {FEW} people, got {people}; use --n {FEW} or more")
    scene = _ordinary(body, prior, image_size, people)
    report("people", 0, people)
    batch = simulator.render(scene)
    report("people", people, people)
    faults = list(check_form(batch, scene, body))
    if faults:
        return Findings(tuple(faults), ())
    faults += [*_points(batch), *_rows_alone(simulator, batch)]
    faults += [*_boxes(batch), *_edges(batch), *_depth_where_mask_is(batch)]
    notes = []
    if batch.vertices.shape[1] == len(body.v_template):
        faults += [*_outlines(batch, body), *_depths(batch, body), *_visible(batch, body)]
    else:
        notes.append("vertices are not those of the body: masks and depth were not held against the mesh")
    few = batch.scene.rows(slice(0, FEW))
    for done, factor in enumerate(EFFECTS):
        report("factors", done, len(EFFECTS))
        own_faults, own_notes = _effect(simulator, few, batch, factor)
        faults += own_faults
        notes += own_notes
    report("factors", len(EFFECTS), len(EFFECTS))
    return Findings(tuple(faults), tuple(notes))


def _ordinary(body: Body, prior: PosePrior, image_size: int, people: int) -> Scene:
    """Typical people, nothing before them, in perfect pictures."""
    factors = (
        PoseFactor(prior),
        shape_of(body),
        ViewFactor(),
        LIGHT_FACTOR,
        CLOTHING_FACTOR,
        BACKGROUND_FACTOR,
    )
    space = ParameterSpace(factors, body, image_size)
    rng = seeds.generator(seeds.FIXED, seeds.PREVIEW, 1)
    scene = space.decode(space.typical(people, rng))
    return replace(scene, box_shift=rng.uniform(-3.0, 3.0, (people, 2)))


def _points(batch: Batch) -> Iterator[str]:
    """The joints in the picture."""
    off = np.linalg.norm(batch.joints2d - batch.camera.project(batch.joints), axis=-1)
    if off.max() > 0.01:
        worst, joint = (int(i) for i in np.unravel_index(int(off.argmax()), off.shape))
        yield (
            f"joints2d: expected camera.project(joints), got {off.max():.2f} px beside it for "
            f"{batch.joint_names[joint]} in row {worst}"
        )
    near = np.stack([cv2.dilate(mask.astype(np.uint8), np.ones((7, 7), np.uint8)) for mask in batch.mask])
    row, seen = np.nonzero(batch.visibility)
    size = np.array(batch.camera.image_size)
    x, y = np.clip(np.floor(batch.joints2d[row, seen]), 0, size - 1).astype(np.intp).T
    right = float(near[row, y, x].mean()) if len(row) else 0.0
    if right < LEAST_RIGHT:
        yield (
            f"visibility: expected visible joints to lie on the mask, got {right:.0%} of them there; a joint is "
            "visible if it is in the picture and nothing hides it"
        )


def _rows_alone(simulator: Simulator, batch: Batch) -> Iterator[str]:
    """A row alone against the same row in the batch, twice."""
    last = slice(len(batch) - 1, len(batch))
    scene = batch.scene.rows(last)
    alone, again = simulator.render(scene), simulator.render(scene)
    for name in ("images", "mask", "joints", "depth"):
        one, two, batched = (getattr(each, name) for each in (alone, again, batch))
        if not np.array_equal(one, two):
            yield f"{name}: expected the same for the same scene, got two different ones; seed what is random"
        elif not np.array_equal(one, batched[last]):
            yield f"{name}: expected the last row alone to be as in the batch of {len(batch)}, got another one"


def _boxes(batch: Batch) -> Iterator[str]:
    for row, mask in enumerate(batch.mask):
        y, x = np.nonzero(mask)
        if not len(x):
            yield f"mask: expected pixels of the person, got none in row {row}"
            return
        tight = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1]) + np.tile(
            batch.scene.box_shift[row], 2
        )
        off = float(np.abs(batch.boxes[row] - tight).max())
        if off > 1.0:
            yield (
                f"boxes: expected the box round the mask, moved by box_shift, got one that is {off:.1f} px beside it "
                f"in row {row}"
            )
            return


def _edges(batch: Batch) -> Iterator[str]:
    """The picture has to change where the mask ends, more than it does elsewhere."""
    rows = list(zip(batch.images, batch.mask, strict=True))
    own = float(np.mean([edge_contrast(image, mask) for image, mask in rows]))
    mirrored = float(np.mean([edge_contrast(image, mask[:, ::-1]) for image, mask in rows]))
    upside = float(np.mean([edge_contrast(image, mask[::-1]) for image, mask in rows]))
    if own >= CLEARER * max(mirrored, upside):
        return
    guess = "; the pictures look mirrored" if mirrored > CLEARER * max(own, upside) else ""
    guess = "; the pictures look upside down" if upside > CLEARER * max(own, mirrored) else guess
    yield (
        f"images: expected the person where the mask is, got {own:.0f} levels of contrast across its outline and "
        f"{mirrored:.0f} across that of its mirror image{guess}"
    )


def _depth_where_mask_is(batch: Batch) -> Iterator[str]:
    wrong = np.flatnonzero(((batch.depth > 0) != batch.mask).any(axis=(1, 2)))
    if len(wrong):
        row = int(wrong[0])
        count = int(((batch.depth[row] > 0) != batch.mask[row]).sum())
        yield f"depth: expected it above 0 on the mask and 0 elsewhere, got {count} other pixels in row {row}"


def _outlines(batch: Batch, body: Body) -> Iterator[str]:
    """Masks against the projected mesh."""
    meshes = silhouette(batch.vertices, body.faces, batch.camera)
    shares = overlap(meshes, batch.mask)
    for word, flipped in (("mirrored", batch.mask[:, :, ::-1]), ("upside down", batch.mask[:, ::-1])):
        if np.median(overlap(meshes, flipped)) > np.median(shares) + 0.05:
            yield f"mask: expected the projected mesh, got one that fits better {word}"
            return
    shift = np.median([best_shift(a, b) for a, b in zip(meshes, batch.mask, strict=True)], axis=0)
    if np.abs(shift).max() > MOST_SHIFT:
        yield (
            f"mask: expected the projected mesh, got one about {shift[0]:+.0f} px right and {shift[1]:+.0f} px down "
            "of it; pixel column i covers [i, i + 1), so the middle of the picture is at half its width"
        )
    elif shares.min() < LEAST_OVERLAP:
        yield (
            f"mask: expected the projected mesh, got an overlap (IoU) of {shares.min():.2f} in row {shares.argmin()}, "
            f"{np.median(shares):.2f} in the median picture"
        )


def _visible(batch: Batch, body: Body) -> Iterator[str]:
    """Visibility against rays on the mesh; nothing stands in front of these people."""
    index = np.array([batch.joint_names.index(name) for name in LIMB_JOINTS])
    wanted = JointVisibility(body)(batch.vertices, batch.joints, batch.camera, index)
    right = float((batch.visibility[:, index] == wanted).mean())
    if right < LEAST_RIGHT:
        yield f"visibility: expected what rays on the mesh meet first, got that for {right:.0%} of the limbs' joints"


def _depths(batch: Batch, body: Body) -> Iterator[str]:
    """Depth against rays on the mesh, at some pixels within each mask."""
    rng = seeds.generator(seeds.FIXED, seeds.PREVIEW, 2)
    rows = [_rays(batch, body, row, rng) for row in range(len(batch))]
    right = float(np.median([(np.abs(drawn - mesh) <= MOST_OFF_M).mean() for drawn, mesh, _ in rows]))
    drawn, mesh, longer = np.concatenate(rows, axis=1)
    off, off_along = float(np.median(np.abs(drawn - mesh))), float(np.median(np.abs(drawn - mesh * longer)))
    if off > LEAST_OFF_M and off_along < 0.5 * off:
        yield "depth: expected metres along z, got metres along the ray of each pixel"
    elif right < LEAST_RIGHT:
        yield (
            f"depth: expected the mesh's within {MOST_OFF_M * 100:.0f} cm, got that for {right:.0%} of the pixels of "
            f"the median picture, and {number(float(np.median(drawn / mesh)))} times it in the median"
        )


def _rays(batch: Batch, body: Body, row: int, rng: np.random.Generator) -> Float:
    """(3, K) depth drawn, depth of the mesh, and how much longer the pixel's ray is than its depth."""
    core = cv2.erode(batch.mask[row].astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    pixels = np.argwhere(core)
    y, x = rng.permutation(pixels)[:RAYS].T
    camera = batch.camera
    u = (x + 0.5 - camera.center[row, 0]) / camera.focal_length[row]
    v = (y + 0.5 - camera.center[row, 1]) / camera.focal_length[row]
    near = first_hits(batch.vertices[row], body.faces, u, v).nearness
    hit = near > 0
    table = np.stack([batch.depth[row, y, x], 1.0 / np.where(hit, near, 1.0), np.sqrt(1 + u * u + v * v)])
    return np.asarray(table[:, hit], np.float64)


def _effect(
    simulator: Simulator, scene: Scene, batch: Batch, factor: ParameterFactor
) -> tuple[list[str], list[str]]:
    """Whether a factor changes the picture, and only what it may."""
    changed = simulator.render(_otherwise(scene, factor))
    before = batch.images[: len(scene)].astype(np.int16)
    seen = np.abs(changed.images.astype(np.int16) - before).max(axis=-1) >= SEEN
    mask = batch.mask[: len(scene)]
    if not seen.any():
        return [], [f"{factor.name} changes nothing in the picture: leave it out of --factors and --vary"]
    return list(_misplaced(factor.name, seen, mask, changed.mask)), []


def _misplaced(name: str, seen: Bool, mask: Bool, changed: Bool) -> Iterator[str]:
    if name == CLOTHING_FACTOR.name and seen[mask].mean() < seen[~mask].mean():
        yield "clothing: expected other clothes to change pixels on the mask, got more changes beside it"
    if name == BACKGROUND_FACTOR.name and seen[mask].mean() > 0.5 * seen[~mask].mean():
        yield "background: expected another one to change pixels beside the mask, got many changes on it"
    if name == OCCLUDER_FACTOR.name and changed.sum() > 0.95 * mask.sum():
        yield "mask: expected no pixels of what stands in front (occluder), got them counted as the person's"
    if name in (LIGHT_FACTOR.name, IMAGING_FACTOR.name) and not np.array_equal(mask, changed):
        yield f"mask: expected the same whatever the {name}, got another one"


def _otherwise(scene: Scene, factor: ParameterFactor) -> Scene:
    """The same people with one factor far from what it was."""
    if factor.name == OCCLUDER_FACTOR.name:
        box = factor.parameters.rows(len(scene))
        for what, value in (("kind", 1.5), ("size", 0.5), ("distance", 0.3)):
            box[:, factor.parameters.column(what)] = value
        return factor.place(box, scene)
    return factor.apply(1.0 - factor.read(scene), scene)
