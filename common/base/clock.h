/* The two clocks. Tests can link another clock.c in front of the archive. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

int64_t clock_wall_us(void);   /* microseconds since 1970; can jump */
int64_t clock_steady_ms(void); /* milliseconds of a clock that never jumps */
int64_t clock_steady_us(void); /* microseconds of the steady clock */

#endif
