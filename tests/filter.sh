#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Choosing what to trace: maps made by the real bpftool, namespaces, cgroups.
# Usage: filter.sh EXECSNOOP DIRECTORY, as root.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
. "$(dirname "$0")/choose.sh"

# ---- pinned maps ----

# By a user with capabilities alone (Linux 5.8), from 4.15 on.
map_of_others() {
	new_map others_$case_number 4
	chmod 755 "$T" "$D" "$BPF"
	chmod 644 "$BPF/others_$case_number"
	cp "$X" "$D/tracer"
	capable() { setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +bpf,+perfmon --ambient-caps +bpf,+perfmon "$@"; }
	capable true 2>"$err" || { skipped="no capabilities can be given here: $(head -n 1 "$err")"; return; }
	capable "$D/tracer" --source bpf -d 0.1 >"$out" 2>"$err" || { skipped="they are not enough here: $(head -n 1 "$err")"; return; }
	capable "$D/tracer" --source bpf --mntnsmap "$BPF/others_$case_number" -d 0.1 >"$out" 2>"$err" || fail "status $?: $(cat "$err")"
	chmod 600 "$BPF/others_$case_number"
	capable "$D/tracer" --source bpf --mntnsmap "$BPF/others_$case_number" -d 0.1 >"$out" 2>"$err"
	is $? 1
	has "$err" '^execsnoop: --mntnsmap: cannot open a pinned map at .*: Permission denied; '
}

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
	has "$err" '^execsnoop: warning: --print-cgroup and --print-cgroup-path show "?"'
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

case_ "--mntnsmap takes bpftool's map, values of 4 bytes, and its changes" mntnsmap_4 bpftool
case_ "--mntnsmap takes values of 64 bytes" mntnsmap_64 bpftool
case_ "--mntnsmap takes a map that its user may only read" map_of_others bpftool setpriv
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
