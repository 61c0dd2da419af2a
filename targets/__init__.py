"""Models under test: pictures in, `Prediction` out. Imports none of the other rooms."""

from targets.base import Prediction, Target, TargetSpec
from targets.blazepose import DETECTOR_FILE, LANDMARK_FILES, BlazePose
from targets.blazepose_torch import BlazePoseTorch
from targets.catalogue import BUILT_IN, build_target
from targets.check import check_target
from targets.crop import IMAGENET_MEAN, IMAGENET_STD, Crop, check_people
from targets.fake import FakePlantedTarget, FakeTarget
from targets.hmr_lite import HmrLite
from targets.joint_names import JOINT_SETS
from targets.movenet import MOVENET_FILES, MoveNet
from targets.process import ProcessTarget
from targets.trained_on import stale_look
from targets.truth import Truth
from targets.user_code import built_by_user, names_user_code
from targets.weights import WeightFile, adopt, cache_folder, fetch, fetch_together

__all__ = [
    "BUILT_IN",
    "DETECTOR_FILE",
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "JOINT_SETS",
    "LANDMARK_FILES",
    "MOVENET_FILES",
    "BlazePose",
    "BlazePoseTorch",
    "Crop",
    "FakePlantedTarget",
    "FakeTarget",
    "HmrLite",
    "MoveNet",
    "Prediction",
    "ProcessTarget",
    "Target",
    "TargetSpec",
    "Truth",
    "WeightFile",
    "adopt",
    "build_target",
    "built_by_user",
    "cache_folder",
    "check_people",
    "check_target",
    "fetch",
    "fetch_together",
    "names_user_code",
    "stale_look",
]
