"""A user's torch network, called with numpy arrays: people one at a time, without gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


class TorchNetwork:
    """Calls a network that takes and gives tensors, in any nesting of dicts, lists and tuples.

    Arrays of float64 become tensors of float32, others keep their type; floating tensors come back as float64.
    What is no array is passed as it is, so a network that gives numpy arrays (from another process, say) works too.
    """

    def __init__(self, network: Callable[..., Any], device: str = "cpu") -> None:
        self._network = network
        self._device = device

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """The network's answer, its tensors as arrays."""
        import torch  # deferred: `import targets` stays light

        with torch.inference_mode():
            given, named = to_tensors(arguments, self._device), to_tensors(options, self._device)
            return to_arrays(self._network(*given, **named))


def to_tensors(value: Any, device: str) -> Any:
    """The arrays in a nesting as tensors on a device."""
    import torch  # deferred: `import targets` stays light

    if isinstance(value, np.ndarray):
        kept = value.astype(np.float32) if value.dtype == np.float64 else value
        return torch.from_numpy(np.array(kept, order="C")).to(device)
    return _within(value, lambda each: to_tensors(each, device))


def to_arrays(value: Any) -> Any:
    """The tensors in a nesting as arrays."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray):
        return value.astype(np.float64) if np.issubdtype(value.dtype, np.floating) else value
    return _within(value, to_arrays)


def _within(value: Any, turn: Callable[[Any], Any]) -> Any:
    if isinstance(value, Mapping):
        return {name: turn(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [turn(each) for each in value]
    return value


def one_by_one(call: Callable[..., Mapping[str, Any]], *arrays: NDArray[Any]) -> dict[str, Float]:
    """Call with one row of every array at a time, and join what comes back by name.

    So a person's prediction does not depend on who else is in the batch.

    Args:
        call: From rows (1, ...) to named arrays (1, ...).
        arrays: (N, ...) each, N at least 1.
    """
    rows = [call(*(array[row : row + 1] for array in arrays)) for row in range(len(arrays[0]))]
    return {name: np.concatenate([np.asarray(row[name], np.float64) for row in rows]) for name in rows[0]}
