"""The embedded body and one real simulator for every test of drawing."""

from collections.abc import Iterator

import pytest

from simulator.base import Batch
from simulator.body import Body
from simulator.body_files import load_body
from simulator.mesh_simulator import PyrenderSimulator
from tests.simulator.people import make_scene


@pytest.fixture(scope="module")
def body() -> Body:
    return load_body("neutral")


@pytest.fixture(scope="module")
def simulator(body: Body) -> Iterator[PyrenderSimulator]:
    with PyrenderSimulator(body) as one:
        yield one


@pytest.fixture(scope="module")
def batch(simulator: PyrenderSimulator) -> Batch:
    return simulator.render(make_scene(4))
