"""One pixel at a time, its four samples side by side in a vector register.

Plain loops over four samples stay scalar in numba, and their branches, which no processor can predict at
triangles of the size of a pixel, take three times as long.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

SAMPLE_X = (96.0, 224.0, 32.0, 160.0)
SAMPLE_Y = (224.0, 160.0, 96.0, 32.0)
"""The four samples that OpenGL drivers take of a pixel (x right, y down), in 1/256 pixel."""

_FAST = ("fast",)
_FLOATS, _INTS = ir.VectorType(ir.FloatType(), 4), ir.VectorType(ir.IntType(32), 4)


def _cover(
    typing_context: Any,
    depths: Any,
    ids: Any,
    pixel: Any,
    face: Any,
    edges: Any,
    depth: Any,
) -> Any:
    """Set the samples of a pixel that lie inside three edges and nearer than what is there.

    Args:
        typing_context: numba's; not an argument of the compiled function.
        depths: (..., 4) float32 1/z of the samples, 0 for nothing.
        ids: (..., 4) int32 their faces.
        pixel: Number of the pixel.
        face: int32.
        edges: Three planes (value at the pixel's corner, slope along x, slope along y): zero or more inside.
        depth: The plane of 1/z.
    """
    signature = types.void(depths, ids, pixel, face, edges, depth)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        planes = [builder.extract_value(args[4], i) for i in range(3)]
        inside = [_at_or_above_zero(builder, _plane(builder, plane)) for plane in planes]
        z = _plane(builder, args[5])
        z = z if z.type == _FLOATS else builder.fptrunc(z, _FLOATS)
        first = builder.mul(args[2], ir.Constant(args[2].type, 4))
        there, faces = (
            _vector(context, builder, signature.args[i], args[i], first, vector)
            for i, vector in enumerate((_FLOATS, _INTS))
        )
        old = builder.load(there, align=4)
        seen = builder.and_(builder.and_(*inside[:2]), inside[2])
        seen = builder.and_(seen, builder.fcmp_ordered(">", z, old))
        builder.store(builder.select(seen, z, old), there, align=4)
        new_faces = builder.select(seen, _lanes(builder, args[3]), builder.load(faces, align=4))
        builder.store(new_faces, faces, align=4)
        return context.get_dummy_value()

    return signature, generate


cover: Any = intrinsic(_cover)


def _plane(builder: Any, plane: Any) -> Any:
    """The values of a plane at the samples."""
    value, along_x, along_y = (_lanes(builder, builder.extract_value(plane, i)) for i in range(3))
    xs, ys = (ir.Constant(value.type, list(offsets)) for offsets in (SAMPLE_X, SAMPLE_Y))
    x = builder.fmul(along_x, xs, flags=_FAST)
    y = builder.fmul(along_y, ys, flags=_FAST)
    return builder.fadd(value, builder.fadd(x, y, flags=_FAST), flags=_FAST)


def _at_or_above_zero(builder: Any, values: Any) -> Any:
    return builder.fcmp_ordered(">=", values, ir.Constant(values.type, [0.0] * 4))


def _lanes(builder: Any, number: Any) -> Any:
    """Four times the same number."""
    nothing = ir.Constant(ir.VectorType(number.type, 4), ir.Undefined)
    one = builder.insert_element(nothing, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, nothing, ir.Constant(_INTS, [0] * 4))


def _vector(context: Any, builder: Any, array_type: Any, array: Any, first: Any, vector: Any) -> Any:
    """Where four numbers of an array begin."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [first]), vector.as_pointer())
