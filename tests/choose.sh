# SPDX-License-Identifier: GPL-2.0-only
# Shared by filter.sh, follow.sh and container.sh: a bpffs, cgroups, namespaces, and what they expect.
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

# runs STATUS ARGUMENT...: the tracer ends with that status.
runs() {
	wanted=$1
	shift
	timeout 60 "$X" -o - "$@" >"$out" 2>"$err"
	status=$?
	[ $status = "$wanted" ] || fail "$*: exit status $status, not $wanted: $(cat "$err")"
}

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
