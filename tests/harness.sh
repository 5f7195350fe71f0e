# SPDX-License-Identifier: GPL-2.0-only
# What the end-to-end tests have in common: sourced by e2e.sh and ways.sh with EXECSNOOP and DIRECTORY
# as arguments, as root; DIRECTORY holds the static programs that are executed. POSIX sh and what
# BusyBox has, because they also run in guests that have nothing else.
set -u
X=$1
PROGRAMS=$2
T=$(mktemp -d) || exit
# Not into what is still mounted there: that is the machine's.
remove_all() { grep -qF " $T/" /proc/mounts || rm -rf "$T"; }
trap remove_all EXIT
case_number=0

# case_ SENTENCE FUNCTION [COMMAND]...: runs one case. It fails if a check in it does. The commands are what it needs;
# in a guest they may not be there. CASES, an extended regular expression, chooses among the sentences.
case_() {
	sentence=$1 function=$2
	shift 2
	[ -z "${CASES:-}" ] || echo "$sentence" | grep -Eqe "$CASES" || return 0
	if [ -n "${UNSUITED:-}" ] && echo "$sentence" | grep -Eqe "$UNSUITED"; then
		echo "ok $sentence # skip: not with the sanitizers"
		return
	fi
	for command; do
		command -v "$command" >/dev/null || { echo "ok $sentence # skip: no $command here"; return; }
	done
	case_number=$((case_number + 1))
	D=$T/$case_number # the case's own directory, whose name tells its execs from all others
	mkdir "$D"
	cp "$PROGRAMS/nothing" "$D/prog"
	out=$D/out err=$D/err failures=0 tracer='' skipped=''
	if command -v "$function" >/dev/null; then $function; else fail "there is no function $function"; fi
	[ -z "$tracer" ] || stop
	if [ "$failures" = 0 ]; then
		echo "ok $sentence${skipped:+ # skip: $skipped}"
		rm -rf "$D"
	else
		echo "not ok $sentence"
	fi
}

# few N: what is done many times is done so many times, or FEW times less: a guest is slow.
few() { echo $(($1 / ${FEW:-1})); }

# nap: the time between two looks at what is to come. NAP: a guest is kept busy by looks.
nap() { sleep "${NAP:-0.01}"; }

fail() {
	failures=$((failures + 1))
	echo "$*" | sed 's/^/# /'
}

# is WHAT WANTED
is() {
	[ "$1" = "$2" ] || fail "'$1' is not '$2'"
}

# since MAJOR MINOR: the running kernel is that one or later.
since() {
	uname -r | awk -F'[^0-9]' -v major="$1" -v minor="$2" '{ exit !($1 > major || $1 == major && $2 >= minor) }'
}

# start OPTION...: traces in the background, and returns when every exec is seen.
start() {
	rm -f "$out"
	"$X" "$@" >"$out" 2>"$err" &
	tracer=$!
	tries=0
	while ! [ -s "$out" ] && kill -0 $tracer 2>/dev/null && [ $tries -lt 1000 ]; do
		nap
		tries=$((tries + 1))
	done
	[ -s "$out" ] || fail "execsnoop $* does not start: $(cat "$err")"
}

# stop [SIGNAL]: ends the tracer, status in $status.
stop() {
	kill -"${1:-INT}" "$tracer" 2>/dev/null
	tries=0
	while kill -0 "$tracer" 2>/dev/null && [ $tries -lt 1000 ]; do
		nap
		tries=$((tries + 1))
		[ $tries -lt 1000 ] || { kill -9 "$tracer"; fail "it did not end"; }
	done
	wait "$tracer"
	status=$?
	tracer=
}

# traced FUNCTION OPTION...: what the function executes, with these options.
traced() {
	what=$1
	shift
	start "$@"
	$what
	stop
	[ $status = 0 ] || fail "exit status $status"
	quiet
}

# What is said on standard error in any case: what -x says where there are no kprobes, what is said below Linux 4.17, and
# the summary.
USUAL='^execsnoop: warning: execs by names over 2 KiB\|32-bit programs cannot be seen here\|^execsnoop: [0-9]* execs* shown.* 0 lost, in '

# quiet: nothing else was said.
quiet() {
	said=$(grep -v "$USUAL" "$err")
	[ -z "$said" ] || fail "standard error: $said"
}

# shows N REGEX: the output has exactly N lines that match (basic regular expression).
shows() {
	n=$(grep -c -- "$2" "$out")
	[ "$n" = "$1" ] || fail "$n lines, not $1, match '$2' in: $(grep -F "$D" "$out" | cut -c1-300 | head -n 5)
the last of $(wc -l <"$out"): $(tail -n 3 "$out" | cut -c1-300)"
}

# has FILE REGEX
has() {
	grep -q -- "$2" "$1" || fail "'$2' is not in: $(head -c 500 "$1")"
}

# has_argument SIZE BYTE TEXT: one of the lines that contain the text ends with an argument of so many
# such bytes, and "end".
has_argument() {
	n=$(grep -F -- "$3" "$out" | awk -v n="$1" -v byte="$2" '
		BEGIN { for (all = byte; length(all) < n; all = all all); all = substr(all, 1, n) }
		$NF == "end" && $(NF - 1) == all { c++ }
		END { print c + 0 }')
	[ "$n" = 1 ] || fail "$n lines show an argument of $1 bytes whole"
}

# heads LINE: the first line of the output. Process ids of more than six digits have wider columns.
heads() {
	wanted=$1
	[ "$(cat /proc/sys/kernel/pid_max)" -le 1000000 ] || wanted=$(echo "$1" | sed 's/\(\<P*PID  *\)/\1 /g')
	[ "$(head -n 1 "$out")" = "$wanted" ] || fail "the head is '$(head -n 1 "$out")', not '$wanted'"
}

# usage_error TEXT OPTION...: the options are refused with that text and status 2.
usage_error() {
	text=$1
	shift
	"$X" "$@" >"$out" 2>"$err"
	status=$?
	[ $status = 2 ] || fail "$*: exit status $status, not 2"
	has "$err" "$text"
	[ -s "$out" ] && fail "$*: standard output: $(head -c 200 "$out")"
}

