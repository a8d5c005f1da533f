# SPDX-License-Identifier: GPL-2.0-or-later
# Instructions, branches and parts of a function. Bytes are given, so that any assembler agrees.
	.file	"code.c"
	.globl	__fentry__, elsewhere

	.text
	.globl	before
	.type	before, @function
before:
	.byte	0xc3
	.size	before, . - before
	.p2align 4, 0xcc

	.type	__cfi_code, @function
__cfi_code:
	.byte	0xb8, 0x12, 0x34, 0x56, 0x78	# mov $hash, %eax
	.byte	0x90, 0x90, 0x90		# room for patching
	.size	__cfi_code, . - __cfi_code
	.globl	code
	.type	code, @function
code:
	.byte	0xe8				# 0: call __fentry__, by relocation
	.reloc	., R_X86_64_PLT32, __fentry__ - 4
	.long	0
	.byte	0xe8				# 1: call before, resolved by the assembler
	.long	before - . - 4
	.byte	0x85, 0xff			# 2: test %edi, %edi
	.byte	0x74, loop - . - 2 + 1		# 3: je loop, short
	.byte	0x0f, 0x84			# 4: je loop, near
	.long	loop - . - 4
	.byte	0xe9				# 5: jmp code.cold + 1
	.reloc	., R_X86_64_PC32, .text.unlikely + 1 - 4
	.long	0
	.byte	0x90				# 6: an instruction, for nothing comes here
	.byte	0xc3				# 7
	.p2align 4				# filler: no instruction
loop:
	.byte	0xff, 0xc7			# 8: inc %edi
	.byte	0x2e, 0xeb, code - . - 2 + 1	# 9: cs jmp code
	.byte	0x06				# 10: no instruction of 64-bit mode
	.byte	0xe2, loop - . - 2 + 1		# 11: loop loop
	.byte	0xe9				# 12: jmp elsewhere
	.reloc	., R_X86_64_PLT32, elsewhere - 4
	.long	0
	.size	code, . - code
	.zero	3, 0xcc

	.section .text.unlikely, "ax", @progbits
	.type	code.cold, @function
code.cold:
	.byte	0xcc				# 0
	.byte	0x0f, 0x0b			# 1: ud2
	.byte	0xe9				# 2: jmp loop
	.reloc	., R_X86_64_PC32, loop - 4
	.long	0
	.size	code.cold, . - code.cold

	.section .init.text, "ax", @progbits
	.globl	setup
	.globl	setup_alias
	.type	setup, @function
	.type	setup_alias, @function
setup:
setup_alias:
	.byte	0xe9				# jmp code + 5
	.reloc	., R_X86_64_PC32, code + 5 - 4
	.long	0
	.size	setup, . - setup
	.size	setup_alias, . - setup_alias
