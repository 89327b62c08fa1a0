"""Which sources are compiled for size: all but the loops in C that run once for each multiply-accumulate."""

from pathlib import Path

_FAST = ("add.c", "depthwise.c", "product.c")


def is_small(source: Path) -> bool:
    """Whether `source` is compiled for size.

    The cores' own kernels are among these: their loops are assembly, and the C around them gains nothing from
    being unrolled.
    """
    return source.parent.name != "portable" or source.name not in _FAST
