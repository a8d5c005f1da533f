/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hex.h - hex digits, lower case, eight at once
 *
 * Most of a .checksums file is hex digits, so eight of them are one word: a
 * digit in each byte, the first, which is the highest, in the lowest byte.
 */
#ifndef OBJTOOL_HEX_H
#define OBJTOOL_HEX_H

#include <endian.h>
#include <objtool/util.h>

#define HEX_BYTES(byte) ((u64)(byte)*0x0101010101010101U)

/* Digits of nibbles: '0' + n, and 39 more for those from 10 on. */
static inline u64 hex_ascii(u64 nibbles)
{
	u64 letters = (nibbles + HEX_BYTES(6)) >> 4 & HEX_BYTES(1);

	return nibbles + HEX_BYTES('0') + letters * 39;
}

/* Write the 8 digits of @value; returns where they end. */
static inline u8 *hex_put8(u8 *p, u32 value)
{
	u64 x = value;

	x = (x >> 16 | x << 32) & 0x0000ffff0000ffffU;
	x = (x >> 8 | x << 16) & 0x00ff00ff00ff00ffU;
	x = hex_ascii((x >> 4 | x << 8) & HEX_BYTES(15));
	x = htole64(x);
	memcpy(p, &x, sizeof(x));
	return p + sizeof(x);
}

static inline u8 *hex_put16(u8 *p, u64 value)
{
	return hex_put8(hex_put8(p, (u32)(value >> 32)), (u32)value);
}

/* Read 8 digits; false if there are others than lower case ones. */
static inline bool hex_get8(const u8 *p, u32 *value)
{
	u64 digits = get_u64(p);
	u64 x = (digits & HEX_BYTES(15)) + (digits >> 6 & HEX_BYTES(1)) * 9;

	/* Anything but a digit does not come back as itself: 'A' as 'a', 'g' as a byte over 15. */
	if (hex_ascii(x) != digits || x & ~HEX_BYTES(15))
		return false;
	x = (x << 4 | x >> 8) & 0x00ff00ff00ff00ffU;
	x = (x << 8 | x >> 16) & 0x0000ffff0000ffffU;
	*value = (u32)(x << 16 | x >> 32);
	return true;
}

#endif
