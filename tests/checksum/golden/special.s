# SPDX-License-Identifier: GPL-2.0-or-later
# Entries of special sections, as a 6.1 kernel has them. Bytes are given, so that any assembler agrees.
	.file	"special.c"
	.globl	__fentry__, original, replacement, key, __SCT__call, __SCK__call, pv_ops

	.section .rodata.str1.1, "aMS", @progbits, 1
.Lfile:	.string	"drivers/special.c"

	.text
	.globl	special
	.type	special, @function
special:
1:	.byte	0xe8				# 0: call __fentry__
	.reloc	., R_X86_64_PLT32, __fentry__ - 4
	.long	0
	.section __mcount_loc, "a"
	.quad	1b
	.text
1:	.byte	0x0f, 0x1f, 0x44, 0, 0		# 1: static branch, not marked
	.section __jump_table, "aw"
	.long	1b - ., 2f - .
	.quad	key + 1 - .
	.text
1:	.byte	0xeb, 2f - . - 2 + 1		# 2: static branch, a jump to be made a nop
	.section __jump_table, "aw"
	.long	1b - ., 2f - .
	.quad	key + 2 - .
	.text
1:	.byte	0xe8				# 3: alternative
	.reloc	., R_X86_64_PLT32, original - 4
	.long	0
	.section .altinstr_replacement, "ax"
3:	.byte	0xe8
	.reloc	., R_X86_64_PLT32, replacement - 4
	.long	0
	.section .altinstructions, "a"
	.long	1b - ., 3b - .
	.short	0x0123				# feature
	.byte	5, 5				# lengths
	.text
1:	.byte	0x8b, 0x07			# 4: mov (%rdi), %eax
	.section __ex_table, "a"
	.long	1b - ., 2f - ., 0x0012
	.text
1:	.byte	0x0f, 0x0b			# 5: ud2
	.section __bug_table, "aw"
	.long	1b - ., .Lfile - .
	.short	42, 0x0901			# line, flags
	.text
1:	.byte	0xe8				# 6: static call
	.reloc	., R_X86_64_PLT32, __SCT__call - 4
	.long	0
	.section .static_call_sites, "aw"
	.long	1b - ., __SCK__call - .
	.text
2:
1:	.byte	0xf0, 0xff, 0x07		# 7: lock incl (%rdi)
	.section .smp_locks, "a"
	.balign	4
	.long	1b - .
	.text
1:	.byte	0xff, 0x15			# 8: call *pv_ops + 8(%rip), which is patched
	.reloc	., R_X86_64_PC32, pv_ops + 8 - 4
	.long	0
	.section .parainstructions, "a"
	.balign	8
	.quad	1b
	.byte	7, 6				# type, length
	.zero	6
	.text
	.byte	0xbe, 0x12, 0, 0, 0		# 9: mov $18, %esi
	.byte	0x48, 0xc7, 0xc7		# 10: mov $.Lfile, %rdi
	.reloc	., R_X86_64_32S, .Lfile
	.long	0
	.byte	0xe8				# 11: call original(__FILE__, __LINE__)
	.reloc	., R_X86_64_PLT32, original - 4
	.long	0
	.byte	0xc3				# 12
	.size	special, . - special

1:	.byte	0x90, 0x90, 0x90, 0x90, 0x90	# room before a function
	.globl	patched
	.type	patched, @function
patched:
	.byte	0xc3
	.size	patched, . - patched
	.section __patchable_function_entries, "awo", @progbits, .text
	.quad	1b
