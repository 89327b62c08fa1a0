"""Quantities as text, and the few conversions between units."""

KIB = 1024


def cycles_to_us(cycles: int, clock_hz: int) -> float:
    """Duration in microseconds of `cycles` core cycles at `clock_hz`."""
    return cycles * 1e6 / clock_hz


def format_us(latency_us: float) -> str:
    """A duration given in microseconds, for people: `'412 us'`, `'38.21 ms'`, `'1.204 s'`."""
    if latency_us < 1000:
        return f"{latency_us:.0f} us"
    if latency_us < 1e6:
        return f"{latency_us / 1e3:.2f} ms"
    return f"{latency_us / 1e6:.3f} s"


def format_kib(size_bytes: int) -> str:
    """A size given in bytes, in units of 1024: `'43.9 KB'`."""
    return f"{size_bytes / KIB:.1f} KB"


def format_percent(fraction: float) -> str:
    """A fraction in [0, 1] as percent with two decimals: `'90.10 %'`."""
    return f"{fraction * 100:.2f} %"
