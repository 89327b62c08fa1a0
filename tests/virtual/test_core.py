"""Faults, breakpoints and resets of the emulated core, seen through pyOCD as on a real board."""

from pathlib import Path

import pytest

from tests.virtual.program import Console, address_of, build_program, eventually


def test_division_faults_on_m0_with_its_place(console_m0: Console) -> None:
    found = console_m0.fault_after("u")
    assert "HardFault" in found and "undefined instruction 0xFBB0" in found
    assert "divide+0x" in found


def test_division_runs_on_m4(console_m4: Console) -> None:
    assert console_m4.ask("u") == "udiv ran"


@pytest.mark.parametrize(
    ("command", "function", "code"),
    [
        ("(", "compare_and_branch", "B100"),
        (")", "if_then", "BF08"),
        ("<", "read_basepri", "F3EF"),
        (">", "write_faultmask", "F380"),
    ],
)
def test_armv7m_instruction_faults_on_m0_with_its_place(
    console_m0: Console, command: str, function: str, code: str
) -> None:
    found = console_m0.fault_after(command)
    assert "HardFault" in found and f"undefined instruction 0x{code}" in found
    assert f"({function}+0x" in found
    source = (Path(__file__).parent / "firmware" / "probe.c").read_text().splitlines()
    line = int(found.split("probe.c:")[1].split(")")[0])
    assert f".short 0x{code.lower()}" in source[line - 1]
    # What stands before it in the same block has been executed: the fault is taken at the instruction itself.
    assert (
        int(found.split("+0x")[1].split(")")[0].split(",")[0], 16)
        == {"(": 4, ")": 4, "<": 0, ">": 2}[command]
    )
    console_m0.board.reset()
    assert console_m0.line() == "hello" and console_m0.ask("ok\n") == "ok"


@pytest.mark.parametrize("command", "()<>")
def test_armv7m_instruction_runs_on_m4(console_m4: Console, command: str) -> None:
    assert console_m4.ask(command) == "ran"


def test_unaligned_access_faults_on_m0_only(console_m0: Console, console_m4: Console) -> None:
    assert console_m4.ask("a") == "unaligned ran"
    assert "unaligned memory access" in console_m0.fault_after("a")


@pytest.mark.parametrize(
    ("access", "function", "offset"),
    [
        ("l", "load_multiple", 2),
        ("s", "store_multiple_late", 4),
        ("d", "load_double_late_and_lost", 4),
        ("c", "store_double_if", 4),
        ("x", "load_exclusive", 0),
        ("v", "load_float", None),
    ],
)
def test_strict_access_of_m4_must_be_aligned(
    console_m4: Console, access: str, function: str, offset: int | None
) -> None:
    for _ in range(2):
        assert console_m4.ask("=" + access) == "ran"
    found = console_m4.fault_after("#" + access)
    assert f"unaligned memory access, at {function}+0x" in found or f"({function}+0x" in found, found
    assert "unaligned memory access" in found
    at = int(found.split("+0x")[1].split(",")[0].split(")")[0], 16)
    assert at == offset or offset is None
    assert console_m4.board.session().target.read32(0xE000ED28) & 1 << 24, "UFSR.UNALIGNED"


def test_strict_access_that_is_not_executed_may_be_unaligned(console_m4: Console) -> None:
    assert [console_m4.ask("#n"), console_m4.ask("=n"), console_m4.ask("#n")] == ["ran"] * 3


def test_fault_status_of_m4_names_the_cause(console_m4: Console) -> None:
    assert "HardFault, undefined instruction, at" in console_m4.fault_after("d")


def test_access_where_nothing_is(console: Console) -> None:
    assert "0x30000000" in console.fault_after("m")


def test_stack_overflow_locks_the_core_up(console: Console) -> None:
    found = console.fault_after("s")
    assert "locked up" in found and "overflow+0x" in found and "0x1FFFF" in found


def test_breakpoint_instruction(console: Console) -> None:
    assert "breakpoint instruction" in console.fault_after("b")


@pytest.mark.parametrize(
    ("command", "name"), [("r", "RTC1 register 0x504"), ("R", "UART0 register 0x7F0")], ids=["RTC1", "UART0"]
)
def test_unmodelled_register_is_named(console: Console, command: str, name: str) -> None:
    assert name in console.fault_after(command)


def test_write_to_locked_flash_faults(console: Console) -> None:
    assert "NVMC.CONFIG does not enable writing" in console.fault_after("w")


def test_board_works_again_after_a_fault_and_a_reset(console: Console) -> None:
    console.fault_after("d")
    console.board.reset()
    assert console.line() == "hello"
    assert console.ask("Q\n")[0] == "Q"
    assert console.board.fault() is None


def test_asking_for_a_fault_does_not_stop_a_healthy_program(console: Console) -> None:
    assert console.board.fault() is None
    assert console.ask("ok\n") == "ok"


def test_program_resets_itself(console: Console) -> None:
    assert console.ask("S") == "hello"


def test_wait_for_interrupt_sleeps_a_while(console: Console) -> None:
    assert console.ask("z") == "awake"


def test_hardware_breakpoint_and_step(console: Console) -> None:
    from pyocd.core.target import Target

    target = console.board.session().target
    address = address_of(build_program(console.board.kind.name), "timed_spin")
    target.halt()
    assert target.set_breakpoint(address, Target.BreakpointType.HW)
    target.resume()
    console.port.write(b"1")
    assert eventually(target.is_halted)
    assert target.read_core_register("pc") == address
    assert console.port.in_waiting == 0
    target.remove_breakpoint(address)
    target.step()
    assert address < target.read_core_register("pc") <= address + 4
    target.resume()
    assert int(console.line(), 16) > 3998


def test_flash_rules(console: Console) -> None:
    console.port.write(b"f")
    answers = [console.line() for _ in range(4)]
    # erased; then two writes that can only clear bits; an erase without permission; a permitted one
    assert answers == ["ffffffff", "00ff00ff", "00ff00ff", "ffffffff"]


def test_factory_information(console: Console) -> None:
    pages = {"nrf51-dk": (256, 1024), "nrf52840-dk": (256, 4096)}[console.board.kind.name]
    console.port.write(b"i")
    assert (int(console.line(), 16), int(console.line(), 16)) == pages


def test_code_that_would_not_be_counted_does_not_run(console: Console) -> None:
    target = console.board.session().target
    target.halt()
    target.write_core_register("pc", 0x1000_0010)  # factory information
    target.resume()
    assert "runs code at 0x10000010" in console.fault_after("")
