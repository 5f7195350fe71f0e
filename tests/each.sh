# SPDX-License-Identifier: GPL-2.0-only
# To be sourced behind harness.sh: cases that run for each source that works here; why another one does not is said.
# shellcheck shell=sh
PROGRAMS=$(cd "$PROGRAMS" && pwd)
L=$PROGRAMS/live C=$PROGRAMS/call
N=$(few 500)

# each SENTENCE FUNCTION SOURCE...
each() {
	words=$1 function=$2
	shift 2
	for S; do
		# Seconds that programs live beyond what the cases say, where all is emulated.
		B=0
		[ "$N" = 500 ] || case $S in bpf) ;; watch) B=3 ;; *) B=1 ;; esac
		if grep -q "^$S " "$T/missing"; then
			echo "ok $S: $words # skip: $(sed -n "s/^$S //p" "$T/missing" | cut -c1-120)"
		else
			case_ "$S: $words" "$function"
		fi
	done
}

# What is said on standard error with each of these sources.
by_source() { sed '/^execsnoop: execs are seen by --source /d' "$1"; }
no_complaint() {
	said=$(by_source "$err" | grep -v "$USUAL")
	[ -z "$said" ] || fail "standard error: $said"
}

# run ARGUMENT...: a trace with its own end; the status is in $status.
run() {
	"$X" --source "$S" -o - "$@" >"$out" 2>"$err"
	status=$?
}

for S in bpf perf proc sideband trace watch; do
	if ! "$X" --source "$S" -o /dev/null -- "$PROGRAMS/nothing" 2>"$T/why"; then
		echo "$S $(by_source "$T/why" | head -n 1)"
	fi
done >"$T/missing"

ALL='perf proc sideband trace watch'
# shellcheck disable=SC2034 # for others
EXACT='perf proc sideband trace'
