"""The simulator: parameters in, pictures with exact ground truth out."""

from simulator.background import PHOTOGRAPHED, Backgrounds
from simulator.base import Batch, Scene, Simulator, join_scenes
from simulator.body import Body, BodyOutput
from simulator.body_files import EMBEDDED, load_body
from simulator.camera import Camera
from simulator.factors import (
    BACKGROUND_FACTOR,
    CLOTHING_FACTOR,
    FULL_VIEW,
    IMAGING_FACTOR,
    LIGHT_FACTOR,
    OCCLUDER_FACTOR,
    REFERENCE_VIEW,
    CameraFactor,
    Factor,
    HeldFactor,
    ParameterFactor,
    PoseFactor,
    ShapeFactor,
    ViewFactor,
    shape_of,
)
from simulator.gl import GraphicsError, diagnose
from simulator.in_front import in_front
from simulator.joint_angles import AnglesFactor
from simulator.joint_names import SMPL_JOINTS
from simulator.mesh_simulator import MeshSimulator, PyrenderSimulator, RasterSimulator
from simulator.motion_range import MotionRange, load_motion_range
from simulator.parameters import NORMAL, SPREAD, Dimension, Parameters, normal_quantile, normal_unit
from simulator.penetration import Penetration
from simulator.photographs import load_photographs
from simulator.physical import PHYSICAL, physical_values, with_physical_values
from simulator.prior import LatentPrior, Mixture, PosePrior
from simulator.prior_files import load_poses, load_prior
from simulator.process_simulator import ProcessSimulator
from simulator.raycast import first_hits
from simulator.space import ParameterSpace, redraw
from simulator.stick import StickSimulator
from simulator.texture_maps import TextureMaps, load_uv
from simulator.view import camera_direction, field_of_view, orientation, view_of
from simulator.visibility import JointVisibility

__all__ = [
    "BACKGROUND_FACTOR",
    "CLOTHING_FACTOR",
    "EMBEDDED",
    "FULL_VIEW",
    "IMAGING_FACTOR",
    "LIGHT_FACTOR",
    "NORMAL",
    "OCCLUDER_FACTOR",
    "PHOTOGRAPHED",
    "PHYSICAL",
    "REFERENCE_VIEW",
    "SMPL_JOINTS",
    "SPREAD",
    "AnglesFactor",
    "Backgrounds",
    "Batch",
    "Body",
    "BodyOutput",
    "Camera",
    "CameraFactor",
    "Dimension",
    "Factor",
    "GraphicsError",
    "HeldFactor",
    "JointVisibility",
    "LatentPrior",
    "MeshSimulator",
    "Mixture",
    "MotionRange",
    "ParameterFactor",
    "ParameterSpace",
    "Parameters",
    "Penetration",
    "PoseFactor",
    "PosePrior",
    "ProcessSimulator",
    "PyrenderSimulator",
    "RasterSimulator",
    "Scene",
    "ShapeFactor",
    "Simulator",
    "StickSimulator",
    "TextureMaps",
    "ViewFactor",
    "camera_direction",
    "diagnose",
    "field_of_view",
    "first_hits",
    "in_front",
    "join_scenes",
    "load_body",
    "load_motion_range",
    "load_photographs",
    "load_poses",
    "load_prior",
    "load_uv",
    "normal_quantile",
    "normal_unit",
    "orientation",
    "physical_values",
    "redraw",
    "shape_of",
    "view_of",
    "with_physical_values",
]
