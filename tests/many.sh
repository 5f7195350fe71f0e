#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Execs of all CPUs, losses, and tracers beside others: each case has a tracer of its own. Usage: many.sh EXECSNOOP DIRECTORY, as root.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
PROGRAMS=$(cd "$PROGRAMS" && pwd)
C=$PROGRAMS/call
PAGE=$("$C" page-size -)

# All are held in the call at once, then come back: none of them was killed.
denied() {
	start -x -q
	if ! "$C" denied "$D/prog" 30 >"$D/n" 2>/dev/null; then
		skipped="this kernel has no fanotify(7) that can deny"
		stop
		return
	fi
	for program in "$PROGRAMS/exec32"; do
		[ -f "$program" ] && "$program" "$PROGRAMS/nothing" 2>/dev/null && "$C" denied "$D/prog" 30 "$program" >"$D/n32"
	done
	sleep 0.2
	stop
	# From Linux 7.0 on the kernel may not have shown a call's entry: then its arguments are not known, or not all. A kernel that
	# preempts BPF programs runs none beside them on that CPU: most may be lost, and must be counted.
	n=$(grep -c '^\(call\|exec32\) .* -1 ' "$out")
	lost=$(sed -n 's/^execsnoop: \([0-9]*\) execs* w[a-z]* lost in all$/\1/p' "$err")
	wanted=30
	[ ! -s "$D/n32" ] || grep -q 'of 32-bit programs cannot be seen' "$err" || wanted=60
	[ "$n" -ge 1 ] && [ $((n + ${lost:-0})) -ge $wanted ] || fail "$n shown, ${lost:-0} lost, of $wanted: $(cat "$err")"
	wrong=$(grep '  ? ' "$out")
	[ -z "$wrong" ] || fail "not killed: $(echo "$wrong" | head -n 3)"
}

# With a CLOCK_MONOTONIC of its own the tracer's times are the machine's all the same.
time_namespace() {
	"$C" time-namespace "$PROGRAMS/nothing" 100 2>/dev/null || { skipped="this kernel has none"; return; }
	real=$X
	for offset in 100000 -5; do
		printf '#!/bin/sh\nexec %s time-namespace %s %s "$@"\n' "$C" "$real" "$offset" >"$D/x"
		chmod 755 "$D/x"
		X=$D/x
		start -T -t -d 3
		sleep 1
		before=$(date +%H:%M:%S)
		"$D/prog" $offset
		after=$(date +%H:%M:%S)
		wait "$tracer"
		is $? 0
		tracer=
		line=$(grep -F " $D/prog $offset" "$out")
		# shellcheck disable=SC2086 # its columns
		set -- $line
		[ "$1" = "$before" ] || [ "$1" = "$after" ] || fail "$offset: the time is '$1', not $before"
		echo "$2" | grep -q '^[0-3]\.' || fail "$offset: after '$2' s"
	done
	X=$real
}

parents_name() {
	cp "$C" "$D/we (i) rd)"
	acts() {
		# shellcheck disable=SC2288 # that is its name
		"$D/we (i) rd)" spawn "$D/prog" a >"$D/child"
		"$C" adopted "$D/prog"
		"$C" thread-forks "$D/prog" b
	}
	traced acts -M
	shows 1 "^prog  *[0-9]* *we\\\\x20(i)\\\\x20rd)  *[0-9]* *0 $D/prog a\$"
	shows 1 "^prog  *[0-9]* *call  *[0-9]* *0 $D/prog b\$" # not the name of the thread
	shows 1 "^prog  *[0-9]* *call  *[0-9]* *0 $D/prog [0-9]*\$"
}

# ---- many at once ----

across_cpus() {
	cp "$PROGRAMS/storm" "$D/storm"
	links=$(few 1500)
	acts() { "$D/storm" chain 2 "$links"; }
	traced acts
	grep -F " $D/storm link " "$out" | sed 's/.* link //' | awk -v links="$links" '
		{ if ($1 in last ? $2 != last[$1] - 1 : $2 != links) wrong++; last[$1] = $2 }
		END { for (w in last) if (last[w] != 1) wrong++; print NR, wrong + 0 }' >"$D/shown"
	is "$(cat "$D/shown")" "$((2 * links)) 0"
}

# Of the two on one CPU, one fails, which takes a while, and the other does not. Where programs can be preempted, the kernel counts the
# missed returns of the latter, too: what it says to be lost are failures that have no line.
beside_long_failures() {
	start -x --ring-size 4096
	taskset 1 "$PROGRAMS/storm" vfork 1 "$(few 2000)" "$D/prog" &
	succeeds=$! failed=0
	while kill -0 $succeeds 2>/dev/null; do
		taskset 1 "$C" many "$D/missing" 3000 2>/dev/null
		failed=$((failed + 1))
	done
	wait $succeeds
	stop
	shows "$(few 2000)" "  0 $D/prog storm "
	n=$(grep -c '^call .* -2 ' "$out")
	lost=$(sed -n 's/^execsnoop: \([0-9]*\) execs* w[a-z]* lost in all$/\1/p' "$err")
	is "$n shown, ${lost:-0} lost" "$n shown, $((failed - n)) lost"
}

# What is shown and what is lost are all that was executed: storm's first exec is the one more.
all_accounted() {
	what=$1 each=$2
	shift 2
	chmod 755 "$T" "$D"
	cp "$PROGRAMS/storm" "$D/storm"
	start -u 4242 --ring-size 64 "$@"
	kill -STOP "$tracer"
	"$C" user "$D/storm" 4242 "$what" 2 "$each" "$D/$file"
	kill -CONT "$tracer"
	# It is said while the tracer runs.
	tries=0
	while ! grep -q '^execsnoop: lost [0-9]* execs ' "$err" && [ $tries -lt 40 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	[ $tries -lt 40 ] || fail "the loss was not said while it ran"
	sleep 2.2 # all of it
	said=$(sed -n 's/^execsnoop: lost \([0-9]*\) execs .*/\1/p' "$err" | awk '{ n += $1 } END { print n + 0 }')
	stop
	is "$status" 0
	n=$(sed -n 's/^execsnoop: \([0-9]*\) execs* w[a-z]* lost in all$/\1/p' "$err")
	[ "${n:-0}" -gt 0 ] || fail "none was lost: $(head -c 300 "$err")"
	is "$said" "${n:-0}"
	is "$(($(grep -cF "$D/" "$out") + ${n:-0}))" $((2 * each + 1))
}
lost() { file=prog; all_accounted vfork "$(few 3000)"; }
lost_failures() { file=missing; all_accounted vfork "$(few 3000)" -x; }
# Of two records each at least: an exec is lost, or it is there, whole or marked and counted.
lost_long() {
	file=prog
	all_accounted long "$(few 300)" --max-args 0 --max-bytes 0
	n=$(sed -n 's/^execsnoop: \([0-9]*\) command lines* w[a-z]* cut in all$/\1/p' "$err")
	is "$(grep -F "  0 $D/prog" "$out" | grep -c '\.\.\.$')" "${n:-0}"
	grep -F "  0 $D/prog" "$out" | grep -v '\.\.\.$' | awk -v want=40000 '
		length($NF) != want { wrong++ } END { print wrong + 0 }' >"$D/wrong"
	is "$(cat "$D/wrong")" 0
}

# A ring that is too small for one command line: each is cut, marked, and counted.
cut_lines() {
	start --max-args 0 --max-bytes 0 --ring-size 4
	"$C" user "$D/prog" 0 short
	for i in 1 2 3; do "$C" sizes "$D/prog" 100000 100000; sleep 0.1; done
	stop
	n=$(sed -n 's/^execsnoop: \([0-9]*\) command lines* w[a-z]* cut in all$/\1/p' "$err")
	lost=$(sed -n 's/^execsnoop: \([0-9]*\) execs* w[a-z]* lost in all$/\1/p' "$err")
	shown=$(grep -F "  0 $D/prog 0000" "$out" | grep -c '\.\.\.$')
	whole=$(grep -F "  0 $D/prog 0000" "$out" | grep -vc '\.\.\.$')
	is "${n:-0}" "$shown"
	[ $((shown + whole + ${lost:-0})) -ge 3 ] || fail "cut $shown, whole $whole, lost ${lost:-0}"
}

ring_sizes() {
	for size in 1 3 5 1000; do
		start --ring-size $size
		"$D/prog" $size
		stop
		shows 1 "$D/prog $size\$"
		want=$(awk -v n=$((size * 1024)) -v page="$PAGE" \
			'BEGIN { for (s = page; s < n; s *= 2); print s + page }')
		strace -qq -e trace=mmap -P 'anon_inode:[perf_event]' -o "$D/trace" "$X" -d 0.1 --ring-size $size >"$D/o"
		grep -q "mmap(NULL, $want, " "$D/trace" || fail "$size: $(head -n 1 "$D/trace"), not $want"
	done
	usage_error 'out of range: 1 to 1048576' --ring-size 0
	usage_error 'out of range: 1 to 1048576' --ring-size 1048577
	usage_error 'not a number of KiB' --ring-size 4k
}

# No system call has a tracepoint: seen with those of all calls, or by kprobes.
no_call_tracepoints() {
	if grep -q ' /sys/kernel/tracing ' /proc/self/mounts; then
		skipped="tracefs is mounted here"
		return
	fi
	printf '#!/bin/sh\nexec strace -D -f -qq -o %s -e inject=mount,fsopen:error=EPERM %s "$@"\n' "$D/trace" "$X" >"$D/x"
	chmod 755 "$D/x"
	real=$X X=$D/x
	acts() {
		"$C" execve "$D/missing" a 'b c' '' 2>/dev/null
		"$C" execveat "$D/missing" e 2>/dev/null
		"$C" many "$D/missing" 500
		"$D/prog" f
	}
	traced acts -x -q --max-args 0
	X=$real
	shows 1 " -2 \"$D/missing\" \"a\" \"b c\" \"\"\$"
	shows 1 " -2 \"/dev/fd/[0-9]*/missing\" \"e\"\$"
	shows 1 " -2 \"$D/missing\" \"a000000001\" .* \"a000000500\"\$"
	shows 1 "  0 \"$D/prog\" \"f\"\$"
	grep -q INJECTED "$D/trace" || fail "nothing was injected"
}

# Six at once leave each other room.
six_tracers() {
	others=
	for i in 1 2 3 4 5; do
		"$X" -x >"$D/other$i" 2>&1 &
		others="$others $!"
	done
	for i in 1 2 3 4 5; do
		tries=0
		while ! grep -q '^PCOMM' "$D/other$i" && [ $tries -lt 500 ]; do sleep 0.01; tries=$((tries + 1)); done
	done
	acts() { "$C" many "$D/missing" 500; }
	traced acts -x --max-args 0
	shows 1 " -2 $D/missing a000000001 .* a000000500\$"
	# shellcheck disable=SC2086 # numbers
	kill $others
	wait
	grep -l 'cannot attach' "$D"/other? && fail "not all could start"
}

case_ "shows the parent process's name" parents_name
case_ "takes no call for killed whose return it has not seen" denied
case_ "shows the machine's times in a time namespace" time_namespace
case_ "keeps the order across CPUs" across_cpus
case_ "counts no call as lost that succeeded" beside_long_failures taskset
case_ "counts what is lost, and says it at once" lost
case_ "counts failed execs that are lost" lost_failures
case_ "counts execs of several records that are lost, marks those that are cut" lost_long
case_ "counts command lines that are cut" cut_lines
case_ "rounds the size of a ring" ring_sizes strace
case_ "shows failures while five others do" six_tracers
case_ "shows failures where their calls have no tracepoints" no_call_tracepoints strace
