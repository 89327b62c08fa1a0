"""Constants are copied to RAM where the flash is slow and the arena has room, and to nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config.kinds import load_kind
from harness.firmware import build_image
from harness.firmware.backends import target_of
from harness.firmware.layer import Array, Layer
from harness.firmware.memory import Buffer, MemoryPlan, free_offset
from harness.firmware.plan import plan_model
from harness.firmware.staging import stage_constants


@given(
    st.lists(
        st.tuples(st.integers(0, 150), st.integers(1, 500), st.integers(0, 6), st.integers(0, 3)),
        min_size=1,
        max_size=10,
    ),
    st.integers(0, 6),
    st.integers(1, 400),
)
def test_room_is_found_where_there_is_some(items, layer, size_bytes):
    buffers = [Buffer(str(i), size, first, first + life) for i, (_, size, first, life) in enumerate(items)]
    offsets = {str(i): 4 * word for i, (word, *_) in enumerate(items)}
    plan = MemoryPlan(offsets, max(offsets[b.key] + b.size_bytes for b in buffers))
    alive = [b for b in buffers if b.first <= layer <= b.last]

    def is_free(offset):
        taken = ((plan.offsets[b.key], plan.offsets[b.key] + b.size_bytes) for b in alive)
        inside = offset + size_bytes <= plan.arena_bytes
        return inside and all(offset + size_bytes <= first or last <= offset for first, last in taken)

    free = [offset for offset in range(0, plan.arena_bytes, 4) if is_free(offset)]
    assert free_offset(plan, buffers, layer, size_bytes) == (free[0] if free else None)


def _layer(size_bytes, passes):
    array = Array("weights", "int8_t", size_bytes, "0", size_bytes)
    return Layer("00_conv_2d", "conv2d_s8", "product_params_t", {}, (array,), (), None, passes=passes)


@pytest.mark.parametrize(
    ("passes", "wait_states", "size_bytes", "copied"),
    [(72, 2, 40, True), (72, 0, 40, False), (1, 5, 40, False), (2, 2, 40, False), (72, 2, 61, False)],
)
def test_copies_are_made_where_they_pay_and_fit(passes, wait_states, size_bytes, copied):
    memory = MemoryPlan({"0": 0, "1": 160}, 200)
    buffers = [Buffer("0", 100, 0, 0), Buffer("1", 40, 0, 1)]
    found = stage_constants([_layer(size_bytes, passes)], buffers, memory, wait_states)
    assert found == ({0: 100} if copied else {})


def without_waiting(kind):
    return kind.model_copy(update={"flash": kind.flash.model_copy(update={"wait_states": 0})})


def test_an_image_for_a_slow_flash_copies_and_takes_no_more_ram(digits_model, tmp_path):
    kind = load_kind("nrf52840-dk")
    slow = build_image(digits_model, kind, tmp_path / "slow")
    fast = build_image(digits_model, without_waiting(kind), tmp_path / "fast")
    copies = [
        (tmp_path / name / "model.c").read_text().count("copy_constants(arena + ")
        for name in ("slow", "fast")
    ]
    assert copies[0] > 0
    assert copies[1] == 0
    assert slow.size.ram_bytes == fast.size.ram_bytes


def test_only_what_is_read_often_is_copied(digits_model):
    plan = plan_model(digits_model, target_of("cortex-m4"), wait_states=2)
    kernels = {plan.layers[position].kernel for position in plan.staged}
    assert kernels
    assert all(kernel.startswith(("conv2d_", "pointwise_")) for kernel in kernels)
