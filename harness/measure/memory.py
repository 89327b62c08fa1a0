"""Stack use, as the device finds it painted over."""

from harness.dut import Dut
from harness.errors import MeasurementError


def measure_stack(dut: Dut) -> int:
    """Deepest use of the stack since reset, in bytes.

    Raises:
        MeasurementError: The whole reserve was used, so that more may have been.
    """
    use = dut.memory()
    if use.used_bytes >= use.reserve_bytes:
        raise MeasurementError(
            f"{dut.board}: all {use.reserve_bytes} bytes of the stack were used; "
            "its bound is wrong or the image overflowed it, so that nothing it answers can be trusted"
        )
    return use.used_bytes
