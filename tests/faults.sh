#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Every call that set-up makes fails once, with each error that it may plausibly have, by strace's fault injection.
# It must end in one line that says so, or trace all the same: no crash, no hang, nothing missing unsaid.
# Usage: faults.sh EXECSNOOP DIRECTORY, as root.
set -u
X=$1
PROGRAMS=$2
CALLS=bpf,perf_event_open,ioctl,mmap,mount,fsopen,fsconfig,fsmount,openat,open,read,readv,newfstatat,readlinkat

# traced DIRECTORY [INJECTION]: status in $status, what it wrote in the directory's out, err and trace. What is traced
# is a program, and one that is not there.
traced() {
	cp "$PROGRAMS/nothing" "$1/prog"
	cat >"$1/command" <<-END
		#!/bin/sh
		$1/prog word
		$PROGRAMS/call execve $1/missing word 2>/dev/null
		exit 7
	END
	chmod +x "$1/command"
	# shellcheck disable=SC2086 # several options in one word
	timeout 20 strace -qq -o "$1/trace" -e trace=$CALLS,fork,vfork,clone ${2:-} "$X" -o - --source bpf -x --print-mntns -- \
		"$1/command" >"$1/out" 2>"$1/err" </dev/null
	status=$?
}

# wrong DIRECTORY: why what came out is not right; nothing if it is.
wrong() {
	case $status in
	124) echo "it hangs" ;;
	1)
		[ "$(wc -l <"$1/out")" -le 1 ] || echo "status 1, and more than the head"
		grep -q '^execsnoop: .*: ' "$1/err" || echo "no error is told"
		[ "$(grep -vc "warning: " "$1/err")" = 1 ] || echo "more than one error is told"
		;;
	7)
		# What does not come is said to be lost, or not to be seen here.
		grep -q "  0 $1/prog word\$" "$1/out" || grep -q '^execsnoop: lost [1-9]' "$1/err" ||
			echo "the exec is missing"
		grep -q " -2 $1/missing word\$" "$1/out" ||
			grep -q '^execsnoop: lost [1-9]\|failed execs cannot' "$1/err" || echo "the failure is missing"
		grep -v '^execsnoop: ' "$1/err"
		;;
	*) echo "status $status" ;;
	esac
}

# One of those that are run at a time, below.
if [ "${3:-}" = one ]; then
	call=$4 number=$5 errno=$6
	D=$(mktemp -d -p "$T")
	tries=0
	while # some calls are made oftener one time than another
		tries=$((tries + 1))
		traced "$D" "-e inject=$call:error=$errno:when=$number"
		! grep -q INJECTED "$D/trace" && [ $tries -lt 5 ]
	do :; done
	why=$(wrong "$D")
	grep -q INJECTED "$D/trace" || why="nothing was injected"
	[ -z "$why" ] || echo "# $call, call $number, $errno: $why: $(head -c 300 "$D/err")"
	rm -rf "$D"
	exit
fi
T=$(mktemp -d)
export T
trap 'rm -rf "$T"' EXIT

# fails CALL ERRNO...: each such call before the command is run. Most of the time goes by in waiting for the kernel to
# detach, so some are run at a time (a tracepoint takes 64 programs).
fails() {
	call=$1
	shift
	n=$(grep -c "^$call(" "$T/set-up")
	for errno; do
		i=0
		while [ $i -lt "$n" ]; do i=$((i + 1)); echo "$call $i $errno"; done
	done | xargs -P 4 -n 3 sh "$0" "$X" "$PROGRAMS" one >"$T/bad"
	cat "$T/bad"
	[ -s "$T/bad" ] && printf 'not '
	echo "ok each of $n calls of $call fails once: $*"
}

traced "$T"
[ "$status" = 7 ] && [ -z "$(wrong "$T")" ] || { echo "not ok it works without faults: $(cat "$T/err")"; exit; }
# What comes before the command, which is the last that is made, is set-up.
awk '/^(fork|vfork|clone)\(/ { last = NR } { line[NR] = $0 } END { for (i = 1; i < last; i++) print line[i] }' \
	"$T/trace" >"$T/set-up"
fails bpf EPERM EINVAL ENOMEM
fails perf_event_open EACCES EMFILE ENODEV
fails ioctl EINVAL ENOMEM EEXIST
fails mmap ENOMEM EPERM
fails openat ENOENT EACCES EMFILE
fails read EIO
for call in mount fsopen fsconfig fsmount open readv readlinkat newfstatat; do
	if grep -q "^$call(" "$T/set-up"; then fails $call EPERM ENOSYS; fi
done
