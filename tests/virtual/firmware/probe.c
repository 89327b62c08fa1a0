/* A small program that answers single-character commands over the UART, to try the virtual board with. */
typedef unsigned int u32;
#define REG(address) (*(volatile u32 *)(address))

extern u32 stack_top;
void reset(void);
void hang(void) { for (;;) __asm volatile(""); }

__attribute__((section(".vectors"), used)) void *const vectors[16] = {&stack_top, reset, hang, hang, hang, hang, hang};

#define UART 0x40002000u
#define TIMER 0x40008000u
#define NVMC 0x4001E000u

static void put(char c)
{
    REG(UART + 0x11C) = 0;
    REG(UART + 0x51C) = (u32)c;
    while (!REG(UART + 0x11C)) {}
}

static char get(void)
{
    while (!REG(UART + 0x108)) {}
    REG(UART + 0x108) = 0;
    return (char)REG(UART + 0x518);
}

static void put_number(u32 value)
{
    for (int shift = 28; shift >= 0; shift -= 4) put("0123456789abcdef"[value >> shift & 15]);
    put('\n');
}

static void put_line(const char *text)
{
    while (*text) put(*text++);
    put('\n');
}

static u32 ticks(void)
{
#ifdef CORTEX_M4
    return REG(0xE0001004u);
#else
    REG(TIMER + 0x40) = 1;
    return REG(TIMER + 0x540);
#endif
}

/* n times: subs (1), bne taken (3), so 4n - 2 cycles with the last bne falling through. */
__attribute__((noinline, aligned(4))) static void spin(u32 n)
{
    __asm volatile(".p2align 2\n1: subs %0, #1\n bne 1b\n" : "+l"(n) : : "cc");
}

__attribute__((noinline)) static u32 timed_spin(u32 n)
{
    u32 start = ticks();
    spin(n);
    return ticks() - start;
}

__attribute__((noinline)) static u32 overflow(u32 depth)
{
    volatile u32 filler[64];
    filler[0] = depth;
    return overflow(depth + 1) + filler[0];
}

__attribute__((noinline)) static void divide(void)
{
    __asm volatile(".short 0xfbb0, 0xf0f1\n");
}

/* Instructions of ARMv7-M alone. */
__attribute__((noinline)) static void compare_and_branch(void)
{
    __asm volatile("movs r0, #1\n movs r1, #2\n .short 0xb100\n" : : : "r0", "r1"); /* cbz r0 */
}

__attribute__((noinline)) static void if_then(void)
{
    __asm volatile("movs r0, #1\n cmp r0, #1\n .short 0xbf08, 0x3001\n" : : : "r0", "cc"); /* it eq; addeq r0, #1 */
}

__attribute__((noinline)) static void read_basepri(void)
{
    __asm volatile(".short 0xf3ef, 0x8011\n" : : : "r0"); /* mrs r0, basepri */
}

__attribute__((noinline)) static void write_faultmask(void)
{
    __asm volatile("movs r0, #0\n .short 0xf380, 0x8813\n" : : : "r0"); /* msr faultmask, r0 */
}

#ifdef CORTEX_M4
/* Accesses at an address that must be a multiple of 4. */
__attribute__((noinline)) static void load_multiple(u32 at)
{
    __asm volatile("nop\n ldm %0!, {r1, r2}\n ldr %0, [sp]\n" : "+l"(at) : : "r1", "r2");
}

__attribute__((noinline)) static void store_multiple_late(u32 at) /* the base comes about just before */
{
    __asm volatile("eor r3, %0, #0\n stm r3, {r1, r2}\n nop\n" : : "r"(at) : "r3", "memory");
}

__attribute__((noinline)) static void load_double_late_and_lost(u32 at) /* and is gone with it */
{
    __asm volatile("eor r3, %0, #0\n ldrd r2, r3, [r3, #8]\n" : : "r"(at) : "r2", "r3");
}

__attribute__((noinline)) static void store_double_if(u32 at, u32 wanted)
{
    __asm volatile("cmp %1, #1\n it eq\n strdeq r2, r3, [%0]\n" : : "r"(at), "r"(wanted) : "cc", "memory");
}

__attribute__((noinline)) static void load_exclusive(u32 at)
{
    __asm volatile("ldrex r1, [%0]\n" : : "r"(at) : "r1");
}

__attribute__((noinline)) static void load_float(u32 at)
{
    REG(0xE000ED88u) |= 0xFu << 20;
    __asm volatile("dsb\n isb\n .short 0xed90, 0x0a01\n" : : "r"(at)); /* vldr s0, [r0, #4] */
}

#define BUFFER 0x20000200u

static void strict_access(u32 at)
{
    switch (get()) {
    case 'l': load_multiple(at); break;
    case 's': store_multiple_late(at); break;
    case 'd': load_double_late_and_lost(at); break;
    case 'c': store_double_if(at, 1); break;
    case 'n': store_double_if(at, 0); break;
    case 'x': load_exclusive(at); break;
    case 'v': load_float(at); break;
    }
    put_line("ran");
}
#endif

static void write_flash(u32 address, u32 enable, u32 value)
{
    REG(NVMC + 0x504) = enable;
    *(volatile u32 *)address = value;
    while (!REG(NVMC + 0x400)) {}
    REG(NVMC + 0x504) = 0;
}

static void erase_page(u32 address, u32 enable)
{
    REG(NVMC + 0x504) = enable;
    REG(NVMC + 0x508) = address;
    REG(NVMC + 0x504) = 0;
}

#define SCRATCH 0x0003F000u

static void command(char c)
{
    switch (c) {
    case 't': put_number(ticks()); break;
    case '1': put_number(timed_spin(1000)); break;
    case '2': put_number(timed_spin(3000)); break;
    case '3': put_number(timed_spin(5000000)); break;
    case 'u': divide(); put_line("udiv ran"); break;
    case 'd': __asm volatile(".short 0xde00\n"); break;
    case '(': compare_and_branch(); put_line("ran"); break;
    case ')': if_then(); put_line("ran"); break;
    case '<': read_basepri(); put_line("ran"); break;
    case '>': write_faultmask(); put_line("ran"); break;
    case 'b': __asm volatile("bkpt #0\n"); break;
    case 'a': REG(0x20000101u) = 1; put_line("unaligned ran"); break;
#ifdef CORTEX_M4
    case '=': strict_access(BUFFER); break;
    case '#': strict_access(BUFFER + 2); break;
#endif
    case 's': put_number(overflow(0)); break;
    case 'r': put_number(REG(0x40011504u)); break;
    case 'R': put_number(REG(UART + 0x7F0)); break;
    case 'm': put_number(REG(0x30000000u)); break;
    case 'w': *(volatile u32 *)SCRATCH = 1; put_line("written"); break;
    case 'f':
        erase_page(SCRATCH, 0); /* not enabled: ignored */
        erase_page(SCRATCH, 2);
        put_number(REG(SCRATCH));
        write_flash(SCRATCH, 1, 0xFFFF00FFu);
        write_flash(SCRATCH, 1, 0x00FFFFFFu); /* only clears bits */
        put_number(REG(SCRATCH));
        erase_page(SCRATCH, 0);
        put_number(REG(SCRATCH));
        erase_page(SCRATCH, 2);
        put_number(REG(SCRATCH));
        break;
    case 'i': put_number(REG(0x10000014u)); put_number(REG(0x10000010u)); break;
    case 'S': REG(0xE000ED0Cu) = 0x05FA0004u; for (;;) {} break;
    case 'z': __asm volatile("wfi\n"); put_line("awake"); break;
    default: put(c);
    }
}

void reset(void)
{
    REG(0x40000000u) = 1;
    while (!REG(0x40000100u)) {}
    REG(UART + 0x50C) = 9;
    REG(UART + 0x514) = 11;
    REG(UART + 0x524) = 0x01D7E000u;
    REG(UART + 0x500) = 4;
    REG(UART + 0x000) = 1;
    REG(UART + 0x008) = 1;
    REG(TIMER + 0x508) = 3;
    REG(TIMER + 0x510) = 0;
    REG(TIMER + 0x00C) = 1;
    REG(TIMER + 0x000) = 1;
#ifdef CORTEX_M4
    REG(0xE000EDFCu) |= 1u << 24;
    REG(0xE0001000u) = 1;
    REG(0xE0001004u) = 0;
#endif
    put_line("hello");
    for (;;) command(get());
}
