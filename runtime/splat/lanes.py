"""Sixteen float32 values at a time, as numba values: the pixels of a 4x4 block, or the blocks of a 16x16 tile.

Numba has no vector types, and LLVM does not keep a block's state in registers over a loop that it vectorises itself. So
`Lanes` is an LLVM vector, `Mask` one of truth values, and every operation is one instruction of LLVM, which makes of it what
the machine has: one AVX-512 register, two of AVX2, four of SSE or NEON.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, models, register_model

intrinsic: Any = extending.intrinsic  # what it makes is called without the typing context
COUNT = 16
_F32, _I32 = ir.FloatType(), ir.IntType(32)
_VECTOR, _BITS = ir.VectorType(_F32, COUNT), ir.VectorType(_I32, COUNT)


class Lanes(types.Type):
    """Type of sixteen float32 values."""


class Mask(types.Type):
    """Type of sixteen truth values."""


lanes, mask = Lanes("lanes"), Mask("mask")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, type_: types.Type) -> None:
        super().__init__(manager, type_, _VECTOR)


@register_model(Mask)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, manager: Any, type_: types.Type) -> None:
        super().__init__(manager, type_, ir.VectorType(ir.IntType(1), COUNT))


def _operator(op: Callable, result: types.Type, build: Callable) -> None:
    class Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            return signature(result, *args) if args == (lanes, lanes) else None

    infer_global(op)(Template)
    lower_builtin(op, Lanes, Lanes)(lambda context, builder, sig, args: build(builder, *args))


for _op, _name in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul"), (operator.truediv, "fdiv")):
    _operator(_op, lanes, getattr(ir.IRBuilder, _name))
for _op, _sign in ((operator.gt, ">"), (operator.ge, ">="), (operator.le, "<=")):
    _operator(_op, mask, lambda builder, a, b, sign=_sign: builder.fcmp_ordered(sign, a, b))


def _address(context: Any, builder: Any, array_type: Any, array: Any, offset: Any, to: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [offset]), to.as_pointer())


def _choice(sign: str) -> Callable:
    @intrinsic
    def chosen(typing, a, b):
        def build(context, builder, sig, args):
            return builder.select(builder.fcmp_ordered(sign, *args), *args)

        return lanes(a, b), build

    return chosen


least, most = _choice("<"), _choice(">")


@intrinsic
def splat(typing, value):
    """The same value in every lane."""

    def build(context, builder, sig, args):
        one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), args[0], _I32(0))
        return builder.shuffle_vector(one, ir.Constant(_VECTOR, ir.Undefined), ir.Constant(_BITS, [0] * COUNT))

    return lanes(types.float32), build


@intrinsic
def load(typing, array, offset):
    """Lanes from sixteen values of a flat float32 array."""

    def build(context, builder, sig, args):
        return builder.load(_address(context, builder, array, *args, _VECTOR), align=4)

    return lanes(array, types.intp), build


@intrinsic
def store(typing, array, offset, value):
    """Write lanes to sixteen places of a flat float32 array."""

    def build(context, builder, sig, args):
        builder.store(args[2], _address(context, builder, array, *args[:2], _VECTOR), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), build


@intrinsic
def prefetch(typing, array, row):
    """Have a row of a C-ordered array [M, columns] brought near, for a read soon."""

    def build(context, builder, sig, args):
        struct = context.make_array(array)(context, builder, args[0])
        stride = builder.extract_value(struct.strides, 0)
        byte = builder.bitcast(struct.data, ir.IntType(8).as_pointer())
        address = builder.gep(byte, [builder.mul(stride, args[1])])
        kind = ir.FunctionType(ir.VoidType(), [address.type, _I32, _I32, _I32])
        name = "llvm.prefetch.p0"
        function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
        builder.call(function, [address, _I32(0), _I32(3), _I32(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), build


@intrinsic
def select(typing, which, a, b):
    """`a` where the mask is true, else `b`."""
    return lanes(which, a, b), lambda context, builder, sig, args: builder.select(*args)


@intrinsic
def bits(typing, which):
    """A mask as an integer, lane k as bit k."""

    def build(context, builder, sig, args):
        return builder.zext(builder.bitcast(args[0], ir.IntType(COUNT)), ir.IntType(64))

    return types.int64(which), build


@intrinsic
def finished(typing, value):
    """Minus the magnitude."""

    def build(context, builder, sig, args):
        sign = ir.Constant(_BITS, [-(2**31)] * COUNT)
        return builder.bitcast(builder.or_(builder.bitcast(args[0], _BITS), sign), _VECTOR)

    return lanes(value), build


@intrinsic
def times_power(typing, value, rounded):
    """The value times 2^k for the integer k that stands in the low bits of `rounded`."""

    def build(context, builder, sig, args):
        power = builder.shl(builder.bitcast(args[1], _BITS), ir.Constant(_BITS, [23] * COUNT))
        return builder.bitcast(builder.add(builder.bitcast(args[0], _BITS), power), _VECTOR)

    return lanes(value, rounded), build


@intrinsic
def lane_sums(typing, vectors):
    """Lane j of the result is the sum over the lanes of vector j of a tuple of at most sixteen; the rest is not defined."""

    def fold(builder, a, b, step):
        # lane i takes from the vector that its bit `step` names: its own value, and that of the lane across the bit
        b = a if b is None else b
        own = [i + COUNT * bool(i & step) for i in range(COUNT)]
        across = [(i ^ step) + COUNT * bool(i & step) for i in range(COUNT)]
        pair = [builder.shuffle_vector(a, b, ir.Constant(_BITS, which)) for which in (own, across)]
        return builder.fadd(*pair)

    def build(context, builder, sig, args):
        rest = [builder.extract_value(args[0], k) for k in range(sig.args[0].count)]
        for step in (1, 2, 4, 8):
            rest = [fold(builder, a, b, step) for a, b in zip(rest[::2], [*rest[1::2], None][: len(rest[::2])], strict=True)]
        return rest[0]

    return lanes(vectors), build
