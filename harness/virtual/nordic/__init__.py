"""Models of the peripherals that Nordic's nRF51 and nRF52 share, one register table a file."""
