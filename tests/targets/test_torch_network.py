"""Arrays in, arrays out, whatever the nesting; people one at a time."""

from __future__ import annotations

import numpy as np
import torch

from targets.torch_network import TorchNetwork, one_by_one


def test_arrays_become_tensors_and_come_back():
    seen = {}

    def network(batch, numbers, flag):
        seen.update(batch, numbers=numbers, flag=flag, gradients=torch.is_grad_enabled())
        return [{"sum": batch["img"].sum()}, (batch["img"], None)]

    out = TorchNetwork(network)(
        {"img": np.ones((1, 2)), "ids": np.arange(3)}, numbers=[np.zeros(1)], flag="test"
    )
    assert seen["img"].dtype == torch.float32
    assert seen["ids"].dtype == torch.int64
    assert isinstance(seen["numbers"][0], torch.Tensor)
    assert (seen["flag"], seen["gradients"]) == ("test", False)
    assert out[0]["sum"].dtype == np.float64
    np.testing.assert_array_equal(out[1][0], np.ones((1, 2)))
    assert out[1][1] is None


def test_a_network_that_gives_arrays_works_too():
    np.testing.assert_array_equal(TorchNetwork(lambda x: np.float32([2]))(np.ones(1)), [2.0])


def test_the_input_is_not_shared_with_the_network():
    given = np.zeros((1, 2), np.float32)
    TorchNetwork(lambda x: x.add_(1))(given)
    assert not given.any()


def test_people_are_looked_at_one_at_a_time():
    rows = []

    def call(one, other):
        rows.append(len(one))
        return {"sum": one + other}

    out = one_by_one(call, np.arange(3.0)[:, None], np.ones((3, 1)))
    assert rows == [1, 1, 1]
    np.testing.assert_array_equal(out["sum"], [[1], [2], [3]])
