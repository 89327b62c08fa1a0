"""Options that several verbs share."""

from pathlib import Path

import rich_click as click

board_option = click.option(
    "--board", "board", required=True, metavar="NAME", help="A unit of the bench file, or virtual:<kind>."
)
boards_option = click.option(
    "--board",
    "boards",
    required=True,
    multiple=True,
    metavar="NAME",
    help="A unit of the bench file, or virtual:<kind>. May be repeated.",
)
data_dir_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    envvar="HARNESS_DATA_DIR",
    help="Folder with the task's data.",
)
toolchain_option = click.option(
    "--toolchain",
    type=click.Choice(["zig", "gcc"]),
    default="zig",
    show_default=True,
    help="Compiler: the clang of the ziglang wheel, or arm-none-eabi-gcc.",
)
whole_option = click.option(
    "--whole",
    is_flag=True,
    help="Keep channels that carry nothing, as the closed division of MLPerf Tiny wants it.",
)
results_option = click.option(
    "--results-dir",
    type=click.Path(path_type=Path),
    envvar="HARNESS_RESULTS_DIR",
    default=Path("results"),
    show_default=True,
    help="Folder of the store.",
)
