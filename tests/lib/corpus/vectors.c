// SPDX-License-Identifier: GPL-2.0-or-later
/* vectors.c - constant pools: floating point and vectors, which have no names */
#include "kernel.h"

typedef int v4 __attribute__((vector_size(16)));
typedef unsigned char v16 __attribute__((vector_size(16)));
typedef int v8 __attribute__((vector_size(32)));

double scale_double(double x)
{
	return x * 3.25 + 17.125;
}

double pick_double(int which)
{
	return which == 1 ? 0.5 : which == 2 ? 2.75 : which == 3 ? -11.5 : 1e10;
}

float scale_float(float x)
{
	return x / 3.5f - 0.1f;
}

float clamp_float(float x)
{
	return x < 2.5f ? 2.5f : x > 900.0f ? 900.0f : x * 1.5f;
}

double absolute(double x)
{
	return __builtin_fabs(x) - 4.5;
}

void shift(v4 *p)
{
	*p = (*p + (v4){1, 20, 300, 4000}) ^ (v4) { 7, 7, 9, 9 };
}

void shift_again(v4 *p)
{
	*p = *p * (v4){3, 5, 11, 13};
}

void spread(v16 *p)
{
	*p ^= (v16){15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 77};
}

void wide(v8 *p)
{
	*p += (v8){1, 2, 3, 4, 50, 60, 70, 80};
}

double polynomial(double x)
{
	static const double coefficients[] = {1.5, -2.25, 3.125, 0.0625};
	double sum = 0;

	for (u32 i = 0; i < ARRAY_SIZE(coefficients); i++)
		sum = sum * x + coefficients[i];
	return sum;
}

void fill(u64 *p)
{
	static const u64 pattern[8] = {1, 0x11, 0x111, 0x1111, 5, 6, 7, 8};

	for (u32 i = 0; i < 8; i++)
		p[i] = pattern[i];
}

/* An initialised local: copied from a constant that only it uses. */
u64 local_copy(u32 i)
{
	u64 table[12] = {31, 41, 59, 26, 53, 58, 97, 93, 23, 84, 62, 64};

	__asm__ volatile("" : : "r"(table) : "memory");
	return table[i % 12];
}
