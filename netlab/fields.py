"""What to say when a header's field holds a value that its bits can't.

Headers pack with `struct`, which refuses such a value but can't name the field. A header asks here
for the name only after the refusal, so a good packet pays nothing.
"""

from collections.abc import Mapping

from netlab.errors import ConfigurationError


def misfit(
    header: object, bits: Mapping[str, int], octets: Mapping[str, int], otherwise: str = ""
) -> ConfigurationError:
    """The error for the first field of `header` that doesn't fit, to be raised by the caller.

    `bits` gives the width of each number, `octets` the greatest length of each byte string. A
    checksum of None is still to be computed, and fits. `otherwise` is what is wrong if all fit.
    """
    name = type(header).__name__
    for field, width in bits.items():
        value = getattr(header, field)
        if value is None and field == "checksum":
            continue
        if not isinstance(value, int) or value >> width:
            hint = (
                "; an address in text is read by its class's parse()"
                if isinstance(value, str)
                else ""
            )
            return ConfigurationError(
                f"{name}.{field} is {value!r}, but the field has {width} bits:"
                f" expected a whole number from 0 to {(1 << width) - 1}{hint}"
            )
    for field, most in octets.items():
        value = getattr(header, field)
        if not isinstance(value, bytes | bytearray):
            return ConfigurationError(
                f"{name}.{field} is {value!r}: expected bytes, such as b'hello'"
            )
        if len(value) > most:
            return ConfigurationError(
                f"{name}.{field} has {len(value)} bytes: expected {most} at most, all that fits"
            )
    return ConfigurationError(f"{name} can't be packed: {otherwise}")
