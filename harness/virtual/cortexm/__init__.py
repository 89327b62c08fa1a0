"""Models of what Arm puts around a Cortex-M core: system control, debug, trace and the ROM table."""
