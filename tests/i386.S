/* A 32-bit program, without any libc, that executes another: i386 FILE [ARG]... The new program gets FILE
 * as argv[0], then ARG... Exit status 111 if the exec failed. */
	.globl _start
_start:
	mov $11, %eax		/* execve(argv[1], argv + 1, NULL) */
	mov 8(%esp), %ebx	/* the stack: argc, argv[0], argv[1] */
	lea 8(%esp), %ecx
	xor %edx, %edx
	int $0x80
	mov $1, %eax		/* exit(111) */
	mov $111, %ebx
	int $0x80
