"""The stack's bound of small programs, where it can be worked out by hand."""

from pathlib import Path

import pytest

from harness.errors import BuildError, InputError
from harness.firmware.stack import StackBound, stack_bound
from harness.firmware.toolchain import find_toolchain

CORES = ["cortex-m0", "cortex-m4"]
TOOLCHAINS = ["zig", "gcc"]
_SCRIPT = """
ENTRY(reset)
SECTIONS { . = 0x100; .text : { KEEP(*(.vectors)) *(.text .text.*) *(.rodata .rodata.*) } . = 0x20000000;
           .data : { *(.data .data.* .bss .bss.*) } /DISCARD/ : { *(.ARM.*) } }
"""
_VECTORS = """
.syntax unified
.thumb
.section .vectors, "a"
.global vectors
.type vectors, %object
vectors: .word 0x20001000, reset, fault
.size vectors, . - vectors
.text
.macro function name
.global \\name
.type \\name, %function
.thumb_func
\\name:
.endm
.macro end name
.size \\name, . - \\name
.endm
function fault
  b fault
end fault
"""


def linked(folder: Path, source: str, core: str, toolchain: str = "zig") -> Path:
    """The image of a C source, or of an assembly source that is put behind a vector table."""
    try:
        tools = find_toolchain(toolchain, core)
    except InputError as error:
        pytest.skip(str(error))
    is_c = "{" in source and "push" not in source
    path, script, elf = (
        folder / ("program.c" if is_c else "program.S"),
        folder / "program.ld",
        folder / "program.elf",
    )
    path.write_text(source if is_c else _VECTORS + source)
    script.write_text(_SCRIPT)
    tools.link([path], [folder], script, elf)
    return elf


@pytest.fixture
def bound(tmp_path):
    def of(source: str, core: str = "cortex-m0", toolchain: str = "zig") -> StackBound:
        return stack_bound(linked(tmp_path, source, core, toolchain))

    return of


@pytest.mark.parametrize("core", CORES)
def test_frames_add_up_along_the_deepest_chain(bound, core):
    found = bound(
        """
function reset
  push {r4, lr}
  bl shallow
  sub sp, #16
  bl deep
  add sp, #16
  pop {r4, pc}
end reset
function shallow
  push {r4-r7, lr}
  sub sp, #8
  add sp, #8
  pop {r4-r7, pc}
end shallow
function deep
  push {r0, r1, r2, lr}
  pop {r0, r1, r2, pc}
end deep
""",
        core,
    )
    assert found.program_bytes == 8 + 16 + 16
    assert found.path == ("reset", "deep")
    assert found.fault_bytes == 32
    assert found.reserve_bytes == 40 + 32


def test_a_tail_call_comes_after_the_frame_is_gone(bound):
    tail = "function reset\n push {r4-r7, lr}\n pop {r4-r7}\n pop {r3}\n mov lr, r3\n b leaf\nend reset\n"
    leaf = "function leaf\n push {r4, lr}\n pop {r4, pc}\nend leaf\n"
    assert bound(tail + leaf).program_bytes == 20


def test_a_return_inside_a_condition_is_not_the_end(bound):
    found = bound(
        """
function reset
  push {r4, lr}
  cmp r0, #0
  it eq
  popeq {r4, pc}
  push {r5, r6}
  pop {r5, r6}
  pop {r4, pc}
end reset
""",
        "cortex-m4",
    )
    assert found.program_bytes == 16


TABLE = """
function reset
  push {r4, lr}
  ldr r4, =table + 4
  ldr r4, [r4]
  blx r4
  pop {r4, pc}
end reset
.ltorg
function one
  push {r0-r7}
  add sp, #32
  bx lr
end one
function two
  push {r0-r3}
  add sp, #16
  bx lr
end two
function never
  push {r0-r7, lr}
  sub sp, #100
  add sp, #100
  pop {r0-r7, pc}
end never
.section .rodata.table, "a"
.balign 4
.type table, %object
table: .word one, 7, two
.size table, . - table
.type other, %object
other: .word never
.size other, . - other
"""


def test_a_call_through_a_table_may_reach_all_of_it_and_nothing_else(bound):
    found = bound(TABLE)
    assert found.program_bytes == 8 + 32
    assert found.path == ("reset", "one")


def test_the_end_of_a_table_does_not_stand_for_the_next_one(bound):
    assert bound(TABLE.replace("blx r4", "ldr r0, =table + 12\n  blx r4")).program_bytes == 8 + 32


def test_a_pointer_from_the_caller_is_found(bound):
    source = """
function reset
  push {r4, lr}
  ldr r0, =callback
  bl calls
  pop {r4, pc}
end reset
.ltorg
function calls
  push {r4, lr}
  blx r0
  pop {r4, pc}
end calls
function callback
  push {r0-r3, lr}
  pop {r0-r3, pc}
end callback
"""
    assert bound(source).path == ("reset", "calls", "callback")
    with pytest.raises(BuildError, match="calls calls through a pointer of unknown origin"):
        bound(source.replace("ldr r0, =callback", "movs r0, #5"))


def test_a_jump_into_the_function_s_own_loop_is_no_call(bound):
    found = bound(
        """
function reset
  push {r4, lr}
  adr r4, 1f
  adds r4, #5
  bx r4
  .balign 4
1:
  nop
  nop
  push {r5}
  pop {r5}
  pop {r4, pc}
end reset
"""
    )
    assert found.program_bytes == 12


def test_floating_point_makes_the_exception_s_frame_larger(bound):
    source = "function reset\n vadd.f32 s0, s0, s0\n vpush {d8}\n vpop {d8}\n bx lr\nend reset\n"
    found = bound(".fpu fpv4-sp-d16\n" + source, "cortex-m4")
    assert (found.program_bytes, found.fault_bytes) == (8, 104)


@pytest.mark.parametrize(
    ("rest", "fault"),
    [
        ("bl reset\nend reset", "reset calls reset"),
        ("bl other\nend reset\nfunction other\n bl reset\nend other", "reset calls other calls reset"),
        ("sub.w sp, sp, r4\nend reset", "reset moves its pointer by sub"),
        ("mov sp, r4\nend reset", "reset moves its pointer by mov sp, r4"),
        ("1: push {r5}\n b 1b\nend reset", "a loop in reset pushes without end"),
        ("bl . + 200\nend reset", "which is in no function"),
        ("b 1f\n.balign 4\n1: .word 0\nend reset", "reset goes on at 0x[0-9a-f]+, which is no code"),
    ],
)
def test_a_stack_without_bound_is_refused_with_the_function_s_name(bound, rest, fault):
    with pytest.raises(BuildError, match=fault):
        bound(f"function reset\n push {{r4, lr}}\n {rest}\n", "cortex-m4" if ".w" in rest else "cortex-m0")


def test_assembly_may_leave_out_a_function_s_size(bound):
    source = "function reset\n push {r4, lr}\n bl leaf\n pop {r4, pc}\n"
    source += "function leaf\n push {r4}\n pop {r4}\n bx lr\n"
    assert bound(source).program_bytes == 12


PROGRAM = """
typedef void (*vector_t)(void);
void reset(void);
void fault(void) { for (;;) { } }
__attribute__((section(".vectors"), used)) const vector_t vectors[3] = {0, reset, fault};
volatile int sink;
__attribute__((noinline)) void use(volatile char *bytes, int count) { for (int i = 0; i < count; i++) bytes[i] = 1; }
BODY
"""


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
@pytest.mark.parametrize("core", CORES)
def test_large_frames_of_compilers(bound, core, toolchain):
    """Beyond what one instruction can subtract, and with the copy of the stack pointer that a frame address needs."""
    body = "void reset(void) { volatile char bytes[3000]; use(bytes, 3000); sink = (int)(long)__builtin_frame_address(0); }"
    assert 3000 <= bound(PROGRAM.replace("BODY", body), core, toolchain).program_bytes <= 3040


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
@pytest.mark.parametrize("core", CORES)
def test_a_frame_that_data_decides_is_refused(bound, core, toolchain):
    body = "void reset(void) { int count = sink; volatile char bytes[count]; use(bytes, count); }"
    with pytest.raises(BuildError, match="reset moves its pointer"):
        bound(PROGRAM.replace("BODY", body), core, toolchain)
