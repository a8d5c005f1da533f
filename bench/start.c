// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * start.c - the smallest program that uses libelf
 *
 * What it takes to start and end is the floor for objtool on a small object.
 */
#include <libelf.h>

int main(void)
{
	return elf_version(EV_CURRENT) == EV_NONE;
}
