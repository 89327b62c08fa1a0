"""Emulated microcontroller boards, each one in a process of its own.

A virtual board stands beneath `harness.bench` and looks to it like any other board: its debug probe
is found by pyOCD through an entry point, its serial line is a pseudo-terminal. Nothing in the rest of
the harness imports this package; it is started with `python -m harness.virtual --kind <kind>`.

Only the board's own process imports Unicorn (GPL-2.0); `probe`, `wire` and `records`, which pyOCD
loads into other processes, do not.
"""
