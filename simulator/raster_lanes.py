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

LAST_ID = 0x7FFFFFFF

_FAST = ("fast",)
_LONGS = ir.VectorType(ir.IntType(64), 4)


def _cover(context: Any, samples: Any, pixel: Any, face: Any, edges: Any, depth: Any) -> Any:
    """Set the samples of a pixel that lie inside three edges and nearer than what is there.

    Args:
        context: Of typing: no argument of the compiled function.
        samples: (H, W, 4) int64, the nearest surface of each sample: the bits of the float32 1/z, then
            `LAST_ID` minus the id of the face; 0 for nothing. The larger of two is the nearer, or the earlier.
        pixel: Number of the pixel.
        face: Its id.
        edges: Three planes (value at the pixel's corner, slope along x, slope along y): zero or more inside.
        depth: The plane of 1/z.
    """
    signature = types.void(samples, pixel, face, edges, depth)
    return signature, _generate_cover


def _generate_cover(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    samples, pixel, face, edges, depth = args
    inside = _inside(builder, [builder.extract_value(edges, i) for i in range(3)])
    rank = builder.sub(ir.Constant(ir.IntType(64), LAST_ID), builder.zext(face, ir.IntType(64)))
    key = builder.or_(_high_bits(builder, _plane(builder, depth)), _lanes(builder, rank))
    key = builder.select(inside, key, ir.Constant(_LONGS, [0] * 4))
    data = context.make_array(signature.args[0])(context, builder, samples).data
    first = builder.gep(data, [builder.mul(pixel, ir.Constant(pixel.type, 4))])
    there = builder.bitcast(first, _LONGS.as_pointer())
    old = builder.load(there, align=8)
    nearest = builder.select(builder.icmp_signed(">", key, old), key, old)
    builder.store(nearest, there, align=8)
    return context.get_dummy_value()


def _inside(builder: Any, planes: Any) -> Any:
    """At which samples all planes are zero or more."""
    values = [_plane(builder, plane) for plane in planes]
    zero = ir.Constant(values[0].type, [0.0] * 4)
    a, b, c = (builder.fcmp_ordered(">=", value, zero) for value in values)
    return builder.and_(builder.and_(a, b), c)


def _plane(builder: Any, plane: Any) -> Any:
    """The values of a plane at the samples."""
    value, along_x, along_y = (_lanes(builder, builder.extract_value(plane, i)) for i in range(3))
    xs, ys = (ir.Constant(value.type, list(offsets)) for offsets in (SAMPLE_X, SAMPLE_Y))
    x = builder.fmul(along_x, xs, flags=_FAST)
    y = builder.fmul(along_y, ys, flags=_FAST)
    return builder.fadd(value, builder.fadd(x, y, flags=_FAST), flags=_FAST)


def _high_bits(builder: Any, values: Any) -> Any:
    """The bits of float32 numbers, in the upper halves."""
    floats = ir.VectorType(ir.FloatType(), 4)
    values = values if values.type == floats else builder.fptrunc(values, floats)
    bits = builder.zext(builder.bitcast(values, ir.VectorType(ir.IntType(32), 4)), _LONGS)
    return builder.shl(bits, ir.Constant(_LONGS, [32] * 4))


def _lanes(builder: Any, number: Any) -> Any:
    """Four times the same number."""
    nothing = ir.Constant(ir.VectorType(number.type, 4), ir.Undefined)
    one = builder.insert_element(nothing, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, nothing, ir.Constant(ir.VectorType(ir.IntType(32), 4), [0] * 4))


cover: Any = intrinsic(_cover)
