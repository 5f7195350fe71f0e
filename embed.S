/* The BPF object, as main.c sees it. */
	.section .rodata
	.balign 8
	.globl prog_object, prog_object_end
prog_object:
	.incbin "prog.o"
prog_object_end:
	.section .note.GNU-stack, "", %progbits
