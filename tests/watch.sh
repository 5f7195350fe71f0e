# SPDX-License-Identifier: GPL-2.0-only
# Shared by ways.sh and calls.sh: one tracer watches all their cases, since to end one takes longer than most cases.
PROGRAMS=$(cd "$PROGRAMS" && pwd)
C=$PROGRAMS/call
PAGE=$("$C" page-size -)
ENAMETOOLONG=36 ELOOP=40
case $(uname -m) in mips*) ENAMETOOLONG=78 ELOOP=90 ;; esac

# watch FUNCTION [ARG]...: what it executes, in $out.
watch() {
	before=$(wc -l <"$watched")
	"$@" 2>/dev/null
	"$PROGRAMS/nothing" "$D"
	tries=0
	: >"$out"
	until tail -n "+$((before + 1))" "$watched" | grep -qF "$PROGRAMS/nothing\" \"$D\""; do
		nap
		tries=$((tries + 1))
		[ $tries -lt 500 ] || { fail "the tracer shows no more"; return; }
	done
	tail -n "+$((before + 1))" "$watched" >"$out"
}

# args RET NAME: the ARGS of the lines with that result and file name.
args() {
	RET=$1 NAME="\"$2\"" awk '
		i = index($0, " " ENVIRON["RET"] " " ENVIRON["NAME"]) { print substr($0, i + length(ENVIRON["RET"]) + 2) }
	' "$out"
}

# ids RET NAME: their UID, PID and PPID.
ids() {
	RET=$1 NAME="\"$2\"" awk '
		i = index($0, " " ENVIRON["RET"] " " ENVIRON["NAME"]) {
			n = split(substr($0, 1, i), column)
			print column[1], column[n - 1], column[n]
		}
	' "$out"
}

# args_of PID RET: the same of the process's lines, for those whose name may be unreadable.
args_of() {
	awk -v pid="$1" -v ret="$2" '$3 == pid && $5 == ret { print substr($0, index($0, " " ret " ") + length(ret) + 2) }' "$out"
}

# same FILE FILE WHAT: the first has what is expected, the second what is shown.
same() {
	cmp -s "$1" "$2" || fail "$3: expected $(head -c 400 "$1") but shown $(head -c 400 "$2"):" \
		"$(wc -c <"$1") and $(wc -c <"$2") bytes, $(cmp "$1" "$2" 2>&1)"
}

# shown RET NAME: the ARGS of the lines with that result and name are those of standard input, exactly.
shown() {
	cat >"$D/expected"
	args "$@" >"$D/shown"
	same "$D/expected" "$D/shown" "$1"
}

# shown_of PID RET
shown_of() {
	cat >"$D/expected"
	args_of "$@" >"$D/shown"
	same "$D/expected" "$D/shown" "$2"
}

skip() {
	echo "ok $1 # skip: $2"
}

nothing_else_said() {
	tracer=$watcher err=$watched_err
	stop
	# shellcheck disable=SC2154 # stop sets it
	is "$status" 0
	quiet
}

# shellcheck disable=SC2034 # for start
watched=$T/watched watched_err=$T/watched_err D=$T failures=0
out=$watched err=$watched_err
start -x -q -U --max-args 0 --max-bytes 0 --ring-size 16384
[ $failures = 0 ] || { echo "not ok the tracer starts"; exit 1; }
watcher=$tracer
trap 'kill $watcher 2>/dev/null; remove_all' EXIT
