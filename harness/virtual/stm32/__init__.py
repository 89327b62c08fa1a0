"""Models of the STM32L4 and STM32L4+ peripherals that firmware and flash algorithms touch, one a file."""
