"""One specimen of a board kind, as the bench file or a virtual board's name describes it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from harness.config.faults import Faults

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""Text that says something."""


class Unit(BaseModel):
    """One specimen of a kind.

    Attributes:
        name: What the user calls it.
        kind: Name of its kind.
        probe: Unique id of its debug probe; empty for a virtual board, whose probe appears with it.
        port: Its serial port; empty for a virtual board.
        baud: Speed of the serial line, if it is not the kind's.
        power: Command that switches it off and on, if any.
        meter: Power meter in its supply, if any: `lpm01a:PORT`, `joulescope` or `joulescope:SERIAL`.
        mass_erase: Whether all of its flash may be erased where programming fails.
        virtual: Whether it is emulated.
        wait_states: Of a virtual board's flash, where not the kind's.
        faults: What is wrong with a virtual board on purpose.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Text
    probe: str = ""
    port: str = ""
    baud: int | None = Field(default=None, gt=0)
    power: Text | None = None
    meter: Text | None = None
    mass_erase: bool = False
    virtual: bool = False
    wait_states: int | None = Field(default=None, ge=0)
    faults: Faults = Faults()

    @property
    def standing(self) -> bool:
        """Whether the board is there by itself: a real one, or a virtual one that somebody serves."""
        return bool(self.probe)

    @property
    def options(self) -> list[str]:
        """Of the process of a virtual board."""
        options = ["--faults", self.faults.query] if self.faults.query else []
        return options if self.wait_states is None else [*options, "--wait-states", str(self.wait_states)]
