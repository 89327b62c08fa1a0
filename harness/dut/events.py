"""What a device under test can say, one type a line."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BootMode:
    """`m-timestamp-mode-<mode>`: the first line after reset; `mode` is `performance` or `energy`."""

    mode: str


@dataclass(frozen=True, slots=True)
class InitDone:
    """`m-init-done`: from here on the device listens."""


@dataclass(frozen=True, slots=True)
class Ready:
    """`m-ready`: ends boot and every reply."""


@dataclass(frozen=True, slots=True)
class Name:
    """`m-name-dut-[<vendor>]`."""

    vendor: str


@dataclass(frozen=True, slots=True)
class Profile:
    """`m-profile-[<text>]`: name and version of the firmware's protocol."""

    text: str


@dataclass(frozen=True, slots=True)
class Model:
    """`m-model-[<id>]`."""

    model_id: str


@dataclass(frozen=True, slots=True)
class Lap:
    """`m-lap-us-<n>`: the device's clock in microseconds since boot."""

    us: int


@dataclass(frozen=True, slots=True)
class WarmupStart:
    """`m-warmup-start-<n>`."""

    iterations: int


@dataclass(frozen=True, slots=True)
class WarmupDone:
    """`m-warmup-done`."""


@dataclass(frozen=True, slots=True)
class InferStart:
    """`m-infer-start-<n>`."""

    iterations: int


@dataclass(frozen=True, slots=True)
class InferDone:
    """`m-infer-done`."""


@dataclass(frozen=True, slots=True)
class Results:
    """`m-results-[f,f,...]`: the dequantised outputs."""

    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Expecting:
    """`m-[Expecting N bytes]`: the answer to `db load N`."""

    size_bytes: int


@dataclass(frozen=True, slots=True)
class LoadDone:
    """`m-load-done`: the last byte of a download has arrived."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """`m-buffer-xx-xx-...`: a piece of the input buffer."""

    data: bytes


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """`x-info`: what an image of this harness says about itself.

    Attributes:
        kind: Board kind it was built for.
        model: First 16 hex digits of the model file's SHA-256.
        mode: `performance` or `energy`.
        protocol: Version of the extension commands.
        build: 16 hex digits naming the build.
    """

    kind: str
    model: str
    mode: str
    protocol: int
    build: str


@dataclass(frozen=True, slots=True)
class Cycles:
    """`x-cycles`: core clock cycles of the last timed window, at `clock_hz`."""

    cycles: int
    clock_hz: int


@dataclass(frozen=True, slots=True)
class Output:
    """`x-output`: the raw output tensor of the last inference."""

    data: bytes


@dataclass(frozen=True, slots=True)
class SampleCheck:
    """`x-sample`: CRC-32 of what the input tensor holds."""

    crc32: int


@dataclass(frozen=True, slots=True)
class StackUse:
    """`x-memory`: the deepest the stack has been, and the room it has."""

    used_bytes: int
    reserve_bytes: int


@dataclass(frozen=True, slots=True)
class Layer:
    """One line of `x-profile`: a layer and the core clock cycles it took."""

    index: int
    name: str
    cycles: int


@dataclass(frozen=True, slots=True)
class DeviceError:
    """`e-[<text>]`."""

    text: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line that starts as a known one and does not go on as one: bytes were lost or changed."""

    line: str


@dataclass(frozen=True, slots=True)
class Chatter:
    """Any other line; the protocol allows them before `m-ready`."""

    text: str


Event = (
    BootMode
    | InitDone
    | Ready
    | Name
    | Profile
    | Model
    | Lap
    | WarmupStart
    | WarmupDone
    | InferStart
    | InferDone
    | Results
    | Expecting
    | LoadDone
    | Buffer
    | ImageInfo
    | Cycles
    | Output
    | SampleCheck
    | StackUse
    | Layer
    | DeviceError
    | Malformed
    | Chatter
)
