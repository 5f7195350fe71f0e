#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Set-up that fails: each failure, made by strace's fault injection, ends in one line that says what was
# tried, what the kernel said and what to do. Usage: errors.sh EXECSNOOP DIRECTORY, as root.
set -u
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT

# refused NAME INJECTION TEXT [OPTION...]: it ends with status 1 and that one line.
refused() {
	name=$1 injection=$2 text=$3
	shift 3
	# shellcheck disable=SC2086 # several options in one word
	strace -f -qq -o "$T/trace" $injection "$X" --source bpf -d 0.1 "$@" >"$T/out" 2>"$T/err"
	status=$?
	if [ $status = 1 ] && ! [ -s "$T/out" ] && [ "$(wc -l <"$T/err")" = 1 ] &&
		grep -q "^execsnoop: cannot .*$text\|^execsnoop: tracefs .*$text" "$T/err"; then
		echo "ok $name"
	else
		echo "# status $status: $(cat "$T/err")"
		echo "not ok $name"
	fi
}

# goes_on NAME INJECTION [OPTION...]: it traces all the same.
goes_on() {
	name=$1 injection=$2
	shift 2
	# shellcheck disable=SC2086
	if $strace -f -qq -o "$T/trace" $injection "$X" --source bpf -d 0.1 "$@" >"$T/out" 2>"$T/err" &&
		! grep -v 'programs cannot be seen here' "$T/err" >"$T/said" &&
		grep -q INJECTED "$T/trace" && grep -q ^PCOMM "$T/out"; then
		echo "ok $name"
	else
		echo "# $(cat "$T/err")"
		echo "not ok $name"
	fi
}

X=$1
PROGRAMS=$2
strace=strace
refused "a kernel without bpf(2)" "-e inject=bpf:error=ENOSYS" 'Function not implemented; .*CONFIG_BPF_SYSCALL'
refused "a container that forbids bpf(2) to root" "-e inject=bpf:error=EPERM" \
	'Operation not permitted; root may not use BPF here: .*seccomp.*lockdown.*RLIMIT_MEMLOCK'
refused "a kernel without perf events" "-e inject=perf_event_open:error=ENOSYS" 'CONFIG_PERF_EVENTS'
refused "perf events that are forbidden" "-e inject=perf_event_open:error=EACCES" 'Permission denied; run it as root'
refused "another tracer on an old kernel's tracepoint" "-e inject=ioctl:error=EEXIST" \
	'File exists; another tracer holds it.*stop the other tracer' -x
refused "no memory for a ring" "-P anon_inode:[perf_event] -e inject=mmap:error=ENOMEM" 'KiB: Out of memory; '
refused "a ring over the limit of locked memory" "-P anon_inode:[perf_event] -e inject=mmap:error=EPERM" 'perf_event_mlock_kb'
# Without raw tracepoints; these can do without tracefs.
old="-e inject=bpf:error=EINVAL:when=2..4"
refused "a kernel that takes no BPF at its tracepoints" "$old -e inject=ioctl:error=EINVAL" 'CONFIG_BPF_EVENTS'
goes_on "a kernel that takes no BPF at its system calls" "-e inject=ioctl:error=EINVAL" -x
refused "tracefs that cannot be read" "$old -e inject=openat:error=EPERM:when=2+" 'locked down'
refused "a kernel without BPF programs at tracepoints" "-e inject=bpf:error=EINVAL:when=2+" \
	'Invalid argument; .*CONFIG_BPF_EVENTS=y'
refused "a kernel that lets no program read its memory" "-e inject=bpf:error=EINVAL:when=3..5" \
	'lets no BPF program do that; .*lockdown=integrity or less'
goes_on "a limit of locked memory that cannot be raised" "-e inject=prlimit64:error=EPERM"

# The second CPU is offline when the tracer starts, as far as it can see, and comes online then. The uid
# keeps what else the machine executes out of the count.
late_cpu() {
	if [ "$(nproc)" -lt 2 ]; then
		echo "ok traces a CPU that comes online, and counts what it missed # skip: one CPU"
		return
	fi
	rm -f "$T/out"
	cp "$PROGRAMS/nothing" "$T/late"
	chmod 755 "$T" "$T/late"
	strace -D -qq -o "$T/trace" -e inject=perf_event_open:error=ENODEV:when=3 \
		"$X" -u 4242 >"$T/out" 2>"$T/err" &
	tracer=$!
	tries=0
	while ! [ -s "$T/out" ] && [ $tries -lt 500 ]; do sleep 0.01; tries=$((tries + 1)); done
	for i in 1 2 3 4 5; do taskset 2 "$PROGRAMS/call" user "$T/late" 4242 early; done
	sleep 1.5
	for i in 1 2 3 4 5 6 7; do taskset 2 "$PROGRAMS/call" user "$T/late" 4242 late; done
	sleep 1.5
	said=$(cat "$T/err")
	kill -INT $tracer
	wait $tracer
	# Others may execute as that user, too.
	lost=$(sed -n 's/^execsnoop: \([0-9]*\) execs* w[a-z]* lost in all$/\1/p' "$T/err")
	if [ "$(grep -c "$T/late late\$" "$T/out")" = 7 ] && ! grep -q early "$T/out" &&
		echo "$said" | grep -q '^execsnoop: lost [1-9][0-9]* execs ' && [ "${lost:-0}" -ge 5 ]; then
		echo "ok traces a CPU that comes online, and counts what it missed"
	else
		sed 's/^/# /' "$T/out" "$T/err"
		echo "not ok traces a CPU that comes online, and counts what it missed"
	fi
}
late_cpu

# A kernel without CONFIG_SYSFS: strace(1) is where /sys is not.
without_sys() { unshare -m sh -c 'umount -l /sys; exec strace "$@"' sh "$@"; }
strace=without_sys
goes_on "a kernel without sysfs" "-e inject=fsopen,mount:error=ENODEV" -x
strace=strace

if grep -q ' /sys/kernel/tracing ' /proc/self/mounts; then
	echo "ok a kernel without tracefs # skip: it is mounted here"
else
	refused "a kernel without tracefs" "$old -e inject=mount,fsopen:error=ENODEV" 'No such device; .*CONFIG_FTRACE'
	goes_on "no tracefs where there are raw tracepoints" "-e inject=mount,fsopen:error=ENODEV" -x
	goes_on "a kernel without fsopen(2)" "-e inject=fsopen:error=ENOSYS" -x
	refused "mounts that are forbidden" "$old -e inject=mount,fsopen:error=EPERM" \
		'Operation not permitted; run it as root'
fi
