#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Following processes and their descendants: -p, and a command.
# Usage: follow.sh EXECSNOOP DIRECTORY, as root.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
. "$(dirname "$0")/choose.sh"

# ---- descendants ----

descendants_of_a_pid() {
	start_told
	# Descendants that live before the tracer starts: a child, and one whose parents have gone.
	tell "(while ! [ -e $D/go ]; do sleep 0.01; done; $D/prog early; : >$D/early) & : >$D/started"
	told_has "$D/started"
	start -p $told
	"$D/prog" outside
	tell "$D/prog child"
	tell "sh -c '$D/prog grandchild; true'"
	tell "(setsid sh -c '(sleep 0.1; $D/prog daemon; : >$D/daemon) &' &)"
	tell "$PROGRAMS/call thread $D/prog thread"
	tell "$PROGRAMS/call vfork $D/prog vfork >/dev/null"
	: >"$D/go"
	told_has "$D/early"
	told_has "$D/daemon"
	tell "exec $D/prog itself"
	stop_told
	stop
	seen_sorted child daemon early grandchild itself thread vfork
	quiet
}

two_pids() {
	start_told
	mkfifo "$D/go"
	sh -c "read go <$D/go; $D/prog second; true" &
	second=$!
	start -p $told -p $second
	tell "$D/prog first"
	"$D/prog" outside
	echo go >"$D/go"
	wait $second
	stop_told
	stop
	seen_sorted first second
	quiet
}

ends_with_its_pids() {
	mkfifo "$D/go"
	sh -c "read go <$D/go" &
	child=$!
	start -p $child -d 40
	echo go >"$D/go"
	since=$(date +%s)
	wait $tracer
	status=$?
	tracer=
	[ $status = 0 ] || fail "exit status $status: $(cat "$err")"
	[ "$(date +%s)" -lt $((since + 20)) ] || fail "it did not end"
}

# A process that forks from a thread of its own, and one whose first thread has gone.
forks_of_threads() {
	start_told
	start -p $told
	tell "$PROGRAMS/call thread-forks $D/prog forked"
	tell "$PROGRAMS/call leaderless $D/prog leaderless"
	tell ": >$D/told"
	told_has "$D/told"
	stop_told
	stop
	seen forked leaderless
	quiet
}

# Another process gets the id of a member that has ended: it is none.
reused_pid() {
	next=/proc/sys/kernel/ns_last_pid
	if ! [ -w $next ]; then
		skipped="the kernel lacks CONFIG_CHECKPOINT_RESTORE"
		return
	fi
	start_told
	start -p $told
	tell "sh -c 'echo \$\$ >$D/id'; : >$D/ended"
	told_has "$D/ended"
	id=$(cat "$D/id")
	tries=0
	while [ $tries -lt 50 ]; do
		# shellcheck disable=SC2016 # the inner shell's
		echo $((id - 1)) >$next && sh -c 'echo $$; exec "$0" reused' "$D/prog" >"$D/reused"
		[ "$(cat "$D/reused")" != "$id" ] || break
		tries=$((tries + 1))
	done
	[ "$(cat "$D/reused")" = "$id" ] || skipped="the id was never given again"
	tell "$D/prog member"
	stop_told
	stop
	seen member
	quiet
}

# Of a process that comes and goes, the next is forked before anybody could see it in /proc.
short_lived_descendants() {
	for us in 0 1000; do
		"$C" chain "$D/prog" 100000 $us "$D/stop$us" &
		chain=$!
		start -p $chain
		: >"$D/stop$us"
		wait $chain
		wait $tracer
		tracer=
		seen "chain's end"
		quiet
	done
	"$C" thread-loop "$D/prog" 100000 "$D/stop" &
	loop=$!
	start -p $loop -q
	: >"$D/stop"
	wait $loop
	wait $tracer
	tracer=
	n=$(sed -n 's/.* "thread-loop" "[^"]*" "\([0-9]*\)" "[^"]*"$/\1/p' "$out" | tail -n 1)
	[ "$n" = 0 ] || fail "the last that is shown is $n"
	shows 1 "\"loop's end\"\$"
}

# A thread's id stands for its process.
thread_id() {
	"$C" waiting-thread "$D/prog" childs >"$D/tid" &
	tries=0
	while ! [ -s "$D/tid" ] && [ $tries -lt 200 ]; do sleep 0.01; tries=$((tries + 1)); done
	"$X" -p "$(cat "$D/tid")" >"$out" 2>"$err" || fail "exit status $?"
	wait
	seen childs
	quiet
}

bad_pids() {
	"$C" zombie "$D/prog" >"$D/zombie" &
	parent=$!
	tries=0
	while ! [ -s "$D/zombie" ] && [ $tries -lt 200 ]; do sleep 0.01; tries=$((tries + 1)); done
	refused '--pid: process .* has ended already' -p "$(cat "$D/zombie")"
	kill $parent
	wait
	usage_error '-p needs an argument' -p
	usage_error 'out of range: 1 to 4194304' -p 0
	usage_error 'not a process id' -p x
	usage_error 'not a process id' --pid -1
	refused '--pid: cannot find process 4194303: No such process; ' --pid 4194303
	if unshare -pf --mount-proc true 2>/dev/null; then
		unshare -pf --mount-proc "$X" --source bpf -d 5 -p 1 >"$out" 2>"$err"
		[ $? = 1 ] || fail "a pid namespace: exit status $?"
		has "$err" 'in another pid namespace than the initial one'
	fi
}


# ---- a command ----

command_from_its_first_exec() {
	"$D/prog" before
	(while ! [ -e "$D/stop" ]; do "$D/prog" outside; done) &
	runs 0 -q -- "$D/prog" 'a b' ''
	shows 1 "  0 \"$D/prog\" \"a b\" \"\"\$"
	runs 0 -- sh -c "$D/prog 1; $D/prog 2; (setsid sh -c '(sleep 0.2; $D/prog 3) &' &)"
	: >"$D/stop"
	wait
	shows 1 "^sh .*  0 [^ ]*sh -c $D/prog 1; "
	shows 0 outside
	sed -i '/sh -c/d' "$out"
	seen 1 2 3
	quiet
}

command_status() {
	runs 7 -- sh -c 'exit 7'
	runs 0 -- true
	runs 137 -- sh -c 'kill -9 $$'
	runs 143 -- sh -c 'kill $$'
	runs 127 -- "$D/missing"
	has "$err" "^execsnoop: cannot execute the command \"$D/missing\": No such file or directory\$"
	runs 127 -- no_such_command
	has "$err" '^execsnoop: cannot execute the command "no_such_command": No such file or directory; is it in the PATH?$'
	printf '#!/no/such/interpreter\n' >"$D/script"
	chmod 755 "$D/script"
	runs 127 -- "$D/script"
	has "$err" "^execsnoop: cannot execute the command \"$D/script\": .*; it is there, but the interpreter"
	runs 126 -- sh -c 'exit 126'
	runs 1 -o /dev/full -- sh -c 'exit 7'
	runs 126 -- "$D"
	has "$err" "^execsnoop: cannot execute the command \"$D\": Permission denied; it is a directory\$"
	[ "$(wc -l <"$err")" = 1 ] || fail "more than one line: $(cat "$err")"
	printf 'no program' >"$D/text"
	runs 126 -- "$D/text"
	has "$err" 'Permission denied; make it executable (chmod +x); or its file system is mounted with noexec$'
	chmod +x "$D/text"
	[ -n "${UNSUITED:-}" ] || runs 126 -- "$D/text"
	[ -n "${UNSUITED:-}" ] || has "$err" 'Exec format error; it is for another processor, or a script without a #! line$' # glibc takes a shell
	usage_error 'no command' --
	usage_error 'a command to run stands behind --' true
	runs 3 -n -- -- sh -c 'exit 3'
}

command_and_signals() {
	# From another process the signal is handed on, and what the command does then is shown.
	"$X" -o - -- sh -c "trap '$D/prog trapped; exit 5' TERM; : >$D/ready; while :; do sleep 0.05; done" >"$out" 2>"$err" &
	tracer=$!
	told_has "$D/ready"
	stop TERM
	[ $status = 5 ] || fail "exit status $status, not 5"
	seen trapped
	"$X" -o - -- sleep 1000 >"$out" 2>"$err" &
	tracer=$!
	tries=0
	while ! grep -q sleep "$out" && [ $tries -lt 500 ]; do sleep 0.01; tries=$((tries + 1)); done
	stop TERM
	[ $status = 143 ] || fail "exit status $status, not 143"
	# The command has the signals that it would have without us.
	runs 0 -- sh -c "grep -E '^Sig(Blk|Ign|Cgt):' /proc/self/status >$D/signals"
	timeout 60 sh -c "grep -E '^Sig(Blk|Ign|Cgt):' /proc/self/status >$D/plain"
	cmp -s "$D/signals" "$D/plain" || fail "signals: $(cat "$D/signals"), not $(cat "$D/plain")"
}

command_inherits_nothing() {
	runs 0 -- sh -c "ls -l /proc/self/fd >$D/fds"
	sh -c "ls -l /proc/self/fd >$D/plain"
	[ "$(wc -l <"$D/fds")" = "$(wc -l <"$D/plain")" ] || fail "descriptors: $(cat "$D/fds")"
}

command_as_user() {
	chmod 755 "$T" "$D"
	runs 0 --user nobody -- sh -c 'echo "$(id -u) $(id -g) $(id -G)"; "$0" x' "$D/prog"
	has "$out" "^$(id -u nobody) $(id -g nobody) $(id -G nobody)\$"
	seen x
	runs 0 -- id -u
	has "$out" '^0$'
	runs 0 --user 65534 -- true
	usage_error 'no user of this machine' --user no_such_user -- true
	usage_error 'there is no command' --user nobody
}

# Each process forks the next and ends: at no moment is there nobody.
chains() {
	for i in $(seq "$(few 5)"); do
		runs 0 -- "$C" chain "$D/prog" "$(few 2000)" 0
		seen "chain's end"
		runs 0 -q -- "$C" thread-loop "$D/prog" "$(few 200)"
		shows 1 "\"loop's end\"\$"
	done
}

# The thread of a program that is killed in its exec has changed its id by then.
killed_in_exec() {
	"$C" make-impossible "$D/prog" "$D/impossible"
	runs 139 -x -- "$C" thread "$D/impossible" x
	shows 1 '^impossible .* \(?\|-[0-9]*\) <unreadable> <unreadable>$'
}

# What the command has is what it would have without us.
command_inherits() {
	state='ulimit -a; ls -l /proc/self/fd | wc -l'
	for how in plain behind; do
		run=
		[ $how = plain ] || run="$X -o $D/lines --"
		# shellcheck disable=SC2086 # words
		{
			"$C" with-signals /usr/bin/env $run grep -E '^Sig(Blk|Ign|Cgt):' /proc/self/status
			"$C" with-signals /usr/bin/env $run sh -c "$state"
		} >"$D/$how"
	done
	cmp -s "$D/plain" "$D/behind" || fail "$(diff "$D/plain" "$D/behind")"
	# SIGUSR1 and SIGUSR2; SIGINT, SIGPIPE, SIGTERM and SIGXFSZ, and whatever else.
	case $(uname -m) in
	mips*) blocked=18000 ignored='[4567c-f]...[57df]..[2367abef]' ;;
	*) blocked=a00 ignored='1005..[2367abef]' ;;
	esac
	grep -q "^SigBlk:	0*$blocked\$" "$D/plain" || fail "nothing is blocked"
	grep -q "^SigIgn:	[0-9a-f]*$ignored\$" "$D/plain" || fail "nothing is ignored"
}

# It has few descriptors, and takes what it may have; the command gets what there was.
few_descriptors() {
	(
		# shellcheck disable=SC3045 # dash and BusyBox have it
		ulimit -S -n 6
		exec "$X" -o "$D/lines" -- sh -c 'ulimit -S -n'
	) >"$out" 2>"$err"
	is $? 0
	is "$(cat "$out")" 6
}

# Ids of the initial pid namespace are not looked up in another /proc.
ends_late() { echo "(sleep 0.1; $D/prog early; sleep 2.4; $D/prog late) & true"; }
in_a_pid_namespace() {
	unshare -pf --mount-proc "$X" -o - -- sh -c "$(ends_late)" >"$out" 2>"$err"
	is $? 0
	seen early late
	for option in -p -P; do
		unshare -pf --mount-proc "$X" --source bpf -d 1 $option 1 >"$out" 2>"$err"
		is $? 1
		has "$err" 'in another pid namespace than the initial one'
	done
	# Nor is another process's memory read. (Before Linux 6.9 the kernel has read the arguments when it looks for the file.)
	since 6 9 || return
	unshare -pf --mount-proc "$X" -o - -q -x -- "$C" untouched "$D/missing" sl one >"$out" 2>"$err"
	shows 1 " -2 \"$D/missing\" <unreadable>\$"
}

# Where members are known by their ids, as before Linux 4.17.
by_id_in_a_pid_namespace() {
	unshare -pf --mount-proc strace -D -qq -o "$D/trace" -e inject=bpf:error=EINVAL:when=2..4 "$X" -o - --source bpf -- \
		sh -c "$(ends_late)" >"$out" 2>"$err"
	is $? 0
	seen early late
	grep -q 'INJECTED' "$D/trace" && grep -q 'sched_process_fork' "$D/trace" || fail "raw tracepoints were used"
}

# It may be another user's by then.
signal_to_another_user() {
	"$X" -o "$D/lines" -- "$C" user "$(command -v sleep)" 4242 20 2>"$err" &
	tracer=$!
	sleep 0.7
	stop TERM
	[ $status = 143 ] || fail "exit status $status"
}

hangup() {
	"$X" -o - -- sh -c "$D/prog 1; $D/prog 2; kill -HUP \$PPID; sleep 0.2; $D/prog 3" >"$D/lines" 2>"$err"
	status=$?
	[ $status = 129 ] || fail "exit status $status, not 129"
	out=$D/lines
	seen 1 2
}

# The command does not end with the signal that is handed on.
duration_after_a_signal() {
	"$X" -o - -d 1 -- sh -c 'trap "" TERM; sleep 5' >"$out" 2>"$err" &
	tracer=$!
	sleep 0.5
	kill -TERM $tracer
	before=$(date +%s)
	wait $tracer
	tracer=
	[ $(($(date +%s) - before)) -lt 4 ] || fail "it ended with the command"
}

# Short processes as fast as four workers make them: each is one more member that comes and goes.
fifty_thousand() {
	runs 0 -- "$PROGRAMS/storm" vfork 4 12500 "$D/prog"
	n=$(grep -cF "  0 $D/prog storm " "$out")
	[ "$n" = 50000 ] || fail "$n of 50,000 were shown"
	quiet
}

filters_compose() {
	chmod 755 "$T" "$D"
	cp "$D/prog" "$D/other"
	one=$(new_cgroup one)
	runs 0 -n prog -l two -- sh -c "$D/prog one; $D/prog two; $D/other two"
	seen two
	runs 0 -u 4242 -- sh -c "$D/prog root; $PROGRAMS/call user $D/prog 4242 other"
	seen other
	runs 0 -c "$one" -- sh -c "$D/prog out; echo \$\$ >$one/cgroup.procs; $D/prog in"
	seen in
	runs 0 --mntns $$ -- sh -c "$D/prog here; $NEW_NS $D/prog there"
	sed -i '/unshare/d' "$out"
	sed -i '/sh -c/d' "$out"
	seen here
	runs 0 -x -- sh -c "$PROGRAMS/call execve $D/missing x; true"
	shows 1 " -2 $D/missing x\$"
	rmdir "$one"
}

# The kernel gives us a table of four members: poke_enter rewrites what bpf(2) is asked for (hash, keys and
# values of 8 bytes, 4 entries).
full_table() {
	strace -qq -e trace=bpf -o "$D/trace" "$X" -- true >"$out" 2>"$err"
	n=$(grep '^bpf' "$D/trace" | grep -nE 'BPF_MAP_CREATE.*max_entries=[0-9]{4,}' | tail -n 1 | cut -d: -f1)
	[ -n "$n" ] || fail "the table cannot be found among the calls of bpf(2)"
	timeout 60 strace -qq -e trace=bpf -o "$D/trace" \
		-e inject="bpf:poke_enter=@arg2=01000000080000000800000004000000:when=$n" \
		"$X" -o - -- sh -c "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.5 & done; wait" >"$out" 2>"$err"
	has "$err" '^execsnoop: could not follow [0-9]* more threads*: too many live at once'
	shown=$(grep -c 'sleep 0.5' "$out")
	missing=$(sed -n 's/.*could not follow \([0-9]*\) .*/\1/p' "$err" | awk '{ n += $1 } END { print n + 0 }')
	# The shell itself is one of those that are shown; its line has the words, too.
	[ $((shown - 1 + missing)) = 10 ] || fail "$shown shown, $missing said to be missing, of 10"
}

# As on a kernel below 4.17: the first three programs, with which the tracer asks for raw tracepoints, for the
# newer helpers that read memory and for cgroup ids, are refused. All that follows goes by perf events.
as_before_4_17() {
	old=$D/old
	cat >"$old" <<-END
		#!/bin/sh
		exec strace -D -qq -o /dev/null -e inject=bpf:error=EINVAL:when=2..4 $X "\$@"
	END
	chmod +x "$old"
	X=$old
	as_before
	X=$new
}
as_before() {
	one=$(new_cgroup one)
	start_other
	runs 0 -- sh -c "$PROGRAMS/call thread $D/prog thread; $PROGRAMS/call thread-forks $D/prog forked
		$PROGRAMS/call vfork $D/prog vfork >/dev/null; $PROGRAMS/call leaderless $D/prog leaderless
		(setsid sh -c '(sleep 0.2; $D/prog daemon) &' &)"
	grep -v 'sh -c' "$out" >"$D/execs"
	out=$D/execs
	seen thread forked vfork leaderless daemon
	out=$D/out
	runs 0 -- "$PROGRAMS/storm" vfork 2 2000 "$D/prog"
	[ "$(grep -cF "  0 $D/prog storm " "$out")" = 4000 ] || fail "not 4,000 were shown"
	start --mntns "$other"
	"$D/prog" here
	in_other "$D/prog" there
	stop
	seen there
	start -c "$one"
	"$D/prog" outside
	in_cgroup "$one" "$D/prog" there
	stop
	seen there
	start_told
	start -p $told
	tell "$PROGRAMS/call thread $D/prog thread"
	tell "exec $D/prog itself"
	stop_told
	stop
	seen thread itself
	quiet
	stop_other
	rmdir "$one"
}

idle() {
	"$PROGRAMS/live" 3 &
	start -p $!
	sleep 1.5
	ticks=$(awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$tracer/stat")
	stop
	[ "$ticks" -lt 15 ] || fail "it worked for $ticks hundredths of a second"
}

case_ "-p shows a process and its descendants, those from before too" descendants_of_a_pid
case_ "-p can be given more than once" two_pids
case_ "-p ends when they have" ends_with_its_pids
case_ "-p follows forks of threads, and a process without its first thread" forks_of_threads
case_ "-p does not follow another process with a member's id" reused_pid
case_ "-p misses none of those that come and go while it starts" short_lived_descendants
case_ "-p takes a thread's id for its process" thread_id
case_ "-p refuses what is no process" bad_pids
case_ "-- shows a command from its first exec, its daemons too, and nothing else" command_from_its_first_exec
case_ "-- ends as the command does" command_status
case_ "-- hands signals on" command_and_signals
case_ "-- leaves no descriptor open to the command" command_inherits_nothing
case_ "--user runs the command as another user, and only then" command_as_user
case_ "-- ends when all have ended, and not before" chains
case_ "-- shows a thread that is killed in its exec, and ends with it" killed_in_exec
case_ "-- gives the command the signals, limits and descriptors that we got" command_inherits
case_ "takes more descriptors than it is given" few_descriptors
case_ "-- ends in a pid namespace when all have ended, and -p and -P are refused there" in_a_pid_namespace unshare
case_ "-- knows its own in a pid namespace by their ids" by_id_in_a_pid_namespace unshare strace
case_ "-- hands a signal to a command that is another user's by then" signal_to_another_user
case_ "-- ends with SIGHUP, with all it had seen" hangup
case_ "-d ends it though the command has ignored a signal" duration_after_a_signal
case_ "-- misses none of 50,000 short processes" fifty_thousand
case_ "-- and other filters compose" filters_compose
case_ "says that the table of descendants is full" full_table strace
new=$X
case_ "follows and filters without raw tracepoints, as before Linux 4.17" as_before_4_17 strace
case_ "works little while what it follows does nothing" idle
