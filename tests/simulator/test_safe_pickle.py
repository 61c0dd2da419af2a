import copyreg
import functools
import operator
import os
import pickle
import sys
import types

import numpy as np
import pytest
from scipy import sparse

from simulator.safe_pickle import plain_array, read_pickle

NUMBERS = np.arange(12.0).reshape(3, 4)


class Payload:
    """Pickles as a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


PAYLOADS = {
    "posix.system": Payload(os.system, "touch {marker}"),
    "builtins.eval": Payload(eval, "open({marker!r}, 'w')"),
    "builtins.exec": Payload(exec, "open({marker!r}, 'w')"),
    "builtins.getattr": Payload(getattr, "x", "upper"),
    "operator.attrgetter": Payload(operator.attrgetter, "system"),
    "numpy.save": Payload(np.save, "{marker}", 1.0),
    "copyreg.add_extension": Payload(copyreg.add_extension, "os", "system", 1),
    "functools.partial": Payload(functools.partial, print, "{marker}"),
}


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("name", PAYLOADS)
@pytest.mark.parametrize("wrap", [lambda x: {"a": x}, lambda x: np.array([x], object)], ids=["dict", "array"])
def test_no_code_of_a_pickle_is_run(tmp_path, name, protocol, wrap):
    marker = tmp_path / "marker"
    function, arguments = PAYLOADS[name].call
    arguments = tuple(a.format(marker=str(marker)) if isinstance(a, str) else a for a in arguments)
    content = pickle.dumps(wrap(Payload(function, *arguments)), protocol)
    with pytest.raises(ValueError, match="which is not plain data and was not run; get the file") as error:
        read_pickle(content)
    old = name.replace("builtins", "__builtin__").replace("copyreg", "copy_reg")
    assert f"the pickle names {name}," in str(error.value) or f"the pickle names {old}," in str(error.value)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("opcodes", "message"),
    [
        (b"cnumpy.core.multiarray\n_reconstruct\n}S'x'\nK\x01sb.", "the pickle changes a function"),
        (
            b"ccopy_reg\n_reconstructor\n(ccollections\nOrderedDict\nc__builtin__\nobject\nNtR.",
            "the pickle rebuilds",
        ),
        (b"Pthing\n.", "the pickle is damaged"),
        (b"cnumpy\ncore.multiarray.scalar\n.", "the pickle names numpy"),
        (b"\x80\x04\x8c\x05numpy\x8c\x0cndarray.dump\x93.", r"the pickle names numpy\.ndarray\.dump"),
        (b"cnumpy\nndarray\n}S'state'\nK\x01sb.", "the pickle is damaged"),
    ],
    ids=["state of a function", "rebuild", "persistent", "dotted", "dotted 4", "state of a class"],
)
def test_hand_written_opcodes_are_refused(opcodes, message):
    with pytest.raises(ValueError, match=message):
        read_pickle(opcodes)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "value",
    [
        NUMBERS,
        NUMBERS.T,
        NUMBERS[:, ::2],
        NUMBERS.astype(">f4"),
        NUMBERS.astype(np.uint32),
        sparse.csc_matrix(NUMBERS),
        sparse.csr_matrix(NUMBERS),
        sparse.csc_array(NUMBERS),
        np.float64(3.5),
        [1, 2, 3],
    ],
    ids=str,
)
def test_numbers_of_every_protocol_come_back(value, protocol):
    read = plain_array(read_pickle(pickle.dumps({"x": value}, protocol))["x"])
    expected = value.toarray() if sparse.issparse(value) else np.asarray(value)
    np.testing.assert_array_equal(read, expected)
    assert read.dtype == expected.dtype


@pytest.fixture
def fake_chumpy(monkeypatch):
    """A class by chumpy's name, so that a pickle can be written as chumpy's would be."""

    class Ch:
        def __init__(self, x):
            self.x = x

    Ch.__module__, Ch.__qualname__ = "chumpy.ch", "Ch"
    module = types.ModuleType("chumpy.ch")
    module.Ch = Ch
    monkeypatch.setitem(sys.modules, "chumpy", types.ModuleType("chumpy"))
    monkeypatch.setitem(sys.modules, "chumpy.ch", module)
    return Ch


@pytest.mark.parametrize("protocol", [0, 2])
def test_chumpy_objects_of_python_2_are_read(fake_chumpy, protocol):
    content = pickle.dumps({"x": fake_chumpy(NUMBERS)}, protocol)
    old = content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray").replace(
        b"copyreg", b"copy_reg"
    )
    np.testing.assert_array_equal(plain_array(read_pickle(old)["x"]), NUMBERS)


def test_a_chumpy_object_without_numbers_is_refused(fake_chumpy):
    thing = fake_chumpy(1)
    del thing.x
    thing.other = 2
    with pytest.raises(
        ValueError, match="a chumpy object without numbers of its own; save the file with plain arrays"
    ):
        plain_array(read_pickle(pickle.dumps(thing)))


@pytest.mark.parametrize("value", ["lrotmin", np.array(["a"]), np.array([None]), np.zeros(2, [("a", int)])])
def test_text_objects_and_records_are_no_numbers(value):
    with pytest.raises(ValueError, match="expected numbers, got"):
        plain_array(read_pickle(pickle.dumps(value)))


def test_a_sparse_matrix_that_points_outside_is_refused():
    matrix = sparse.csc_matrix(NUMBERS)
    matrix.indices = matrix.indices + 1000
    with pytest.raises(ValueError, match="indices"):
        plain_array(read_pickle(pickle.dumps(matrix)))


def test_an_array_with_too_few_bytes_is_refused():
    content = pickle.dumps(NUMBERS, 2).replace(b"K\x03K\x04\x86", b"K\x09K\x09\x86")
    with pytest.raises(ValueError, match="cannot reshape"):
        plain_array(read_pickle(content))
