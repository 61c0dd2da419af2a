"""TorchScript files as targets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from targets import Target, build_target, check_target
from tests.targets.file_targets import CROP, PLAIN, V, built, first, people
from tests.targets.tiny_networks import Tiny, TinyTuple, torchscript_file

RNG = np.random.default_rng(0)


def script(folder: Path, text: str, module: nn.Module, *examples: Tensor) -> Target:
    torchscript_file(folder / "net.pt", module, *examples)
    (folder / "net.yaml").write_text(f"torchscript: net.pt\n{text}")
    return build_target(str(folder / "net.yaml"))


@pytest.mark.parametrize(("kind", "output"), [(Tiny, "v"), (Tiny, "1"), (TinyTuple, "1")])
def test_torchscript_answers_as_onnx_by_name_or_place(tmp_path: Path, kind: type[Tiny], output: str) -> None:
    outputs, given = {"five": np.zeros(5), "v": RNG.uniform(size=(5, 3))}, people()
    other = built(tmp_path, CROP + "outputs: {vertices: v}\n", outputs).predict(**given)
    target = script(tmp_path, CROP + f"outputs: {{vertices: {output}}}\n", kind(outputs))
    assert check_target(target, given) == []
    np.testing.assert_allclose(target.predict(**given).vertices, other.vertices, atol=1e-6)  # type: ignore[arg-type]


class Whole(nn.Module):
    """A single tensor, from two inputs."""

    def forward(self, pictures: Tensor, boxes: Tensor) -> Tensor:
        return boxes[:, None, :3] + pictures.mean()


class Nested(nn.Module):
    """What is not understood."""

    def forward(self, pictures: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        return pictures, (pictures, pictures)


def test_torchscript_takes_inputs_by_name(tmp_path: Path) -> None:
    examples = (torch.zeros(1, 3, 32, 32), torch.zeros(1, 4))
    text = CROP + "inputs: {boxes: boxes, pictures: crop}\noutputs: {vertices: 0}\n"
    prediction = first(script(tmp_path, text, Whole(), *examples))
    np.testing.assert_allclose(prediction.vertices, [[[20.0, 4, 60]]])


def test_what_torchscript_cannot_do_is_said_in_one_sentence(tmp_path: Path) -> None:
    cases: list[tuple[str, nn.Module, tuple[Tensor, ...], str]] = [
        (
            CROP + "outputs: {vertices: 0}\n",
            Nested(),
            (),
            "expected net.pt to take crop (1, 3, 32, 32), got outputs that are no tensors (Tensor, tuple): let the "
            "module give a tuple or dict of tensors, in net.yaml, line 2: set crop.size, layout, batch or inputs",
        ),
        (
            CROP + "outputs: {vertices: 3}\n",
            TinyTuple(V),
            (),
            "expected outputs.vertices to name an output of net.pt (0 to 0), got 3, in net.yaml, line 3",
        ),
        (
            PLAIN + "device: tpu\n",
            Tiny(V),
            (),
            "expected device to be cpu, or cuda where torch finds one, got 'tpu': set device: cpu, "
            "in net.yaml, line 4",
        ),
    ]
    for text, module, examples, message in cases:
        with pytest.raises(ValueError, match=r"^expected") as caught:
            script(tmp_path, text, module, *examples)
        assert str(caught.value).replace(str(tmp_path / "net"), "net") == message
    with pytest.raises(ValueError, match=r"^expected .*net.pt to take crop \(1, 3, 48, 48\), got ") as caught:
        script(
            tmp_path, PLAIN.replace("size: 32", "size: 48"), nn.Sequential(nn.Flatten(), nn.Linear(3072, 9))
        )
    assert str(caught.value).endswith("line 2: set crop.size, layout, batch or inputs")
    (tmp_path / "net.pt").write_bytes(b"not a module")
    with pytest.raises(ValueError, match=r"^expected a TorchScript file, got .*torch.jit.save, in .*line 1$"):
        build_target(str(tmp_path / "net.yaml"))
