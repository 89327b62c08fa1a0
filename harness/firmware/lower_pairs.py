"""Lowers the operators on two maps: their sum, and their channels side by side."""

from harness.errors import InputError
from harness.firmware.axes import joins_channels
from harness.firmware.backends import Target
from harness.firmware.fixedpoint import activation_range, rescale_from_real
from harness.firmware.graph import Op
from harness.firmware.layer import Layer, layer_name
from harness.firmware.overlap import IN_PLACE


def lower_add(op: Op, target: Target) -> Layer:
    """ADD of two activations of one shape, in a common scale of twice the larger one (TFLite's rule)."""
    a, b = op.tensor(0), op.tensor(1)
    if a.shape != b.shape or a.data is not None or b.data is not None:
        raise InputError(
            f"{op.label} adds shapes {a.shape} and {b.shape} or a constant; two equal maps are needed"
        )
    if a.scale < b.scale:
        a, b = b, a
    twice_larger = 2.0 * a.scale
    rescales = {
        "a_rescale": rescale_from_real(a.scale / twice_larger),
        "b_rescale": rescale_from_real(b.scale / twice_larger),
        "out_rescale": rescale_from_real(twice_larger / ((1 << 20) * op.output.scale)),
    }
    low, high = activation_range(str(op.options["activation"]), op.output.scale, op.output.zero_point)
    fields = {"size": str(op.output.size), "act_min": str(low), "act_max": str(high)}
    zero_points = (a.zero_point, b.zero_point, op.output.zero_point)
    constants = None
    if target.backend:
        constants = target.backend.pack_add(
            op.output.size, zero_points, (rescales["b_rescale"], rescales["out_rescale"])
        )
    if constants and target.backend:
        kernel, params_type = f"add_s8_{target.backend.NAME}", "fast_add_params_t"
        fields["constants"] = "{" + ", ".join(map(str, constants)) + "}"
    else:
        kernel, params_type = "add_s8", "add_params_t"
        names = ("a_zero_point", "b_zero_point", "out_zero_point")
        fields |= {name: str(value) for name, value in zip(names, zero_points, strict=True)}
        fields |= {name: rescale.as_c() for name, rescale in rescales.items()}
    return Layer(
        name=layer_name(op),
        kernel=kernel,
        params_type=params_type,
        fields=fields,
        arrays=(),
        inputs=(a, b),
        output=op.output,
        overlap=IN_PLACE,
    )


def lower_concatenation(op: Op, _target: Target) -> Layer:
    """CONCATENATION of the channels of two maps."""
    if not joins_channels(op) or len(op.inputs) != 2 or op.options.get("activation", "none") != "none":
        raise InputError(
            f"{op.label} is not of the channels of maps of one scale, the only one the firmware can run"
        )
    a, b = op.tensor(0), op.tensor(1)
    part = op.options.get("part")
    return Layer(
        name=layer_name(op) if part is None else f"{layer_name(op)}_{part}",
        kernel="concat_s8",
        params_type="concat_params_t",
        fields={
            "positions": str(op.output.size // op.output.shape[-1]),
            "a_channels": str(a.shape[-1]),
            "b_channels": str(b.shape[-1]),
        },
        arrays=(),
        inputs=(a, b),
        output=op.output,
    )
