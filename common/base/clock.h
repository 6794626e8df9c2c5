/* The two clocks. Tests may link another clock.c in front of the archive. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

int64_t clock_wall_us(void); /* microseconds since 1970, may jump */
int64_t clock_steady_us(void);
int64_t clock_steady_ms(void); /* milliseconds since some start, never back */
int64_t clock_steady_us(void); /* the same in microseconds */

#endif
