# SPDX-License-Identifier: GPL-2.0-or-later
# Data objects, and what belongs to none: the rest of its section class.
	.file	"data.c"
	.globl	handler, other

	.section .rodata.str1.1, "aMS", @progbits, 1
.Lused:	.string	"used"
	.string	"unused"
	.string	"and this"

	.section .data.ops, "aw"		# as of -fdata-sections
	.globl	ops
	.globl	longer_alias
	.type	ops, @object
	.type	longer_alias, @object
ops:
longer_alias:
	.long	7, 0
	.quad	handler + 1
	.quad	.Lused + 1
	.long	other - .
	.long	0
	.size	ops, . - ops
	.size	longer_alias, . - longer_alias

	.bss
	.globl	zeros
	.type	zeros, @object
zeros:	.zero	16
	.size	zeros, 16

	.comm	shared, 32, 8

	.section .initcall6.init, "a"
	.quad	handler

	.data
	.long	1				# without a name
	.zero	12
	.type	named.7, @object
named.7:
	.byte	2
	.size	named.7, 1
	.zero	7

	.section .discard.unreachable, "a"
	.long	3
