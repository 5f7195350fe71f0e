#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The end-to-end tests with AddressSanitizer and UndefinedBehaviorSanitizer. Usage: sanitized.sh EXECSNOOP DIRECTORY, as root.
# An error makes the tracer end with a message, so the case fails. Leaks are not looked for: what set-up makes stays until the end.
export ASAN_OPTIONS=detect_leaks=0:symbolize=0
# What counts memory, wants a static program, or knows the words of musl's messages.
export UNSUITED='gives back the memory|in a chroot|refuses bad options|waits for no reader|--check says|gives up what|a file system is full|prints its version|process_vm_readv'
for suite in e2e ways calls many output filter names follow who paths exits timeline sources told; do
	sh "tests/$suite.sh" "$1" "$2" | sed 's/^\(ok\|not ok\) /\1 sanitized: /'
done
