"""``%{ assert tcpi_snd_cwnd == 10 }%``: what a script claims of TCP_INFO.

It is Python to look at, but only its arithmetic: numbers, names, comparisons, `and`, `or`, `not`,
`abs`, `min`, `max`, and assignments. Nothing of it can reach the interpreter.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from netlab.packetdrill.problems import Refused, Wrong

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.RShift: operator.rshift,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
NAMES = {
    "TCP_ESTABLISHED": 1, "TCP_SYN_SENT": 2, "TCP_SYN_RECV": 3, "TCP_FIN_WAIT1": 4,
    "TCP_FIN_WAIT2": 5, "TCP_TIME_WAIT": 6, "TCP_CLOSE": 7, "TCP_CLOSE_WAIT": 8,
    "TCP_LAST_ACK": 9, "TCP_LISTEN": 10, "TCP_CLOSING": 11,
    "TCP_CA_Open": 0, "TCP_CA_Disorder": 1, "TCP_CA_CWR": 2, "TCP_CA_Recovery": 3, "TCP_CA_Loss": 4,
    "TCPI_OPT_TIMESTAMPS": 1, "TCPI_OPT_SACK": 2, "TCPI_OPT_WSCALE": 4, "TCPI_OPT_ECN": 8,
    "TCPI_OPT_ECN_SEEN": 16, "TCPI_OPT_SYN_DATA": 32,
    "TCPI_ESTABLISHED": 1, "TCPI_SYN_SENT": 2, "TCPI_SYN_RECEIVED": 3, "TCPI_FIN_WAIT_1": 4,
    "TCPI_FIN_WAIT_2": 5, "TCPI_TIME_WAIT": 6, "TCPI_CLOSED": 7, "TCPI_CLOSE_WAIT": 8,
    "TCPI_LAST_ACK": 9, "TCPI_LISTEN": 10, "TCPI_CLOSING": 11,
}  # fmt: skip
"""Linux's and FreeBSD's names for the values of `tcpi_state`, `tcpi_ca_state` and `tcpi_options`."""

_CALLS: dict[str, Callable[..., Any]] = {"abs": abs, "min": min, "max": max, "int": int}


class Claims:
    """What the pieces of one script have assigned, and the check of each."""

    def __init__(self) -> None:
        self._assigned: dict[str, Any] = {}

    def check(self, text: str, known: Mapping[str, int]) -> None:
        """Evaluate one piece over the names in `known`.

        `Wrong` for what is false in it, `Refused` for what can't be evaluated.
        """
        try:
            body = ast.parse(text.strip()).body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise Refused(f"this isn't Python: {error}") from None
        names = {**NAMES, **known, **self._assigned}
        for statement in body:
            match statement:
                case ast.Assert(test=test):
                    if not _value(test, names):
                        raise Wrong(f"this isn't so: {_told(test, names)}")
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    names[name] = self._assigned[name] = _value(value, names)
                case ast.Pass() | ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
                    pass  # what it would print, nobody would see
                case _:
                    raise Refused(f"only assert and assignments are read: {ast.unparse(statement)}")


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=bool() | int() | float()):
            return node.value
        case ast.Name(id=name):
            if name not in names:
                raise Refused(f"{name} isn't a name that is known here")
            return names[name]
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_value(each, names) for each in values)
        case ast.BoolOp(values=values):
            return any(_value(each, names) for each in values)
        case ast.UnaryOp(op=op, operand=operand):
            return _UNARY[type(op)](_value(operand, names))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _calculate(_BINARY[type(op)], _value(left, names), _value(right, names))
        case ast.Compare(left=left, ops=ops, comparators=others):
            return _chain(_value(left, names), ops, [_value(each, names) for each in others], node)
        case ast.IfExp(test=test, body=body, orelse=other):
            return _value(body if _value(test, names) else other, names)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _CALLS and args:
            return _calculate(_CALLS[name], *(_value(each, names) for each in args))
    raise Refused(f"only arithmetic on numbers and names is read: {ast.unparse(node)}")


def _calculate(do: Callable[..., Any], *values: Any) -> Any:
    try:
        return do(*values)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise Refused(str(error)) from None


def _chain(value: Any, ops: list[ast.cmpop], others: list[Any], node: ast.expr) -> bool:
    for op, other in zip(ops, others, strict=True):
        if type(op) not in _COMPARE:
            raise Refused(f"only numbers are compared: {ast.unparse(node)}")
        if not _COMPARE[type(op)](value, other):
            return False
        value = other
    return True


def _told(test: ast.expr, names: Mapping[str, Any]) -> str:
    """The claim, and the values of all names in it."""
    used = dict.fromkeys(node.id for node in ast.walk(test) if isinstance(node, ast.Name))
    values = ", ".join(f"{name} is {names[name]}" for name in used if name in names)
    return f"{ast.unparse(test)}: {values}" if values else ast.unparse(test)
