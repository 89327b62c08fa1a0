"""Rows for tests."""

from typing import Any

from harness.store import Measurement


def row(**changes: Any) -> Measurement:
    """A whole row, as a bench run on a desk would make it."""
    values: dict[str, Any] = {
        "run_id": "run-1",
        "board": "desk-nrf52",
        "kind": "nrf52840-dk",
        "virtual": False,
        "probe": "000683012345",
        "serial_settings": "/dev/ttyACM0 115200 8N1",
        "model_sha256": "ab" * 32,
        "model_name": "kws",
        "candidate": "b2-aux",
        "cut": "activation_4",
        "head": "aux",
        "image_sha256": "cd" * 32,
        "build_id": "0123456789abcdef",
        "compiler": "zig clang 20.1.2",
        "flags": "-O2",
        "clock_hz": 64_000_000,
        "wait_states": 0,
        "cycles": 5_123_456,
        "latency_us": 80054.0625,
        "iterations": 13,
        "windows_us": (80054.0625, 80054.1, 80053.9),
        "flash_bytes": 43_900,
        "ram_bytes": 22_000,
        "stack_bytes": 2048,
        "stack_used_bytes": 612,
        "macs": 1_916_000,
        "accuracy": 0.9075,
        "accuracy_low": 0.888,
        "accuracy_high": 0.924,
        "correct": 907,
        "samples": 1000,
        "split": "test",
        "outputs_sha256": "ef" * 32,
        "fits": True,
        "seed": 7,
    }
    return Measurement(**(values | changes))
