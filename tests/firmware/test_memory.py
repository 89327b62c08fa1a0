"""The memory plan never lets two living buffers overlap."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from harness.firmware import memory
from harness.firmware.memory import Buffer, place
from harness.firmware.overlap import IN_PLACE, Overlap


@given(
    st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 12), st.integers(0, 5)), min_size=1, max_size=20)
)
def test_living_buffers_do_not_overlap(items):
    buffers = [Buffer(str(i), size, first, first + life) for i, (size, first, life) in enumerate(items)]
    plan = place(buffers)
    for a in buffers:
        assert plan.offsets[a.key] % 4 == 0
        assert plan.offsets[a.key] + a.size_bytes <= plan.arena_bytes
        for b in buffers:
            if a is not b and a.first <= b.last and b.first <= a.last:
                begin, end = plan.offsets[a.key], plan.offsets[a.key] + a.size_bytes
                assert end <= plan.offsets[b.key] or plan.offsets[b.key] + b.size_bytes <= begin


def test_a_dead_buffer_gives_its_place_away():
    plan = place([Buffer("a", 100, 0, 1), Buffer("b", 80, 1, 2), Buffer("c", 100, 2, 3)])
    assert plan.arena_bytes == 180


def _separable(side: int, widths: list[tuple[int, int]]) -> list[Buffer]:
    """A chain of depthwise and 1x1 convolutions, as (channels, stride of the depthwise one), behind one convolution."""
    size = side * side * widths[0][0]
    buffers = [Buffer("0", 4 * side * side * 3, 0, 0), Buffer("1", size, 0, 1, {"0": Overlap(None, -94)})]
    for (channels, stride), (more, _) in itertools.pairwise(widths):
        at = len(buffers) - 1
        side //= stride
        ends = Overlap(-more, None) if more > channels else Overlap(None, channels - more)
        buffers += [
            Buffer(str(at + 1), side * side * channels, at, at + 1, {str(at): IN_PLACE}),
            Buffer(str(at + 2), side * side * more, at + 1, at + 2, {str(at + 1): ends}),
        ]
    working = [224, *(size for channels, _ in widths for size in (112 * channels, 4 * channels))]
    scratch = [Buffer(f"scratch {at}", size, at, at) for at, size in enumerate(working[: len(buffers) - 1])]
    return buffers + scratch


def test_a_long_chain_takes_what_its_fullest_layer_needs_without_luck(monkeypatch):
    monkeypatch.setattr(memory, "_SHUFFLES", 0)
    widths = (8, 16, 20, 28, 60, 40, 88, 36, 20, 16, 8, 16, 28, 22)
    strides = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1)
    plan = place(_separable(48, list(zip(widths, strides, strict=True))))
    # The second depthwise convolution, its output over its input, with its working memory.
    assert plan.arena_bytes == 48 * 48 * 16 + 112 * 16
