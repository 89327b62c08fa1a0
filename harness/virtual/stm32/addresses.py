"""Names of the peripherals of STM32L4 and L4+ by address, for messages."""

_NAMES = {
    0x4000_0000: "TIM2", 0x4000_0400: "TIM3", 0x4000_0800: "TIM4", 0x4000_0C00: "TIM5", 0x4000_1000: "TIM6",
    0x4000_1400: "TIM7", 0x4000_2800: "RTC", 0x4000_2C00: "WWDG", 0x4000_3000: "IWDG", 0x4000_3800: "SPI2",
    0x4000_3C00: "SPI3", 0x4000_4400: "USART2", 0x4000_4800: "USART3", 0x4000_4C00: "UART4",
    0x4000_5000: "UART5", 0x4000_5400: "I2C1", 0x4000_5800: "I2C2", 0x4000_5C00: "I2C3", 0x4000_6000: "CRS",
    0x4000_6400: "CAN1", 0x4000_7000: "PWR", 0x4000_7400: "DAC1", 0x4000_7800: "OPAMP", 0x4000_7C00: "LPTIM1",
    0x4000_8000: "LPUART1", 0x4000_9400: "LPTIM2", 0x4001_0000: "SYSCFG", 0x4001_0400: "EXTI",
    0x4001_2C00: "TIM1", 0x4001_3000: "SPI1", 0x4001_3400: "TIM8", 0x4001_3800: "USART1", 0x4001_4000: "TIM15",
    0x4001_4400: "TIM16", 0x4001_4800: "TIM17", 0x4001_5400: "SAI1", 0x4001_5800: "SAI2", 0x4001_6000: "DFSDM",
    0x4002_0000: "DMA1", 0x4002_0400: "DMA2", 0x4002_1000: "RCC", 0x4002_2000: "FLASH", 0x4002_3000: "CRC",
    0x4002_4000: "TSC", 0x5004_0000: "ADC", 0x5006_0800: "RNG", 0xA000_0000: "FMC", 0xA000_1000: "QUADSPI",
    0xE004_2000: "DBGMCU",
} | {0x4800_0000 + 0x400 * index: f"GPIO{letter}" for index, letter in enumerate("ABCDEFGHI")}  # fmt: skip
_BLOCK = 0x400


def name_of(address: int) -> str:
    """Peripheral and register at `address`; empty if none is known there."""
    name = _NAMES.get(address & -_BLOCK)
    return f"{name} register 0x{address % _BLOCK:03X}" if name else ""
