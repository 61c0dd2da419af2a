"""The simulator: parameters in, pictures with exact ground truth out."""

from simulator.base import Batch, Scene, Simulator, join_scenes
from simulator.body import Body, BodyOutput
from simulator.body_files import load_body
from simulator.camera import Camera
from simulator.factors import (
    FULL_VIEW,
    REFERENCE_VIEW,
    SPREAD,
    Dimension,
    Factor,
    PoseFactor,
    ShapeFactor,
    ViewFactor,
)
from simulator.gl import GraphicsError, diagnose
from simulator.motion_range import MotionRange, load_motion_range
from simulator.prior import LatentPrior, Mixture, PosePrior
from simulator.prior_files import load_poses, load_prior
from simulator.pyrender_simulator import PyrenderSimulator
from simulator.space import ParameterSpace, redress
from simulator.stick import StickSimulator
from simulator.view import camera_direction, orientation, view_of
from simulator.visibility import JointVisibility

__all__ = [
    "FULL_VIEW",
    "REFERENCE_VIEW",
    "SPREAD",
    "Batch",
    "Body",
    "BodyOutput",
    "Camera",
    "Dimension",
    "Factor",
    "GraphicsError",
    "JointVisibility",
    "LatentPrior",
    "Mixture",
    "MotionRange",
    "ParameterSpace",
    "PoseFactor",
    "PosePrior",
    "PyrenderSimulator",
    "Scene",
    "ShapeFactor",
    "Simulator",
    "StickSimulator",
    "ViewFactor",
    "camera_direction",
    "diagnose",
    "join_scenes",
    "load_body",
    "load_motion_range",
    "load_poses",
    "load_prior",
    "orientation",
    "redress",
    "view_of",
]
