"""Studies with made-up but lifelike rows."""

from typing import Any

from harness.store import Decision, Measurement, Store

# name, head, ms, accuracy %, flash KB, RAM KB, MACs
_VWW: list[tuple[str, str, float, float, float, float, int]] = [
    ("conv1", "aux", 658, 70.1, 21.7, 148.2, 2_765_000),
    ("block1", "aux", 876, 71.9, 25.7, 148.2, 3_981_000),
    ("block2", "aux", 476, 74.9, 31.2, 58.1, 2_221_000),
    ("block3", "aux", 589, 76.1, 37.0, 58.1, 2_977_000),
    ("block4", "aux", 487, 77.1, 47.1, 58.1, 2_590_000),
    ("block5", "aux", 567, 77.5, 58.7, 58.1, 3_262_000),
    ("block6", "aux", 550, 81.2, 81.2, 58.1, 3_303_000),
    ("block7", "aux", 608, 81.1, 110.1, 58.1, 3_934_000),
    ("block8", "aux", 667, 82.1, 139.1, 58.1, 4_565_000),
    ("conv1", "dense", 107, 57.2, 18.0, 40.0, 700_000),
    ("block2", "dense", 290, 68.5, 26.4, 58.1, 1_400_000),
    ("block4", "dense", 429, 72.8, 42.6, 58.1, 2_200_000),
    ("block6", "dense", 530, 78.2, 75.5, 58.1, 3_100_000),
]


def row(board: str, name: str, **changes: Any) -> Measurement:
    values: dict[str, Any] = {
        "run_id": "run-1",
        "board": board,
        "kind": "nrf52840-dk",
        "virtual": False,
        "probe": "000683012345",
        "serial_settings": "/dev/serial/by-id/usb-SEGGER_J-Link_000683012345-if00 115200 8N1",
        "model_sha256": "ab" * 32,
        "model_name": name,
        "candidate": name,
        "image_sha256": "cd" * 32,
        "build_id": "0123456789abcdef",
        "compiler": "zig clang 20.1.2",
        "flags": "-O2 -mcpu=cortex_m4 -ffunction-sections",
        "clock_hz": 64_000_000,
        "wait_states": 0,
        "split": "test",
        "samples": 1000,
        "seed": 7,
        "fits": True,
    }
    return Measurement(**(values | changes))


def fill(store: Store, study: str = "vww-desk", boards: tuple[str, ...] = ("desk-nrf52",)) -> str:
    """A finished search like the one of the depth-pruning paper; gives the study's name."""
    limits = {
        "max_latency_ms": 600,
        "max_flash_kb": 128,
        "max_ram_kb": None,
        "min_accuracy": None,
        "max_accuracy_drop": 1.0,
    }
    store.open_study(study, "vww", {"limits": limits, "boards": list(boards), "seed": 7})
    for at, board in enumerate(boards):
        virtual = board.startswith("virtual")
        factor = 1 + 0.6 * at
        common: dict[str, Any] = {"study": study, "virtual": virtual}
        if virtual:
            common |= {"kind": "nrf51-dk", "clock_hz": 16_000_000, "serial_settings": "pty 115200 8N1"}
        verdicts = {}
        for cut, head, ms, accuracy, flash_kb, ram_kb, macs in _VWW:
            name = f"{cut}-{head}"
            if virtual and ram_kb > 32:
                store.add(
                    row(
                        board,
                        name,
                        cut=cut,
                        head=head,
                        fits=False,
                        unfit_memory="ram",
                        needed_bytes=int(ram_kb * 1024),
                        available_bytes=32_768,
                        image_sha256=None,
                        build_id=None,
                        **common,
                    )
                )
                continue
            spread = 100 * 1.96 * (accuracy / 100 * (1 - accuracy / 100) / 1000) ** 0.5
            store.add(
                row(
                    board,
                    name,
                    cut=cut,
                    head=head,
                    latency_us=ms * 1e3 * factor,
                    windows_us=(ms * 1e3 * factor,) * 5,
                    cycles=int(ms * 64_000 * factor),
                    iterations=20,
                    accuracy=accuracy / 100,
                    accuracy_low=(accuracy - spread) / 100,
                    accuracy_high=(accuracy + spread) / 100,
                    correct=int(accuracy * 10),
                    flash_bytes=int(flash_kb * 1024),
                    ram_bytes=int(ram_kb * 1024),
                    macs=macs,
                    **common,
                )
            )
            verdicts[name] = (
                "over 600 ms" if ms > 600 else f"{80.4 - accuracy:.2f} points less accurate, 1 allowed"
            )
        if virtual:
            decision = Decision(
                candidate=None,
                sentence=f"No candidate meets the limits on {board}; loosen them or add heads.",
            )
        else:
            store.add(
                row(
                    board,
                    "unpruned",
                    latency_us=904_000.0 * factor,
                    accuracy=0.804,
                    accuracy_low=0.779,
                    accuracy_high=0.828,
                    flash_bytes=336 * 1024,
                    ram_bytes=59_500,
                    macs=7_158_000,
                    **common,
                )
            )
            store.add(
                row(
                    board,
                    "block9-aux",
                    cut="block9",
                    head="aux",
                    status="failed",
                    fits=None,
                    failure="LinkError: desk-nrf52: no answer to 'infer 20 1' within 120 s (without a word)",
                    **common,
                )
            )
            verdicts["block6-aux"] = "chosen"
            decision = Decision(
                candidate="block6-aux",
                sentence=f"block6-aux is the fastest of 3 candidates within the limits on {board}: "
                "550.00 ms, 81.2 KB of flash, 81.20 % of 1000 samples right, "
                "1.64 times as fast as the unpruned model.",
                verdicts=verdicts,
                facts={"limits": limits, "reference_accuracy": 0.804, "measured": 14, "candidates": 15},
            )
        store.save_decision(study, board, decision)
    store.set_status(study, "decided")
    return study
