"""Probes and serial ports of this machine, and which of them are the same USB device."""

import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from harness.bench.probe import VIRTUAL_VENDOR, connected_probes

RULES_FILE = "60-tinyml-harness.rules"
"""Name of the udev rule that comes with the harness."""

_BY_ID = Path("/dev/serial/by-id")
_USB_DEVICES = Path("/sys/bus/usb/devices")


@dataclass(frozen=True)
class SeenProbe:
    """A probe that pyOCD sees now.

    Attributes:
        unique_id: Its id, for USB probes the serial number.
        description: What it calls itself.
        target: pyOCD's name of the chip on its board; None where the probe does not tell.
        kind: The board's kind, which only a virtual board tells.
        port: The serial port of the same device, by a path that stays; None where there is none.
        meter: The power meter in the supply, as the bench file names it, which only a virtual board tells.
        virtual: Whether it is that of a virtual board.
    """

    unique_id: str
    description: str
    target: str | None
    kind: str | None
    port: str | None
    meter: str | None
    virtual: bool


def seen_probes() -> list[SeenProbe]:
    """Every probe, each with its serial port."""
    ports = _ports_by_serial_number()
    return [_seen(uid, probe, ports) for uid, probe in sorted(connected_probes().items())]


def _seen(uid: str, probe: Any, ports: dict[str, str]) -> SeenProbe:
    info = probe.associated_board_info
    virtual = probe.vendor_name == VIRTUAL_VENDOR
    return SeenProbe(
        unique_id=uid,
        description=probe.description,
        target=info.target if info else None,
        kind=probe.board_kind if virtual else None,
        port=probe.serial_port if virtual else ports.get(_number(uid)),
        meter=f"lpm01a:{probe.meter_port}" if virtual else None,
        virtual=virtual,
    )


def _number(text: str) -> str:
    """A serial number as it compares: J-Links write theirs with zeros before it on USB and without elsewhere."""
    return text.lower().lstrip("0")


def _ports_by_serial_number() -> dict[str, str]:
    from serial.tools.list_ports import comports

    stable = {os.path.realpath(link): str(link) for link in _BY_ID.glob("*")}
    found: dict[str, str] = {}
    for port in sorted(comports(), key=lambda port: port.device):
        if port.serial_number:
            # A device with several ports has the board's on the first.
            found.setdefault(_number(port.serial_number), stable.get(port.device, port.device))
    return found


def usb_permission(unique_id: str) -> str | None:
    """Path of the probe's USB device where this user may not use it; None if he may, or it is not to be seen."""
    for number in _USB_DEVICES.glob("*/serial"):
        if _number(number.read_text().strip()) != _number(unique_id):
            continue
        bus, device = (int((number.parent / name).read_text()) for name in ("busnum", "devnum"))
        node = f"/dev/bus/usb/{bus:03d}/{device:03d}"
        if not os.access(node, os.R_OK | os.W_OK):
            return node
    return None


def udev_rules() -> str:
    """The udev rule that lets users at the desk use probes and their ports."""
    return (resources.files("harness.bench") / RULES_FILE).read_text()
