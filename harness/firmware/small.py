"""Which sources are compiled for size: all but the loops in C that run for each pixel or element."""

from pathlib import Path

_FAST = ("add.c",)


def is_small(source: Path) -> bool:
    """Whether `source` is compiled for size.

    Of the cores' own kernels only the walk over a convolution's pixels is not: elsewhere the loops are assembly.
    """
    return source.name not in _FAST
