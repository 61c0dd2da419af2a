"""Search policies: they see a unit cube and a number, never a picture."""

from agents.base import Agents, Distance, Learner, Margin, Measures, Observer, Proposal, Setting
from agents.factory import POPULATIONS, make
from agents.policy_gradient import PolicyGradient

__all__ = [
    "POPULATIONS",
    "Agents",
    "Distance",
    "Learner",
    "Margin",
    "Measures",
    "Observer",
    "PolicyGradient",
    "Proposal",
    "Setting",
    "make",
]
