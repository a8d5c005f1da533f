# SPDX-License-Identifier: GPL-2.0-or-later
# References: what points at what, and how it is named. Bytes are given, so that any assembler agrees.
	.file	"refs.c"
	.globl	imported, percpu

	.section .rodata.str1.1, "aMS", @progbits, 1
.Lhello:
	.string	"hello"

	.section .rodata.cst16, "aM", @progbits, 16
.Lconstant:
	.quad	0x1122334455667788, 0x99aabbccddeeff00

	.section .rodata, "a", @progbits
	.balign	8
.Ltable:				# 16 bytes without a name: .Lnext is the next thing referred to
	.long	0x12345678, 0
	.reloc	., R_X86_64_64, refs + 3	# inside itself
	.quad	0
.Lnext:					# 9 bytes; the zeros behind may be alignment
	.reloc	., R_X86_64_64, .Lhello
	.quad	0
	.byte	5
	.zero	7

	.data
	.type	x.12, @object
x.12:	.long	1
	.size	x.12, 4
	.globl	array
	.type	array, @object
array:	.quad	1, 2, 3
	.size	array, 24

	.bss
	.type	__key.5, @object
__key.5:
	.size	__key.5, 0
	.zero	4

	.text
	.type	helper.isra.0, @function
helper.isra.0:
	.byte	0x90, 0xc3
	.size	helper.isra.0, . - helper.isra.0

	.globl	refs
	.type	refs, @function
refs:
	.byte	0x48, 0xc7, 0xc7		# mov $.Lhello + 2, %rdi
	.reloc	., R_X86_64_32S, .Lhello + 2
	.long	0
	.byte	0x48, 0x8b, 0x05		# mov .Lconstant + 8(%rip), %rax
	.reloc	., R_X86_64_PC32, .Lconstant + 8 - 4
	.long	0
	.byte	0xc7, 0x05			# movl $array, array + 8(%rip)
	.reloc	., R_X86_64_PC32, array + 8 - 8
	.long	0
	.reloc	., R_X86_64_32, array
	.long	0
	.byte	0x65, 0x48, 0x8b, 0x04, 0x25	# mov %gs:percpu + 16, %rax
	.reloc	., R_X86_64_32S, percpu + 16
	.long	0
	.byte	0x48, 0x8b, 0x05		# mov imported@GOTPCREL(%rip), %rax
	.reloc	., R_X86_64_REX_GOTPCRELX, imported - 4
	.long	0
	.byte	0x48, 0x8d, 0x05		# lea .Ltable(%rip), %rax
	.reloc	., R_X86_64_PC32, .rodata - 4
	.long	0
	.byte	0x48, 0x8b, 0x04, 0xc5		# mov .Lnext(,%rax,8), %rax
	.reloc	., R_X86_64_32S, .Lnext
	.long	0
	.byte	0x48, 0xc7, 0xc0		# mov $helper + 1, %rax
	.reloc	., R_X86_64_32S, .text + 1
	.long	0
	.byte	0x48, 0x8d, 0x3d		# lea refs(%rip), %rdi, with no relocation
	.long	refs - . - 4
	.byte	0x8b, 0x05			# mov x.12(%rip), %eax
	.reloc	., R_X86_64_PC32, .data - 4
	.long	0
	.byte	0x48, 0xb8			# movabs $array + 24, %rax
	.reloc	., R_X86_64_64, array + 24
	.quad	0
	.byte	0x48, 0xc7, 0xc2		# mov $__key.5, %rdx
	.reloc	., R_X86_64_32S, __key.5
	.long	0
	.byte	0x68				# push $sizeof(imported)
	.reloc	., R_X86_64_SIZE32, imported + 1
	.long	0
	.byte	0xe8				# call helper.isra.0
	.reloc	., R_X86_64_PLT32, helper.isra.0 - 4
	.long	0
	.byte	0xc3
	.size	refs, . - refs
