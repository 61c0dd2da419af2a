"""Presets: settings that belong together, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "tour": MappingProxyType({"agents": 8, "budget": 1600}),
        "full": MappingProxyType({"agents": 20, "budget": 7500, "judge": 2}),
    }
)
"""`tour`: what a report holds, in a minute or two. `full`: figures to rely on, 1,500 queries an agent in all."""

TOUR = "tour"
"""The preset whose report says that it is no audit."""
