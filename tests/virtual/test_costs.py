"""Cycles of single instructions against the figures of Arm's manuals."""

import pytest

from harness.virtual.costs import Cost, CostTable

M0 = CostTable("cortex-m0")
M4 = CostTable("cortex-m4")


def code(*halfwords: int) -> bytes:
    return b"".join(halfword.to_bytes(2, "little") for halfword in halfwords)


@pytest.mark.parametrize(
    ("name", "halfwords", "m0", "m4"),
    [
        ("adds r0, r1, r2", (0x1888,), (1, 0), (1, 0)),
        ("movs r0, #1", (0x2001,), (1, 0), (1, 0)),
        ("muls r0, r1", (0x4348,), (1, 0), (1, 0)),
        ("ldr r0, [r1]", (0x6808,), (2, 0), (2, 0)),
        ("ldrb r0, [r1]", (0x7808,), (2, 0), (2, 0)),
        ("ldr r0, [pc, #4]", (0x4801,), (2, 0), (2, 0)),
        ("str r0, [r1]", (0x6008,), (2, 0), (1, 0)),
        ("str r0, [r1, r2]", (0x5088,), (2, 0), (2, 0)),
        ("push {r4, r5, lr}", (0xB530,), (4, 0), (4, 0)),
        ("pop {r4, r5}", (0xBC30,), (3, 0), (3, 0)),
        ("pop {r4, r5, pc}", (0xBD30,), (7, 0), (6, 0)),
        ("ldmia r0!, {r1, r2}", (0xC806,), (3, 0), (3, 0)),
        ("stmia r0!, {r1, r2, r3}", (0xC00E,), (4, 0), (4, 0)),
        ("bne", (0xD1FE,), (1, 2), (1, 2)),
        ("b", (0xE7FE,), (3, 0), (3, 0)),
        ("bl", (0xF000, 0xF800), (4, 0), (3, 0)),
        ("bx lr", (0x4770,), (3, 0), (3, 0)),
        ("blx r3", (0x4798,), (3, 0), (3, 0)),
        ("mov pc, r0", (0x4687,), (3, 0), (3, 0)),
        ("mrs r0, primask", (0xF3EF, 0x8010), (4, 0), (1, 0)),
        ("dsb", (0xF3BF, 0x8F4F), (4, 0), (1, 0)),
        ("nop", (0xBF00,), (1, 0), (1, 0)),
    ],
)
def test_instruction(name: str, halfwords: tuple[int, ...], m0: tuple[int, int], m4: tuple[int, int]) -> None:
    assert M0.block(code(*halfwords), 0x100) == Cost(*m0), name
    assert M4.block(code(*halfwords), 0x100) == Cost(*m4), name


@pytest.mark.parametrize(
    ("name", "halfwords", "cost"),
    [
        ("smlad r0, r1, r2, r3", (0xFB21, 0x3002), (1, 0)),
        ("smull r0, r1, r2, r3", (0xFB82, 0x0103), (1, 0)),
        ("sxtb16 r0, r1", (0xFA2F, 0xF081), (1, 0)),
        ("sdiv r0, r1, r2", (0xFB91, 0xF0F2), (7, 0)),
        ("ldrd r0, r1, [r2]", (0xE9D2, 0x0100), (3, 0)),
        ("cbz r0", (0xB100,), (1, 2)),
        ("tbb [pc, r0]", (0xE8DF, 0xF000), (4, 0)),
        ("vadd.f32 s0, s1, s2", (0xEE30, 0x0A81), (1, 0)),
        ("vmla.f32 s0, s1, s2", (0xEE00, 0x0A81), (3, 0)),
        ("vdiv.f32 s0, s1, s2", (0xEE80, 0x0A81), (14, 0)),
        ("vldr s0, [r0]", (0xED90, 0x0A00), (2, 0)),
        ("ldr.w pc, [r0]", (0xF8D0, 0xF000), (4, 0)),
    ],
)
def test_instruction_of_m4(name: str, halfwords: tuple[int, ...], cost: tuple[int, int]) -> None:
    assert M4.block(code(*halfwords), 0x100) == Cost(*cost), name


def test_loads_back_to_back_are_pipelined_on_m4_only() -> None:
    independent = code(0x6808, 0x684A)  # ldr r0, [r1]; ldr r2, [r1, #4]
    assert M4.block(independent, 0).straight == 2 + 1
    assert M0.block(independent, 0).straight == 2 + 2
    dependent = code(0x6809, 0x684A)  # ldr r1, [r1]; ldr r2, [r1, #4]
    assert M4.block(dependent, 0).straight == 2 + 2


def test_block_adds_up_and_its_last_instruction_decides_the_branch() -> None:
    # ldrb; muls; adds; subs; bne
    assert M0.block(code(0x780B, 0x435B, 0x18D2, 0x3801, 0xD1F8), 0x100) == Cost(2 + 1 + 1 + 1 + 1, 2)
    # bne in the middle is not the end of a block: the extra belongs to the last instruction alone
    assert M0.block(code(0xD1F8, 0x3801), 0x100) == Cost(2, 0)
