/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF object, packed, as tracer.c sees it. */
	.section .rodata
	.globl packed_object, packed_object_end
packed_object:
	.incbin "prog.o.lz4"
packed_object_end:
	.section .note.GNU-stack, "", %progbits
