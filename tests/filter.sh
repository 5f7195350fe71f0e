#!/bin/sh
# Choosing what to trace: maps made by the real bpftool, namespaces, cgroups, descendants, a command.
# Usage: filter.sh EXECSNOOP DIRECTORY, as root.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
PROGRAMS=$(cd "$PROGRAMS" && pwd)
C=$PROGRAMS/call
BPF=$T/bpf CG=$T/cgroup
mkdir "$BPF" "$CG"
cleanup() {
	[ -z "$tracer" ] || kill "$tracer" 2>/dev/null
	find "$CG" -mindepth 1 -depth -type d -name "${T##*/}*" -exec sh -c \
		'while read -r p; do kill -9 $p; done <"$1/cgroup.procs"; sleep 0.1; rmdir "$1"' sh {} \; 2>/dev/null
	for m in "$BPF" "$CG"; do umount "$m" 2>/dev/null || umount -l "$m" 2>/dev/null; done
	remove_all
}
tracer=
trap cleanup EXIT
mount -t bpf bpf "$BPF" || { echo "not ok a bpffs can be mounted"; exit 1; }
mount -t cgroup2 none "$CG" || { echo "not ok cgroup v2 can be mounted"; exit 1; }
# In a chroot "/" may be no mount point, whose propagation cannot be changed.
NEW_NS='unshare -m --propagation unchanged'
U=${T##*/} # what the test's own cgroups begin with

# bytes NUMBER: the eight bytes of a key, as bpftool takes them, in this machine's order.
bytes() {
	printf '%016x' "$1" | sed 's/../& /g' | if [ "$(printf '\001\000' | od -An -td2 | tr -d ' ')" = 1 ]; then
		awk '{ for (i = 8; i > 0; i--) printf "0x%s ", $i }'
	else
		awk '{ for (i = 1; i <= 8; i++) printf "0x%s ", $i }'
	fi
}

# new_map NAME VALUE_SIZE
new_map() { bpftool map create "$BPF/$1" type hash key 8 value "$2" entries 64 name "${1%%_*}"; }

# set_key MAP NUMBER [VALUE_SIZE]; unset_key MAP NUMBER
set_key() {
	# shellcheck disable=SC2046 # bpftool takes bytes as words
	bpftool map update pinned "$BPF/$1" key $(bytes "$2") value $(yes 0 | head -n "${3:-8}")
}
unset_key() {
	# shellcheck disable=SC2046
	bpftool map delete pinned "$BPF/$1" key $(bytes "$2")
}

mntns_of() { stat -Lc %i "/proc/$1/ns/mnt"; }

# new_cgroup NAME: makes the cgroup v2 directory and prints it.
new_cgroup() {
	mkdir -p "$CG/$U$1"
	echo "$CG/$U$1"
}

# in_cgroup DIRECTORY COMMAND...: executes it there.
in_cgroup() {
	# shellcheck disable=SC2016 # the inner shell's
	sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$@"
}

# A process in a mount namespace of its own: $other.
start_other() {
	$NEW_NS sleep 1000 &
	other=$!
	tries=0
	while [ "$(mntns_of $other)" = "$(mntns_of $$)" ] && [ $tries -lt 500 ]; do
		sleep 0.01
		tries=$((tries + 1))
	done
}
in_other() { enter "$other" "$@"; }
# enter PID COMMAND...: in its mount namespace, with its root.
enter() {
	nsenter_pid=$1
	shift
	nsenter -t "$nsenter_pid" -m -r -- "$@"
}
stop_other() { kill "$other"; wait "$other" 2>/dev/null; }

# seen LINE...: $D/prog was shown with these arguments, each once, in this order, and no others.
seen() {
	printf '%s\n' "$@" | grep . >"$D/expected"
	shown_args >"$D/shown"
	cmp -s "$D/expected" "$D/shown" || fail "shown: $(tr '\n' ';' <"$D/shown")"
}
shown_args() { sed -n "s|^.*  *-\{0,1\}[0-9]\{1,3\} $D/prog ||p" "$out"; }

# The same in any order: the lines given are sorted.
seen_sorted() {
	shown_args | sort | sed "s|^|x 0 $D/prog |" >"$D/sorted"
	out=$D/sorted
	seen "$@"
}

# ---- pinned maps ----

mntnsmap() {
	start_other
	new_map mntnsmap_$case_number "$1"
	start --mntnsmap "$BPF/mntnsmap_$case_number"
	in_other "$D/prog" before
	"$D/prog" here
	set_key mntnsmap_$case_number "$(mntns_of $other)" "$1"
	in_other "$D/prog" while
	"$D/prog" here
	set_key mntnsmap_$case_number "$(mntns_of $$)" "$1"
	"$D/prog" both
	unset_key mntnsmap_$case_number "$(mntns_of $other)"
	in_other "$D/prog" after
	stop
	stop_other
	seen while both
	quiet
}
mntnsmap_4() { mntnsmap 4; }
mntnsmap_64() { mntnsmap 64; }

cgroupmap() {
	one=$(new_cgroup one)
	two=$(new_cgroup two)
	new_map cgroupmap_$case_number 8
	start --cgroupmap "$BPF/cgroupmap_$case_number"
	in_cgroup "$one" "$D/prog" before
	set_key cgroupmap_$case_number "$(stat -c %i "$one")"
	in_cgroup "$one" "$D/prog" while
	in_cgroup "$two" "$D/prog" other
	mkdir "$one/below"
	in_cgroup "$one/below" "$D/prog" below
	unset_key cgroupmap_$case_number "$(stat -c %i "$one")"
	in_cgroup "$one" "$D/prog" after
	stop
	rmdir "$one/below" "$one" "$two"
	seen while
	quiet
}

both_maps() {
	one=$(new_cgroup one)
	start_other
	new_map mntnsmap_both 8
	new_map cgroupmap_both 8
	set_key mntnsmap_both "$(mntns_of $other)"
	set_key cgroupmap_both "$(stat -c %i "$one")"
	start --mntnsmap "$BPF/mntnsmap_both" --cgroupmap "$BPF/cgroupmap_both"
	"$D/prog" neither
	in_other "$D/prog" namespace
	in_cgroup "$one" "$D/prog" cgroup
	in_cgroup "$one" nsenter -t "$other" -m -r -- "$D/prog" both
	stop
	stop_other
	rmdir "$one"
	seen both
	quiet
}

failures_by_map() {
	start_other
	new_map mntnsmap_fail 8
	set_key mntnsmap_fail "$(mntns_of $other)"
	start -x --mntnsmap "$BPF/mntnsmap_fail"
	"$PROGRAMS/call" execve "$D/missing" here
	in_other "$PROGRAMS/call" execve "$D/missing" there
	stop
	stop_other
	shows 1 " -2 $D/missing there\$"
	shows 0 "$D/missing here"
	quiet
}

# refused TEXT OPTION...: one line on standard error that says this, status 1, nothing shown.
refused() {
	text=$1
	shift
	"$X" -d 5 "$@" >"$out" 2>"$err"
	status=$?
	[ $status = 1 ] || fail "$*: exit status $status, not 1"
	[ "$(wc -l <"$err")" = 1 ] || fail "$*: not one line: $(cat "$err")"
	[ ! -s "$out" ] || fail "$*: something is shown"
	has "$err" "^execsnoop: $text"
}

bad_maps() {
	for type in lru_hash percpu_hash lru_percpu_hash; do
		bpftool map create "$BPF/$type" type $type key 8 value 8 entries 4 name $type
	done
	bpftool map create "$BPF/array" type array key 4 value 8 entries 4 name array
	bpftool map create "$BPF/short" type hash key 4 value 8 entries 4 name short
	bpftool map create "$BPF/secret" type hash key 8 value 8 entries 4 name secret flags 0x100
	for option in mntnsmap cgroupmap; do
		refused "--$option: .*/missing\": No such file or directory; .*bpffs" --$option "$BPF/missing"
		refused "--$option: .*no file of a bpffs" --$option "$D/prog"
		refused "--$option: .*no file of a bpffs" --$option "$D"
		refused "--$option: .*is an array .*only a plain hash" --$option "$BPF/array"
		refused "--$option: .*is an lru_hash .*only a plain hash" --$option "$BPF/lru_hash"
		refused "--$option: .*is a percpu_hash .*only a plain hash" --$option "$BPF/percpu_hash"
		refused "--$option: .*is an lru_percpu_hash .*only a plain hash" --$option "$BPF/lru_percpu_hash"
		refused "--$option: .*have 4 bytes; .*8 bytes" --$option "$BPF/short"
		refused "--$option: .*may not be read by programs" --$option "$BPF/secret"
	done
}

pinned_program() {
	start
	id=$(bpftool -j prog show | jq -r '[.[] | select(.type == "raw_tracepoint" or .type == "tracepoint") | .id] | last')
	bpftool prog pin id "$id" "$BPF/program"
	stop
	refused "--mntnsmap: what is pinned at .* is no map but a BPF program" --mntnsmap "$BPF/program"
}

# The kernel says that it has no helper 80 (bpf_get_current_cgroup_id): which bpf(2) call asks for it is
# the last program loaded before the first that is attached.
no_cgroup_ids() {
	new_map cgroupmap_old 8
	strace -qq -e trace=bpf -o "$D/trace" "$X" -d 0.1 >/dev/null
	n=$(grep '^bpf' "$D/trace" | grep -n BPF_RAW_TRACEPOINT_OPEN | head -n 1 | cut -d: -f1)
	# one before is the learner's own program
	refused_by() {
		strace -qq -o "$D/trace" -e inject=bpf:error=EINVAL:when=$((n - 2)) "$X" -d 0.2 "$@" >"$out" 2>"$err"
		status=$?
	}
	refused_by --cgroupmap "$BPF/cgroupmap_old"
	[ $status = 1 ] || fail "exit status $status"
	has "$err" '^execsnoop: --cgroupmap: .*bpf_get_current_cgroup_id (Linux 4.18.*--mntnsmap'
	refused_by --print-cgroup
	[ $status = 0 ] || fail "exit status $status"
	has "$err" '^execsnoop: warning: --print-cgroup shows "?"'
}

# ---- without bpftool ----

mntns_by_pid_and_file() {
	start_other
	first=$other
	start_other
	: >"$D/bound"
	mount --bind "/proc/$other/ns/mnt" "$D/bound" || fail "a namespace cannot be bound"
	for what in "$other" "/proc/$other/ns/mnt" "$D/bound"; do
		start --mntns "$what"
		"$D/prog" here
		in_other "$D/prog" there
		stop
		seen there
		quiet
	done
	start --mntns "$first" --mntns "$D/bound"
	"$D/prog" here
	in_other "$D/prog" second
	enter "$first" "$D/prog" first
	stop
	umount "$D/bound"
	stop_other
	kill "$first"
	wait "$first" 2>/dev/null
	seen second first
	quiet
}

# A process whose first thread has ended.
mntns_without_leader() {
	"$C" leaderless "$D/prog" x &
	pid=$!
	sleep 0.1
	"$X" --mntns $pid -d 1 -l "$D" >"$out" 2>"$err" || fail "exit status $?: $(cat "$err")"
	wait
}

bad_mntns() {
	mkfifo "$D/fifo"
	refused '--mntns: .*fifo" is no mount namespace' --mntns "$D/fifo"
	refused '--mntns: cannot open ""' --mntns ''
	refused '--mntns: .*process 4194304: No such file' --mntns 4194304
	refused '--mntns: .*/missing": No such file' --mntns "$D/missing"
	refused '--mntns: .*is no mount namespace' --mntns /proc/self/ns/uts
	refused '--mntns: .*is no mount namespace' --mntns "$D/prog"
}

# The namespace is the one at the exec: unshare(1) itself is still outside, what it executes is not.
namespace_at_the_exec() {
	start --mntns $$ --print-mntns
	$NEW_NS "$D/prog" inside
	$NEW_NS sh -c "\"\$0\" deep" "$D/prog"
	"$D/prog" outside
	stop
	seen outside
	shows 1 " $(mntns_of $$)  *0 [^ ]*$NEW_NS $D/prog inside\$"
}

cgroup_and_below() {
	one=$(new_cgroup one)
	two=$(new_cgroup two)
	mkdir "$one/below"
	start -c "$one"
	"$D/prog" outside
	in_cgroup "$one" "$D/prog" there
	in_cgroup "$two" "$D/prog" beside
	in_cgroup "$one/below" "$D/prog" below
	mkdir -p "$one/later/deep"
	in_cgroup "$one/later/deep" "$D/prog" later
	stop
	seen there below later
	quiet
	start --cgroup "$one/below" --cgroup "$two"
	in_cgroup "$one" "$D/prog" above
	in_cgroup "$two" "$D/prog" second
	in_cgroup "$one/below" "$D/prog" first
	stop
	rmdir "$one/later/deep" "$one/later" "$one/below" "$one" "$two"
	seen second first
	quiet
}

sixteen_cgroups() {
	options=
	for i in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16; do
		options="$options -c $(new_cgroup $i)"
	done
	# shellcheck disable=SC2086 # words
	start $options
	for i in 01 02 08 09 15 16; do in_cgroup "$CG/$U$i" "$D/prog" $i; done
	"$D/prog" outside
	stop
	seen 01 02 08 09 15 16
	# shellcheck disable=SC2086
	usage_error 'at most 16' $options -c "$CG"
	for i in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16; do rmdir "$CG/$U$i"; done
}

bad_cgroups() {
	refused '--cgroup: cannot open .*/missing": No such file' --cgroup "$CG/missing"
	refused '--cgroup: .*: Not a directory' --cgroup "$CG/cgroup.procs"
	refused '--cgroup: .*is no cgroup v2 directory.*--mntns' --cgroup "$D"
}

prints_what_matched() {
	one=$(new_cgroup one)
	start_other
	start --print-mntns --print-cgroup
	heads "PCOMM            PID    PPID   MNTNS      CGROUP     RET ARGS"
	in_cgroup "$one" nsenter -t "$other" -m -r -- "$D/prog" x
	stop
	shows 1 "^prog  *[0-9]* *$$ *$(mntns_of $other)  *$(stat -c %i "$one")  *0 $D/prog x\$"
	stop_other
	rmdir "$one"
	quiet
}

# ---- descendants ----

# A shell that executes, in a child, what it is told by a fifo: $told.
start_told() {
	mkfifo "$D/fifo"
	sh -c 'while read -r line; do eval "$line"; done <"$0"' "$D/fifo" &
	told=$!
	exec 9>"$D/fifo"
}
tell() { echo "$*" >&9; }
stop_told() {
	(tell exit) 2>/dev/null # in a shell of its own: nobody may read any more
	exec 9>&-
	wait "$told"
}

# told_has FILE: waits for the told shell to have come so far.
told_has() {
	tries=0
	while ! [ -e "$1" ] && [ $tries -lt 1000 ]; do sleep 0.01; tries=$((tries + 1)); done
	[ -e "$1" ] || fail "the told shell does not get to $1"
}

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
	usage_error 'not a process id' -p 0
	usage_error 'not a process id' -p x
	usage_error 'not a process id' --pid -1
	refused '--pid: cannot find process 4194303: No such process; ' --pid 4194303
	if unshare -pf --mount-proc true 2>/dev/null; then
		unshare -pf --mount-proc "$X" -d 5 -p 1 >"$out" 2>"$err"
		[ $? = 1 ] || fail "a pid namespace: exit status $?"
		has "$err" 'in another pid namespace than the initial one'
	fi
}

# ---- a command ----

# runs STATUS ARGUMENT...: the tracer ends with that status.
runs() {
	wanted=$1
	shift
	timeout 60 "$X" "$@" >"$out" 2>"$err"
	status=$?
	[ $status = "$wanted" ] || fail "$*: exit status $status, not $wanted: $(cat "$err")"
}

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
	runs 1 -- "$D/missing"
	has "$err" "^execsnoop: cannot execute the command \"$D/missing\": No such file or directory; is it in the PATH?\$"
	runs 1 -- "$D"
	has "$err" "^execsnoop: cannot execute the command \"$D\": Permission denied\$"
	[ "$(wc -l <"$err")" = 1 ] || fail "more than one line: $(cat "$err")"
	usage_error 'no command' --
	usage_error 'a command to run stands behind --' true
	runs 3 -n -- -- sh -c 'exit 3'
}

command_and_signals() {
	# From another process the signal is handed on, and what the command does then is shown.
	"$X" -- sh -c "trap '$D/prog trapped; exit 5' TERM; : >$D/ready; while :; do sleep 0.05; done" >"$out" 2>"$err" &
	tracer=$!
	told_has "$D/ready"
	stop TERM
	[ $status = 5 ] || fail "exit status $status, not 5"
	seen trapped
	"$X" -- sleep 1000 >"$out" 2>"$err" &
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
	unshare -pf --mount-proc "$X" -- sh -c "$(ends_late)" >"$out" 2>"$err"
	is $? 0
	seen early late
	for option in -p -P; do
		unshare -pf --mount-proc "$X" -d 1 $option 1 >"$out" 2>"$err"
		is $? 1
		has "$err" 'in another pid namespace than the initial one'
	done
	# Nor is another process's memory read. (Before Linux 6.9 the kernel has read the arguments when it looks for the file.)
	since 6 9 || return
	unshare -pf --mount-proc "$X" -q -x -- "$C" untouched "$D/missing" sl one >"$out" 2>"$err"
	shows 1 " -2 \"$D/missing\" <unreadable>\$"
}

# Where members are known by their ids, as before Linux 4.17.
by_id_in_a_pid_namespace() {
	unshare -pf --mount-proc strace -D -qq -o "$D/trace" -e inject=bpf:error=EINVAL:when=2..4 "$X" -- \
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
	"$X" -o "$D/lines" -- sh -c "$D/prog 1; $D/prog 2; kill -HUP \$PPID; sleep 0.2; $D/prog 3" 2>"$err"
	status=$?
	[ $status = 129 ] || fail "exit status $status, not 129"
	out=$D/lines
	seen 1 2
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
		"$X" -- sh -c "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.5 & done; wait" >"$out" 2>"$err"
	has "$err" '^execsnoop: could not follow [0-9]* more threads: too many live at once'
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

# ---- a container ----

container() {
	mkdir -p "$D/bundle/rootfs/bin"
	cp "$(command -v busybox)" "$D/bundle/rootfs/bin/busybox"
	cp "$D/prog" "$D/bundle/rootfs/bin/inside"
	for a in sh sleep; do ln -s busybox "$D/bundle/rootfs/bin/$a"; done
	(cd "$D/bundle" && runc spec)
	jq '.process.terminal = false | .root.readonly = false | .process.args =
		["sh", "-c", "while ! [ -e /go ]; do sleep 0.02; done; inside 1; sh -c \"inside 2; true\""]' \
		"$D/bundle/config.json" >"$D/config" && mv "$D/config" "$D/bundle/config.json"
	one=$(new_cgroup container)
	# shellcheck disable=SC2016 # the inner shell's
	if ! in_cgroup "$one" runc --root "$D/state" run -d --pid-file "$D/pid" -b "$D/bundle" "$U" \
		>"$D/log" 2>&1 </dev/null; then
		rmdir "$one"
		# No pivot_root(2) where "/" is no mount point, and no cgroups are mounted.
		if ! unshare -m true 2>/dev/null; then
			skipped="no container runs in a chroot: $(tail -n 1 "$D/log" | tr -d '#')"
		else
			fail "runc: $(cat "$D/log")"
		fi
		return 1
	fi
	pid=$(cat "$D/pid")
	own=$CG$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
}

in_container() {
	container || return
	case $1 in
	mntns) start --mntns "$pid" ;;
	mntnsmap)
		new_map mntnsmap_container 8
		set_key mntnsmap_container "$(mntns_of "$pid")"
		start --mntnsmap "$BPF/mntnsmap_container"
		;;
	cgroup) start -c "$own" ;;
	pid) start -p "$pid" ;;
	esac
	"$D/prog" outside
	: >"$D/bundle/rootfs/go"
	tries=0
	while kill -0 "$pid" 2>/dev/null && [ $tries -lt 500 ]; do sleep 0.01; tries=$((tries + 1)); done
	stop
	runc --root "$D/state" delete -f "$U"
	rmdir "$own" "$one" 2>/dev/null
	shows 1 '^inside .*  0 /bin/inside 1$'
	shows 1 '^inside .*  0 /bin/inside 2$'
	shows 0 "$D/prog"
	quiet
}
container_by_mntns() { in_container mntns; }
container_by_mntnsmap() { in_container mntnsmap; }
container_by_cgroup() { in_container cgroup; }
container_by_pid() { in_container pid; }

# ---- a build ----

# A small C project; what make executes is compared with what strace sees of the same build.
build() {
	mkdir "$D/project"
	for i in 1 2 3 4 5 6; do echo "int f$i(void) { return $i; }" >"$D/project/f$i.c"; done
	echo 'int main(void) { return 0; }' >"$D/project/main.c"
	cat >"$D/project/Makefile" <<-'END'
		OBJECTS = main.o f1.o f2.o f3.o f4.o f5.o f6.o
		program: $(OBJECTS); gcc -o $@ $(OBJECTS) && ls -l "$@"
		%.o: %.c; gcc -c -o $@ $< ; test -s $@
		clean: ; rm -f program *.o
	END
	make -s -C "$D/project" clean
	strace -f -qq -s 100000 -e trace=execve,execveat -e status=successful -o "$D/trace" \
		make -j4 -s -C "$D/project" program >/dev/null 2>&1 || fail "the build fails under strace"
	make -s -C "$D/project" clean
	runs 0 -q --max-args 0 -- make -j4 -s -C "$D/project" program
	# Only names and arguments, without what differs by chance: names of temporary files.
	sed -n 's/^[0-9]* *execve("\([^"]*\)", \[\([^]]*\)\], 0x.*/\1 \2/p' "$D/trace" |
		sed 's/^\([^ ]*\) "[^"]*",* */\1 /; s/, / /g; s/ $//; s/^\([^ ]*\)/"\1"/' >"$D/traced"
	sed -n 's/^.*   0 "/"/p' "$out" >"$D/snooped"
	for f in traced snooped; do
		sed 's|/tmp/cc[A-Za-z0-9]*|TEMPORARY|g; s/--jobserver-auth=[^ "]*//g' "$D/$f" | sort >"$D/$f.sorted"
	done
	cmp -s "$D/traced.sorted" "$D/snooped.sorted" ||
		fail "$(diff "$D/traced.sorted" "$D/snooped.sorted" | head -n 10)"
	[ "$(wc -l <"$D/snooped.sorted")" -gt 30 ] || fail "only $(wc -l <"$D/snooped.sorted") execs"
	quiet
}

case_ "--mntnsmap takes bpftool's map, values of 4 bytes, and its changes" mntnsmap_4 bpftool
case_ "--mntnsmap takes values of 64 bytes" mntnsmap_64 bpftool
case_ "--cgroupmap takes bpftool's map, and its changes, for that cgroup alone" cgroupmap bpftool
case_ "--mntnsmap and --cgroupmap together must both match" both_maps bpftool
case_ "--mntnsmap filters failed execs" failures_by_map bpftool
case_ "refuses what is no hash map with keys of 8 bytes, in one line" bad_maps bpftool
case_ "refuses a pinned program" pinned_program bpftool jq
case_ "--cgroupmap says that the kernel cannot tell cgroup ids" no_cgroup_ids bpftool strace
case_ "--mntns takes a process, its file, a bound file, and several" mntns_by_pid_and_file
case_ "--mntns takes a process without its first thread" mntns_without_leader
case_ "--mntns refuses what is no mount namespace" bad_mntns
case_ "--mntns goes by the namespace at the exec" namespace_at_the_exec
case_ "--cgroup takes a directory and all below it, later ones too, and several" cgroup_and_below
case_ "--cgroup takes 16 directories and no more" sixteen_cgroups
case_ "--cgroup refuses what is no cgroup v2 directory" bad_cgroups
case_ "prints namespace and cgroup as stat does" prints_what_matched
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
case_ "-- misses none of 50,000 short processes" fifty_thousand
case_ "-- and other filters compose" filters_compose
case_ "says that the table of descendants is full" full_table strace
new=$X
case_ "follows and filters without raw tracepoints, as before Linux 4.17" as_before_4_17 strace
case_ "shows what a container executes, by --mntns" container_by_mntns runc jq
case_ "shows what a container executes, by --mntnsmap" container_by_mntnsmap runc jq bpftool
case_ "shows what a container executes, by --cgroup" container_by_cgroup runc jq
case_ "shows what a container executes, by --pid" container_by_pid runc jq
case_ "-- make -j shows what strace -f sees" build gcc make strace
