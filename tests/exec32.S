/* A 32-bit program, without any libc, that executes another: exec32 FILE [ARG]... The new program gets FILE
 * as argv[0], then ARG... Exit status 111 if the exec failed. For the kernels of amd64, arm64 and mips64el. */
	.globl _start
#ifdef __mips__
	.globl __start
	.set noreorder
__start:
#endif
_start:
/* The stack: argc, argv[0], argv[1]. execve(argv[1], argv + 1, NULL); exit(111) */
#if defined(__i386__)
	mov $11, %eax
	mov 8(%esp), %ebx
	lea 8(%esp), %ecx
	xor %edx, %edx
	int $0x80
	mov $1, %eax
	mov $111, %ebx
	int $0x80
#elif defined(__arm__)
	mov r7, #11
	ldr r0, [sp, #8]
	add r1, sp, #8
	mov r2, #0
	svc #0
	mov r7, #1
	mov r0, #111
	svc #0
#elif defined(__mips__)
	li $v0, 4011
	lw $a0, 8($sp)
	addiu $a1, $sp, 8
	move $a2, $zero
	syscall
	li $v0, 4001
	li $a0, 111
	syscall
#endif
	.section .note.GNU-stack, "", %progbits
