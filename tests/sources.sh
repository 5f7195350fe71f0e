#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The sources without BPF: sources.sh EXECSNOOP DIRECTORY. As root. Each case runs for each source that works here; why another
# one does not is said. What a program executes must be shown, or counted as lost; what is shown of it must be true.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
. "$(dirname "$0")/each.sh"

# A program that lives a while, with arguments of all kinds; of a long one, and of many.
long=$(awk 'BEGIN { for (s = "x"; length(s) < 30000;) s = s s; print s }')
arguments() {
	run -q --max-args 0 --max-bytes 0 -- "$L" "$B.4" 'a b' '' 'q"q' "$long"
	is $status 0
	shows 1 " 0 \"$L\" \"$B.4\" \"a b\" \"\" \"q\\\\\"q\" \"x*\"\$"
	n=$(grep -c "\"$long\"\$" "$out")
	is "$n" 1
	no_complaint
}

numbers() {
	run --max-args 0 --max-bytes 0 -- "$L" "$B.4" $(seq 1 3000)
	is $status 0
	sed -n "s/.*live $B.4 //p" "$out" >"$D/shown"
	is "$(cat "$D/shown")" "$(seq 1 3000 | tr '\n' ' ' | sed 's/ $//')"
}

# true_lines FILE WORKERS COUNT: of the lines of "storm vfork", none tells an argument that was not given, and none is told twice.
true_lines() {
	sed -n '/"unreadable"/d; s/.*"argv":\[\(.*\)\],"source".*/\1/p' "$1" | grep -v '"vfork"' >"$D/told"
	awk -F'"' -v workers="$2" -v count="$3" -v file="$PROGRAMS/nothing" '
		$2 != file || $4 != "storm" || $6 + 0 >= workers || $8 + 0 < 1 || $8 + 0 > count || $10 != "x" || told[$6 " " $8]++ {
			print
		}' "$D/told" >"$D/wrong"
	[ ! -s "$D/wrong" ] || fail "$(wc -l <"$D/wrong") are not true: $(head -n 3 "$D/wrong")"
}

storm() {
	env -i PATH="$PATH" ASAN_OPTIONS="${ASAN_OPTIONS:-}" "$X" --source "$S" -J --max-bytes 0 --quiet -o "$D/lines" -- "$PROGRAMS/storm" vfork 2 "$N" \
		"$PROGRAMS/nothing" 2>"$err"
	is $? 0
	lost=$(sed -n 's/^execsnoop: \([0-9]*\) execs* w[a-z]* lost in all$/\1/p' "$err")
	lines=$(grep -c '"argv"' "$D/lines")
	[ $((lines + ${lost:-0})) -ge $((2 * N + 1)) ] && [ "$lines" -le $((2 * N + 1)) ] ||
		fail "$lines lines, ${lost:-0} lost, of $((2 * N + 1))"
	true_lines "$D/lines" 2 "$N"
	told=$(wc -l <"$D/told")
	case $S in
	trace) is "$told" $((2 * N)) ;;
	perf) [ "$told" -ge $((3 * N / 2)) ] || fail "only $told of $((2 * N)) have their arguments" ;;
	esac
}

# Without the threads nearly nothing is read of what ends at once; the kernel tells its name all the same.
names_of_the_dead() {
	command -v strace >/dev/null || { skipped="no strace"; return; }
	strace -f -qq -o "$D/trace" -e trace=sched_setscheduler -e inject=sched_setscheduler:error=EPERM \
		"$X" --source proc -J --quiet -o "$D/lines" -- "$PROGRAMS/storm" vfork 2 "$N" "$PROGRAMS/nothing" 2>"$err"
	is $? 0
	unread=$(grep -c '"unreadable"' "$D/lines")
	[ "$unread" -gt "$N" ] || fail "only $unread are unreadable"
	named=$(grep '"unreadable"' "$D/lines" | grep -c '"comm":"nothing"')
	[ $((named * 100)) -ge $((unread * 95)) ] || fail "$named of $unread have a name"
	! grep -v '"comm":\("nothing"\|"storm"\|null\),' "$D/lines" || fail "another name is told"
}

# The same process executes again and again: what was read of the next program is not told of the one before.
chains() {
	"$X" --source "$S" -J --max-bytes 0 --quiet -o "$D/lines" -- "$PROGRAMS/storm" chain 2 "$N" 2>"$err"
	is $? 0
	awk -F'"argv":' '
		{ pid = $1; sub(/.*"pid":/, "", pid); sub(/,.*/, "", pid) }
		$2 ~ /"link"/ {
			split($2, word, "\""); n = word[8] + 0
			if (pid in last && n >= last[pid]) print "process " pid ": " n " behind " last[pid]
			last[pid] = n
			seen[pid "," n]++
		}
		$2 ~ /"link"/ || $2 ~ /\[\]/ { count[pid]++; place = count[pid]; if ($2 ~ /"link"/) at[pid "," place] = n }
		END {
			# Where nothing is lost, the k-th exec of a chain of N has N + 1 - k.
			for (k in at) { split(k, p, ","); if (total[p[1]] < at[k] + p[2]) total[p[1]] = at[k] + p[2] }
			for (k in at) { split(k, p, ","); if (at[k] + p[2] != total[p[1]]) print "process " p[1] ": " at[k] " is number " p[2] }
		}' "$D/lines" >"$D/wrong"
	[ "$(wc -l <"$D/lines")" -gt "$N" ] || fail "too little is shown"
	grep -q 'were lost in all' "$err" || [ ! -s "$D/wrong" ] || fail "$(wc -l <"$D/wrong") are not true: $(head -n 3 "$D/wrong")"
}

no_secret() {
	SECRET=of-the-environment "$X" --source "$S" -J --max-bytes 0 -o "$D/lines" -- "$PROGRAMS/storm" vfork 2 "$N" \
		"$PROGRAMS/nothing" 2>"$err"
	SECRET=of-the-environment "$X" --source "$S" -J --max-bytes 0 -o "$D/more" -- sh -c '"$0" 0.2; exec "$0" 0.2' "$L" 2>>"$err"
	[ "$(cat "$D/lines" "$D/more" | wc -l)" -ge 3 ] || fail "too little is shown"
	! grep -qF of-the-environment "$D/lines" "$D/more" || fail "it is shown: $(grep -hF of-the-environment "$D/lines" "$D/more" | head -n 1)"
}

command_ends() {
	run -- sh -c 'sleep 0.2; exit 3'
	is $status 3
	run -- sh -c 'sleep 0.2; kill -TERM $$'
	is $status 143
	run -- "$D/missing"
	is $status 127
	has "$err" 'cannot execute the command'
}

# Its daemon, too, and nothing else.
descendants() {
	(for i in 1 2 3 4 5 6; do "$L" 0.1 "$D/other"; done) &
	run -- sh -c "sh -c '\"\$0\" $B.3; exec \"\$0\" $B.4' '$L' & exit 0"
	is $status 0
	wait
	shows 1 "live $B.4\$"
	shows 0 "$D/other"
}

pid_of_before() {
	(while ! [ -e "$D/stop" ]; do "$L" 0.03; done) &
	looper=$!
	run -d 1 -p $looper
	is $status 0
	: >"$D/stop"
	wait $looper
	[ "$(grep -c 'live 0.03$' "$out")" -ge 2 ] || fail "only $(cat "$out")"
	[ "$(grep -vc 'live 0.03$\|<unreadable>$' "$out")" = 1 ] || fail "more is shown: $(cat "$out")"
}

ends_with_its_pid() {
	"$L" 2 &
	run -d 60 -p $!
	is $status 0
	run -p 4194304
	is $status 1
	has "$err" 'cannot \(find\|trace\) process 4194304: '
}

# Nobody waits for the tracer itself, which descends from the process.
own_parent() {
	sh -c '"$0" --source "$1" -o "$2/lines" -p $$ 2>"$2/err" & echo $! >"$2/pid"; "$3" "$4.6"; "$3" "$4.35"' "$X" "$S" "$D" "$L" "$B"
	tracer=$(cat "$D/pid")
	tries=0
	while kill -0 "$tracer" 2>/dev/null && [ $tries -lt 500 ]; do nap; tries=$((tries + 1)); done
	[ $tries -lt 500 ] || { kill -9 "$tracer"; fail "it does not end: $(cat "$err")"; }
	tracer=
	grep -q "live $B.35\$" "$D/lines" || fail "it shows $(cat "$D/lines")"
}

# The second descends from the first.
two_pids() {
	(while ! [ -e "$D/stop" ]; do "$L" 0.03; done) &
	looper=$!
	run -d 1 -p $looper -p $looper -p $$
	is $status 0
	: >"$D/stop"
	wait $looper
	grep -q 'live 0.03$' "$out" || fail "it shows $(cat "$out"); $(cat "$err")"
}

filters() {
	chmod 755 "$T" "$D"
	cp "$L" "$D/live"
	start --source "$S" "$@"
	sh -c '"$1" user "$2/live" 4242 "$3.25"; "$2/live" "$3.26"; : as a shell' sh "$PROGRAMS/call" "$D" "$B"
	stop
	is "$status" 0
	no_complaint
}
by_uid() {
	filters -u 4242
	shows 1 "live $B.25\$"
	shows 0 "live $B.26\$"
	filters -u 4242 -u 4243 -n live -n sh
	shows 1 "live $B.25\$"
	shows 0 "live $B.26\$"
	filters --not-uid 4242
	shows 0 "live $B.25\$"
	shows 1 "live $B.26\$"
}
by_name() {
	filters -n '^live$' -l " $B[.]26\$"
	shows 0 "live $B.25\$"
	shows 1 "live $B.26\$"
}
by_namespace() {
	filters --mntns $$
	shows 1 "live $B.26\$"
	unshare -m --propagation unchanged true 2>/dev/null || return
	unshare -m --propagation unchanged "$L" 3 &
	elsewhere=$!
	sleep 0.3
	filters --mntns $elsewhere
	kill $elsewhere
	shows 0 "live $B.26\$"
}
by_parent() {
	start --source "$S" -P $$
	"$L" "$B.27"
	sh -c '"$0" "$1.28"; :' "$L" "$B"
	stop
	shows 1 "live $B.27\$"
	shows 0 "live $B.28\$"
}

fields() {
	run -J -- sh -c '"$0" "$1.3"; :' "$L" "$B"
	shows 1 "\"uid\":0,\"gid\":0,.*\"comm\":\"live\",\"pcomm\":\"\(sh\|exe\)\",.*\"mntns\":$(stat -Lc %i /proc/self/ns/mnt),.*\"ret\":0,\"filename\":\"$L\",\"argv\":\[\"$L\",\"$B.3\"\],\"source\":\"$S\"}\$"
}

# A name with what separates fields in /proc/PID/stat, and a newline.
strange_names() {
	cat >"$D/(x) Z 0 0" <<-EOF
		#!/bin/sh
		sleep $B.3
	EOF
	chmod 755 "$D/(x) Z 0 0"
	run -J -- "$D/(x) Z 0 0" arg
	is $status 0
	shows 1 '"comm":"(x) Z 0 0",.*"(x) Z 0 0","arg"\],\|"comm":"(x) Z 0 0",.*(x) Z 0 0","arg"\],'
}

refusals() {
	run -d 1 -x
	is $status 1
	has "$err" '^execsnoop: -x: '
	run -d 1 --mntnsmap /sys/fs/bpf/none
	is $status 1
	has "$err" '^execsnoop: --mntnsmap: only the source bpf can'
	run -d 1 --mntns 4194305
	is $status 1
	has "$err" '^execsnoop: --mntns: cannot see the mount namespace of process 4194305'
}

says_which() {
	run -d 0.1 -- "$L" 0.2
	n=$(grep -c "^execsnoop: execs are seen by --source $S, which does not show " "$err")
	is "$n" 1
}

# collector_of TRACER: the process.
collector_of() {
	for p in /proc/[0-9]*; do
		grep -q '^execsnoop:coll' "$p/comm" 2>/dev/null && grep -q "^PPid:	$1\$" "$p/status" && echo "${p#/proc/}"
	done
}

# The process that collects is killed: that is an error, and nobody waits for more.
collector_killed() {
	"$X" --source "$S" >"$out" 2>"$err" &
	tracer=$!
	sleep 0.5
	kill -9 "$(collector_of $tracer)"
	tries=0
	while kill -0 $tracer 2>/dev/null && [ $tries -lt 300 ]; do nap; tries=$((tries + 1)); done
	[ $tries -lt 300 ] || fail "it goes on"
	wait $tracer
	is $? 1
	tracer=
	has "$err" 'the process that collects execs has ended'
}

none_is_left() {
	for p in /proc/[0-9]*; do
		! grep -q '^execsnoop:' "$p/comm" 2>/dev/null || grep -q '^State:.Z' "$p/status" || fail "process $p is left"
	done
}

# What is traced goes on when the tracer is killed, and nothing of it is left.
tracer_killed() {
	sh -c 'sleep 1; echo "$$" >"$0"' "$D/done" &
	child=$!
	"$X" --source "$S" -p $child >"$out" 2>"$err" &
	victim=$!
	sleep 0.5
	kill -9 $victim
	wait $victim 2>/dev/null
	wait $child
	is "$(cat "$D/done")" $child
	sleep 0.3
	none_is_left
}

job_control() {
	"$X" --source "$S" -o "$D/lines" -- "$L" "$B.7" 2>"$err" &
	victim=$!
	sleep 0.2
	command=$(sed -n 's/^[^ ]* *\([0-9]*\) .*live [0-9].7$/\1/p' "$D/lines")
	while [ -z "$command" ] && kill -0 $victim 2>/dev/null; do
		sleep 0.05
		command=$(sed -n 's/^[^ ]* *\([0-9]*\) .*live [0-9].7$/\1/p' "$D/lines")
	done
	kill -STOP "$command"
	sleep 0.3
	case $(sed -n 's/^State:	//p' "/proc/$command/status") in [Tt]*) ;; *) fail "it is not stopped" ;; esac
	kill -CONT "$command"
	wait $victim
	is $? 0
}

# Calls that fail, in all ways; what BPF shows of them is the same, where it works, if it could read it in time.
failing_calls() {
	since 5 3 || { skipped="this needs Linux 5.3"; return; }
	cat >"$D/script" <<-'END'
		call=$1 missing=$2/missing denied=$2/denied program=$3 narrow=$4
		$call execve $missing 'a b' '' "$(printf 'new\nline')"
		$call execve $denied x
		$call execve "" x
		$call execveat $missing x y
		$call here missing x
		$call no-directory missing x
		$call no-follow $missing x
		$call no-argv $missing
		$call path $2
		$call thread $missing x
		$call long $missing
		$call many $missing
		for what in argv string rest end kernel name; do $call nowhere $missing $what a b; done
		for what in n a s nas; do $call untouched $missing $what one '' three; done
		$call check $program x
		$call check $missing x
		$call vfork $missing x
		[ -z "$narrow" ] || $narrow $missing x
		exit 7
	END
	echo nothing >"$D/denied"
	narrow=$PROGRAMS/exec32
	{ [ -x "$narrow" ] && "$narrow" "$PROGRAMS/nothing"; } 2>/dev/null || narrow=
	run -x -q --max-args 0 --max-bytes 0 -- sh "$D/script" "$C" "$D" "$PROGRAMS/nothing" $narrow
	is $status 7
	sed -n "/^call /s/^[^ ]* *[0-9]* *[0-9?]* *//p" "$out" >"$D/shown"
	grep -q "^-2 \"$D/missing\" \"a b\" \"\" \"new.nline\"\$" "$D/shown" || fail "a missing file is not shown: $(cat "$D/shown" "$err")"
	grep -q "^-13 \"$D/denied\" \"x\"\$" "$D/shown" || fail "a file that may not be executed is not shown"
	"$X" -o - --source bpf -x -q --max-args 0 --max-bytes 0 -- sh "$D/script" "$C" "$D" "$PROGRAMS/nothing" $narrow >"$out" 2>/dev/null
	[ $? = 7 ] || return
	sed -n "/^call /s/^[^ ]* *[0-9]* *[0-9?]* *//p" "$out" >"$D/bpf"
	is "$(wc -l <"$D/shown")" "$(wc -l <"$D/bpf")"
	awk -v other="$D/bpf" '{
		getline theirs <other
		if (theirs !~ /<unreadable>/ && theirs != $0) print theirs " is not " $0
		split(theirs, their); if (their[1] != $1) print "results: " theirs ", " $0
	}' "$D/shown" >"$D/wrong"
	[ ! -s "$D/wrong" ] || fail "BPF shows something else: $(cut -c1-300 "$D/wrong" | head -n 20)"
}

comes() {
	tries=0
	while ! [ -s "$1" ] && [ $tries -lt 1000 ]; do nap; tries=$((tries + 1)); done
	is "$(cat "$1")" "${1##*/}"
}

# Its calls stop for a tracer, and would fail without one: it goes on when the tracing ends, and when the tracer is killed.
command_outlives() {
	since 5 3 || { skipped="this needs Linux 5.3"; return; }
	run -x -d 0.3 -- sh -c '"$0" 0.6; "$0" 0.1; echo whole >"$1"' "$L" "$D/whole"
	is $status 0
	comes "$D/whole"
	# Nor does who reads wait for it.
	begin=$(date +%s)
	"$X" -o - --source "$S" -x -d 0.3 -- sh -c 'echo $$ >"$1"; exec "$0" 20 >/dev/null 2>&1' "$L" "$D/pid" 2>&1 | cat >"$out"
	[ $(($(date +%s) - begin)) -lt 15 ] || fail "its output is not closed"
	kill "$(cat "$D/pid")"
	"$X" --source "$S" -x -o "$D/lines" -- sh -c '"$0" 2; "$0" 0.1; echo killed >"$1"' "$L" "$D/killed" 2>"$err" &
	victim=$!
	tries=0
	while ! grep -q 'live 2$' "$D/lines" 2>/dev/null && [ $tries -lt 1000 ]; do nap; tries=$((tries + 1)); done
	kill -9 $victim
	wait $victim 2>/dev/null
	comes "$D/killed"
	sleep 0.3
	none_is_left
}

not_of_a_pid() {
	run -x -p $$
	is $status 1
	has "$err" '^execsnoop: -x: it cannot see failed calls of -p'
}

# A process whose memory nobody serves holds up nobody.
withheld() {
	mkdir "$D/1" "$D/2"
	[ -e /dev/fuse ] && grep -q 'fuse$' /proc/filesystems || { skipped="no FUSE"; return; }
	start --source "$S"
	collector=$(collector_of "$tracer")
	kill -STOP "$collector" # so it looks late
	"$C" withheld "$D/1" >"$D/servers" 2>/dev/null &
	one=$!
	"$C" withheld "$D/2" >>"$D/servers" 2>/dev/null &
	two=$!
	sleep 0.7
	{ [ -d /proc/$one ] && [ -d /proc/$two ]; } || fail "there is no such process"
	kill -CONT "$collector"
	"$L" "$B.5" after
	"$L" "$B.5" later
	# shellcheck disable=SC2046 # numbers
	kill -9 $one $two $(cat "$D/servers") 2>/dev/null
	umount -l "$D/1" "$D/2" 2>/dev/null
	stop
	shows 1 "live $B.5 after\$"
	shows 1 "live $B.5 later\$"
}

any_user() {
	chmod 755 "$T" "$D"
	cp "$X" "$D/tracer"
	"$PROGRAMS/call" user "$D/tracer" 4242 --source "$S" -o - -- "$L" "$B.3" >"$out" 2>"$err"
	is $? 0
	shows 1 "live $B.3\$"
}

# shellcheck disable=SC2086 # they are lists
{
	each "shows arguments of all kinds" arguments $ALL
	each "shows 3,000 arguments" numbers $ALL
	each "misses none of a storm, and tells nothing untrue" storm $EXACT
	each "names what has ended" names_of_the_dead proc
	each "tells nothing untrue of a chain of execs" chains $EXACT
	each "shows nothing of an environment" no_secret $ALL
	each "fills all fields of what lives long enough" fields $ALL
	each "-- ends as the command does" command_ends $ALL
	each "-- shows the command's daemons, and nothing else" descendants $EXACT
	each "-p shows the descendants of a process from before" pid_of_before $EXACT
	each "-p ends when the process has, and refuses what is none" ends_with_its_pid $ALL
	each "-p does not wait for the tracer itself" own_parent $EXACT
	each "-p can be given more than once" two_pids $EXACT
	each "-u chooses a user" by_uid perf proc sideband watch
	each "-n and -l choose by name and line" by_name perf proc sideband watch
	each "--mntns chooses mount namespaces" by_namespace perf proc sideband watch
	each "-P chooses children" by_parent perf proc sideband watch
	each "takes a name for a name" strange_names $ALL
	each "refuses what it cannot do" refusals perf proc sideband watch
	each "says in one line what it does not show" says_which $ALL
	each "ends when the process that collects is killed" collector_killed perf proc sideband watch
	each "leaves nothing behind when it is killed" tracer_killed $ALL
	each "leaves job control as it is" job_control $ALL
	each "is not held up by memory that nobody serves" withheld perf proc sideband watch
	each "shows calls that fail as BPF does" failing_calls trace
	each "leaves a command as it was whose calls stop" command_outlives trace
	each "-x is for a command" not_of_a_pid trace
	each "works for any user" any_user trace watch
}
