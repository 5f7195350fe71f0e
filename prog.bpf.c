/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF programs, one text for every kernel from 4.11 up: -mcpu=v1, no loop, no call, no global
 * data, at most 4096 instructions a program (tests/floor_test.c holds the line). Those for 4.8 to 4.10 are in
 * stack.bpf.h. */
#include "bpf/common.bpf.h"
#include "bpf/exec.bpf.h"
#include "bpf/chain.bpf.h"
#include "bpf/variables.bpf.h"
#include "bpf/call.bpf.h"
#include "bpf/thread.bpf.h"
#include "bpf/peek.bpf.h"
#include "bpf/stack.bpf.h"

SEC("license") char gpl[] = "GPL";
