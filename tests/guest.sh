#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What a kernel can be like, and needs a machine of one's own to be made so: CPUs that go, the JIT, mounts, limits,
# lockdown. Usage: guest.sh EXECSNOOP DIRECTORY, as root, in a guest.
. "$(dirname "$0")/harness.sh"
C=$PROGRAMS/call

both() {
	"$D/prog" one two
	"$C" execve "$D/missing" 'a b' 2>/dev/null
}

shows_one() { shows 1 "^prog  *[0-9][0-9]*  *$$  *0 $D/prog one two\$"; }

shows_both() {
	shows_one
	shows 1 "^call  *[0-9]*  *$$  *-2 $D/missing a b\$"
}

# as COMMAND...: X is what the command makes of it.
as() {
	printf '#!/bin/sh\nexec %s "$@"\n' "$*" >"$D/as"
	chmod 755 "$T" "$D" "$D/as"
	real=$X X=$D/as
}

# refuses TEXT OPTION...: one line with the text, status 1.
refuses() {
	text=$1
	shift
	"$X" --source bpf -d 1 "$@" >"$out" 2>"$err"
	status=$?
	[ $status = 1 ] || fail "$*: exit status $status, not 1"
	has "$err" "$text"
	[ "$(wc -l <"$err")" = 1 ] || fail "more than one line: $(cat "$err")"
}

layout() {
	[ -r /sys/kernel/btf/vmlinux ] || { skipped="this kernel has no BTF"; return; }
	"$PROGRAMS/btf" >"$D/btf" || fail "exit status $?"
	"$PROGRAMS/layout_live" >"$D/learned" || fail "exit status $?"
	cmp -s "$D/btf" "$D/learned" || fail "$(diff "$D/btf" "$D/learned")"
	[ "$(wc -l <"$D/btf")" = 42 ] || fail "$(cat "$D/btf")"
}

works() {
	traced both -x
	shows_both
}

# Some kernels have helpers that the interpreter cannot call, one has a JIT that cannot compile large programs.
jit() {
	file=/proc/sys/net/core/bpf_jit_enable
	before=$(cat $file)
	for value in 0 1; do
		if ! echo $value 2>/dev/null >$file; then
			skipped="the JIT is always $before"
			continue
		fi
		case $(uname -m)-$value in
		riscv64-0 | loongarch64-0)
			refuses '^execsnoop: cannot load .* JIT compiler alone; echo 1 >/proc/sys/net/core/bpf_jit_enable$'
			;;
		armv6l-1)
			refuses '^execsnoop: cannot load .* JIT compiler cannot compile it; echo 0 >/proc/sys/net/core/bpf_jit_enable$'
			;;
		*) works ;;
		esac
	done
	echo "$before" >$file
}

cpus() {
	cpu=/sys/devices/system/cpu/cpu1/online
	[ -f $cpu ] || { skipped="one CPU"; return; }
	echo 0 >$cpu
	start "$@"
	"$D/prog" early
	echo 1 >$cpu
	sleep 2
	i=0
	while [ $i -lt 10 ]; do taskset 2 "$D/prog" late; i=$((i + 1)); done
	echo 0 >$cpu
	"$D/prog" last
	sleep 2
	echo 1 >$cpu
	stop
	shows 1 "  0 $D/prog early\$"
	shows 10 "  0 $D/prog late\$"
	shows 1 "  0 $D/prog last\$"
}

# Away so shortly that nobody saw it, as while the machine was suspended: the ring is deaf until it is opened again.
quick() {
	cpu=/sys/devices/system/cpu/cpu1/online
	[ -f $cpu ] || { skipped="one CPU"; return; }
	start -x
	taskset 2 "$D/prog" early
	sleep 1.2
	echo 0 >$cpu
	echo 1 >$cpu
	# The first that it reports goes nowhere, and says so.
	taskset 2 "$D/prog" unheard
	sleep 2.5
	i=0
	while [ $i -lt 10 ]; do taskset 2 "$D/prog" late; i=$((i + 1)); done
	taskset 2 "$C" execve "$D/missing" late 2>/dev/null
	stop
	shows 1 "  0 $D/prog early\$"
	shows 10 "  0 $D/prog late\$"
	shows 1 " -2 $D/missing late\$"
	has "$err" '^execsnoop: [1-9][0-9]* execs* w[a-z]* lost in all$'
}

# Without BPF, arguments are surely read of what lives.
cpus_by_perf() {
	cp "$PROGRAMS/live" "$D/prog"
	cpus --source perf
}

# Without BPF nobody says that a ring is deaf.
quick_by_perf() {
	cpu=/sys/devices/system/cpu/cpu1/online
	[ -f $cpu ] || { skipped="one CPU"; return; }
	cp "$PROGRAMS/live" "$D/prog"
	start --source perf
	taskset 2 "$D/prog" early
	sleep 1.2
	echo 0 >$cpu
	echo 1 >$cpu
	sleep 2.5
	i=0
	while [ $i -lt 10 ]; do taskset 2 "$D/prog" late; i=$((i + 1)); done
	stop
	shows 1 "  0 $D/prog early\$"
	shows 10 "  0 $D/prog late\$"
}

# What is shown, and what is said to be lost, are all that a storm of 401 executed, shown nearly all.
busy_bpf_user() {
	cp "$PROGRAMS/storm" "$D/storm"
	chmod 755 "$T" "$D"
	"$PROGRAMS/busy" 120 &
	busy=$!
	sleep 0.5
	start -u 4242
	"$C" user "$D/storm" 4242 vfork 4 "$(few 500)" "$D/prog"
	sleep 1.2
	# shellcheck disable=SC2046 # numbers
	kill $(ps | awk '$0 ~ /programs\/busy/ { print $1 }') "$busy" 2>/dev/null
	stop
	n=$(grep -c "  0 $D/" "$out")
	lost=$(sed -n 's/^execsnoop: \([0-9]*\) execs* w[a-z]* lost in all$/\1/p' "$err")
	all=$((4 * $(few 500) + 1))
	[ $((n + ${lost:-0})) -ge $all ] && [ $((n * 100)) -ge $((all * 95)) ] || fail "$n shown, ${lost:-0} lost, of $all"
}

# Two at once, and each tells scripts from programs.
two_tracers() {
	printf '#!%s opt\n' "$D/prog" >"$D/script"
	chmod 755 "$D/script"
	"$X" -J >"$D/other" 2>"$D/other_err" &
	other=$!
	tries=0
	while ! grep -q 'NAME' "$D/other" && [ $tries -lt 50 ]; do "$D/prog" NAME; sleep 0.2; tries=$((tries + 1)); done
	start -J
	i=0
	while [ $i -lt 20 ]; do "$D/script" s$i; "$D/prog" p$i; i=$((i + 1)); done
	sleep 0.3
	kill -INT $other
	wait $other
	stop
	for file in "$out" "$D/other"; do
		is_script=$(grep -c "\"filename\":\"$D/script\".*\"interp\":\"$D/prog\"" "$file")
		no_script=$(grep "\"filename\":\"$D/prog\".*\"p[0-9]" "$file" | grep -vc interp)
		[ "$is_script $no_script" = '20 20' ] || fail "${file##*/}: $is_script scripts, $no_script programs: $(tail -n 2 "$file")"
	done
}

mounts() {
	as unshare -m sh -c "'$1; exec $X \"\$@\"'" x
	traced both -x
	shows_both
	X=$real
}

# As without CONFIG_FTRACE_SYSCALLS: by kprobes.
no_call_tracepoints() {
	mkdir "$D/empty"
	mounts "mount -t tracefs t /sys/kernel/tracing; mount --bind $D/empty /sys/kernel/tracing/events/syscalls"
}

debugfs_alone() { mounts "mount -t debugfs debugfs /sys/kernel/debug"; }
no_proc() { mounts "umount -l /proc"; }
no_sys() { mounts "umount -l /sys"; }
neither() { mounts "umount -l /sys /proc /dev"; }

# CAP_PERFMON 38, CAP_BPF 39
bpf_and_perfmon() {
	since 5 8 || { skipped="before Linux 5.8 there are no such capabilities"; return; }
	# Linux has no 3: there Debian and others want CAP_SYS_ADMIN.
	paranoid=$(cat /proc/sys/kernel/perf_event_paranoid)
	[ "$paranoid" -le 2 ] || echo 2 >/proc/sys/kernel/perf_event_paranoid
	as "$C" confined "$X" 4242 c000000000 65536
	start
	both
	stop
	X=$real
	echo "$paranoid" >/proc/sys/kernel/perf_event_paranoid
	[ "$status" = 0 ] || fail "exit status $status"
	# Less memory may be locked; and from Linux 7.0 on tracefs, which is closed to it, is wanted.
	said=$(grep -v "$USUAL\|^execsnoop: warning: rings of [0-9]* KiB a CPU, not .*CAP_IPC_LOCK\$" "$err" |
		grep -v "^execsnoop: warning: execs may be lost in a storm: .*tracefs")
	[ -z "$said" ] || fail "standard error: $said"
	shows_one
}

# All capabilities but CAP_SYS_RESOURCE, 24.
little_locked_memory() {
	as "$C" confined "$X" 0 fffffffffeffffff 64
	if since 5 11; then
		works # it counts no more
	else
		refuses 'cannot .*: Operation not permitted; .*ulimit -l'
	fi
	X=$real
}

nobody() {
	as "$C" confined "$X" 65534 0 65536
	refuses '^execsnoop: .*: Operation not permitted; run it as root'
	X=$real
}

memory() {
	"$X" --check --verbose >"$out" 2>"$err" || fail "exit status $?"
	resident=$(sed -n 's/^memory .* \([0-9]*\) resident$/\1/p' "$out")
	rings=$(sed -n 's/^memory .*KiB: \([0-9]*\) rings.*/\1/p' "$out")
	total=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
	most=1024
	[ "$("$C" page-size x)" -lt 65536 ] || most=1152
	[ "$resident" -le $most ] || fail "$resident KiB are resident"
	[ "$rings" -le $((total / 64)) ] || fail "rings of $rings KiB in a memory of $total"
}

# The process that does it may make just the system calls of this architecture's libc.
new_files() {
	mkdir "$D/dir"
	rm -f "$out"
	"$X" -o "$D/dir/file" --max-size 4K 2>"$err" &
	tracer=$!
	tries=0
	until [ -s "$D/dir/file" ] || [ $tries -ge 500 ]; do nap; tries=$((tries + 1)); done
	tries=0
	until [ -s "$D/dir/file.1" ] || [ $tries -ge 200 ]; do "$D/prog" a long argument to fill the file; tries=$((tries + 1)); done
	[ -s "$D/dir/file.1" ] || fail "the file is not rotated"
	mv "$D/dir/file" "$D/dir/old"
	kill -HUP $tracer
	tries=0
	until [ -s "$D/dir/file" ] || [ $tries -ge 500 ]; do nap; tries=$((tries + 1)); done
	has "$D/dir/file" '^PCOMM '
	stop
	is $status 0
	quiet
}

way_out() {
	"$PROGRAMS/attempts" "$D" >"$out"
	is "$(grep -vc '^ok' "$out")" 0
	[ "$(grep -c '^ok' "$out")" -gt 40 ] || fail "it ended: $(tail -n 1 "$out")"
}

confidential() { refuses '^execsnoop: cannot .*: .*lockdown=integrity or less$'; }

case "$(cat /proc/cmdline)" in
*lockdown=confidentiality*)
	case_ "says that the kernel is locked down" confidential
	exit
	;;
esac
case_ "works here" works
case_ "begins new files, for their size and by SIGHUP" new_files
case_ "learns the offsets that the kernel's BTF gives" layout
case_ "works with the JIT and without" jit
case_ "works with no way out for code in the reader" way_out
case_ "follows CPUs that come and go" cpus
case_ "follows CPUs that come and go by perf, too" cpus_by_perf
case_ "hears a CPU by perf that was away shortly" quick_by_perf
case_ "shows what a CPU executes that was away for a moment" quick
case_ "shows all beside a busy user of BPF" busy_bpf_user
case_ "shows scripts as such to two tracers at once" two_tracers
case_ "works where system calls have no tracepoints" no_call_tracepoints
case_ "works where debugfs is mounted, not tracefs" debugfs_alone
case_ "works where /proc is not mounted" no_proc
case_ "works where /sys is not mounted" no_sys
case_ "works where nothing is mounted" neither
case_ "works with CAP_BPF and CAP_PERFMON alone" bpf_and_perfmon
case_ "works with 64 KiB of locked memory, or says what to do" little_locked_memory
case_ "says to nobody what to do" nobody
case_ "takes a 64th of the memory for its rings, and little more" memory
