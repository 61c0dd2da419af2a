"""Runs a TorchScript file by torch."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from targets.blazepose_torch import one_thread
from targets.network import Array, NetworkError, Outputs, Slot, first_line


class TorchscriptNetwork:
    """A scripted or traced module that takes tensors and gives one, several in a tuple or list, or a dict of them.

    Nothing is fused or specialised as calls go by, so that every call gives the same bits. A TorchScript file is a
    program: it can call what torch can, but no Python.
    """

    def __init__(self, path: Path, device: str = "cpu") -> None:
        """Load the file.

        Args:
            path: As `torch.jit.save` writes it.
            device: `cpu`, `cuda` or `cuda:1`.

        Raises:
            ValueError: It is no TorchScript file, or the device is not there.
        """
        import torch  # deferred: `import targets` stays light

        self._device = device
        _check_device(device)
        with warnings.catch_warnings():  # torch announces that it will drop the format one day
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                self._module = torch.jit.load(str(path), map_location=device).eval()  # type: ignore[no-untyped-call]
            except RuntimeError as error:
                raise ValueError(
                    f"expected a TorchScript file, got {first_line(error)} in {path}: save the module with "
                    "torch.jit.save"
                ) from error
        arguments = [each for each in self._module.forward.schema.arguments if each.name != "self"]
        self.inputs = tuple(Slot(each.name) for each in arguments if not each.has_default_value())

    def __call__(self, given: Sequence[Array]) -> Outputs:
        """The outputs for arrays (N, ...), one each input, by place and, of a dict, by name.

        Raises:
            NetworkError: The module cannot take them, or gives something else than tensors.
        """
        import torch  # deferred: `import targets` stays light
        from torch.jit import optimized_execution  # type: ignore[attr-defined]

        tensors = [torch.from_numpy(np.array(each, np.float32)).to(self._device) for each in given]
        with one_thread(), torch.inference_mode(), optimized_execution(False):
            try:
                answer = self._module(*tensors)
            except RuntimeError as error:
                raise NetworkError(_last_line(error)) from error
        return _arrays(answer)


def _arrays(answer: Any) -> dict[str | int, Array]:
    import torch  # deferred: `import targets` stays light

    named = answer if isinstance(answer, dict) else {}
    listed = list(named.values()) if named else list(answer) if isinstance(answer, tuple | list) else [answer]
    if not all(isinstance(each, torch.Tensor) for each in listed):
        kinds = ", ".join(type(each).__name__ for each in listed)
        raise NetworkError(
            f"outputs that are no tensors ({kinds}): let the module give a tuple or dict of tensors"
        )
    arrays = [each.detach().float().cpu().numpy() for each in listed]
    return {**dict(zip(named, arrays, strict=False)), **dict(enumerate(arrays))}


def _check_device(device: str) -> None:
    import torch  # deferred: `import targets` stays light

    kind, _, number = device.partition(":")
    there = kind == "cuda" and int(number or 0) < torch.cuda.device_count()
    if device != "cpu" and not there:
        raise ValueError(
            f"expected device to be cpu, or cuda where torch finds one, got {device!r}: set device: cpu"
        )


def _last_line(error: Exception) -> str:
    """Torch tells the place first and the reason last."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[-1][:200]
