"""The memory plan never lets two living buffers overlap."""

from hypothesis import given
from hypothesis import strategies as st

from harness.firmware.memory import Buffer, place


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
