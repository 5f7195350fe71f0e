/* SPDX-License-Identifier: GPL-2.0-only */
/* A 32-bit program, without any libc, that executes another: exec32 FILE [ARG]... The new program gets FILE
 * as argv[0], then ARG... Exit status 111 if the exec failed. Without FILE the exec does fail, its argument list is in
 * memory that is not there yet, and it waits for 0.3 s then. For the kernels of amd64, arm64 and mips64el. */
	.globl _start
#ifdef __mips__
	.globl __start
	.set noreorder
__start:
#endif
_start:
/* The stack: argc, argv[0], argv[1]. execve(argv[1], argv + 1, NULL); exit(111) */
#if defined(__i386__)
	cmpl $1, (%esp)
	je wait
	mov $11, %eax
	mov 8(%esp), %ebx
	lea 8(%esp), %ecx
	xor %edx, %edx
	int $0x80
end:
	mov $1, %eax
	mov $111, %ebx
	int $0x80
wait:
	mov $11, %eax
	mov $name, %ebx
	mov $list, %ecx
	xor %edx, %edx
	int $0x80
	mov $162, %eax
	mov $time, %ebx
	xor %ecx, %ecx
	int $0x80
	jmp end
#elif defined(__arm__)
	ldr r0, [sp]
	cmp r0, #1
	beq wait
	mov r7, #11
	ldr r0, [sp, #8]
	add r1, sp, #8
	mov r2, #0
	svc #0
end:
	mov r7, #1
	mov r0, #111
	svc #0
wait:
	mov r7, #11
	ldr r0, =name
	ldr r1, =list
	mov r2, #0
	svc #0
	mov r7, #162
	ldr r0, =time
	mov r1, #0
	svc #0
	b end
#elif defined(__mips__)
	lw $t0, 0($sp)
	li $t1, 1
	beq $t0, $t1, wait
	nop
	li $v0, 4011
	lw $a0, 8($sp)
	addiu $a1, $sp, 8
	move $a2, $zero
	syscall
end:
	li $v0, 4001
	li $a0, 111
	syscall
wait:
	li $v0, 4011
	lui $a0, %hi(name)
	addiu $a0, $a0, %lo(name)
	lui $a1, %hi(list)
	addiu $a1, $a1, %lo(list)
	move $a2, $zero
	syscall
	li $v0, 4166
	lui $a0, %hi(time)
	addiu $a0, $a0, %lo(time)
	move $a1, $zero
	syscall
	b end
	nop
#endif
/* execve(name, list, NULL), nanosleep(time, NULL) */
	.section .rodata
name:
	.asciz "/nowhere/32-bit"
one:
	.asciz "a b"
	.balign 4
time:
	.long 0, 300000000
	.data
	.balign 65536 /* a page of its own, which nobody has touched */
list:
	.long name, one, one, 0
	.ascii "not an argument"
	.section .note.GNU-stack, "", %progbits
