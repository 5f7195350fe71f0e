#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The ends of processes: --exits. Usage: exits.sh EXECSNOOP DIRECTORY, as root.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
PROGRAMS=$(cd "$PROGRAMS" && pwd)
E=$PROGRAMS/ends
C=$PROGRAMS/call

# ends_of PPID: ids and how they ended, as the text says.
ends_of() { awk -v ppid="$1" '$3 == ppid && $5 == "EXIT" { $NF = ""; $1 = $3 = $4 = $5 = ""; print }' "$out" | sed 's/^ *//; s/ *$//; s/  */ /g' | sort; }

# As wait(2) says it; each once.
as_wait_says() {
	start --exits "$@"
	n=$(few 96)
	(cd "$D" && exec "$E" "$D/prog" "$n") >"$D/waited" &
	made=$!
	wait $made
	sleep 0.2
	stop
	sort "$D/waited" >"$D/wanted"
	ends_of $made >"$D/seen"
	[ "$(wc -l <"$D/wanted")" -gt 20 ] || fail "only $(wc -l <"$D/wanted") have ended"
	cmp -s "$D/wanted" "$D/seen" || fail "$(diff "$D/wanted" "$D/seen" | head -n 8)"
	shows 1 "^ends  *$made .* EXIT 0 "
	quiet
}
as_wait_says_beside_failures() { as_wait_says -x; }

# A storm of programs that return at once: as many ends as execs.
of_a_storm() {
	start --exits --json
	"$PROGRAMS/storm" vfork 2 "$(few 1000)" "$D/prog" >/dev/null
	sleep 0.2
	stop
	n=$((2 * $(few 1000)))
	execs=$(grep -c "\"filename\":\"$D/prog\"" "$out")
	ends=$(grep -c '"comm":"prog",.*"event":"exit","exit_status":0,"duration_ns":[0-9]' "$out")
	each=$(grep '"comm":"prog",.*"event":"exit"' "$out" | sed 's/.*"pid":\([0-9]*\),.*"start":\([0-9]*\),.*/\1 \2/' | sort -u | wc -l)
	lost=$(sed -n 's/^execsnoop: \([0-9]*\) exec[a-z ]* lost in all$/\1/p' "$err")
	is "$each" "$ends"
	[ "$execs" -le $n ] && [ "$ends" -le $n ] && [ $((execs + ends + ${lost:-0})) -ge $((2 * n)) ] ||
		fail "$execs execs, $ends ends, ${lost:-0} lost of $n each"
}

# The lines of a command, and of what it executes, with their columns and indentation.
in_the_tree() {
	"$X" -o - --exits --tree -- sh -c "$D/prog a; (exit 3); $D/prog b & wait; exit 4" >"$out" 2>"$err"
	is $? 4
	shows 1 "^sh .* 0 .*/sh -c "
	shows 1 "^prog .* 0   $D/prog a\$"
	shows 1 "^prog .* 0   $D/prog b\$"
	shows 2 "^prog .* -   EXIT 0 [0-9]*\.[0-9][0-9][0-9]s\$"
	shows 1 "^sh .* - EXIT 4 [0-9]*\.[0-9][0-9][0-9]s\$"
	quiet
}

in_json() {
	"$X" -o - --exits --json -- sh -c "$D/prog; (exit 3); kill -9 \$\$" >"$out" 2>"$err"
	is $? 137
	shows 1 '"comm":"prog",.*,"event":"exit","exit_status":0,"duration_ns":[0-9]*,"age_ns":[0-9]*,"source":"bpf"}$'
	shows 1 '"comm":"sh",.*,"event":"exit","exit_status":3,"duration_ns":null,"age_ns":[0-9]*,"source":"bpf"}$'
	shows 1 '"comm":"sh",.*,"event":"exit","exit_status":null,"signal":"SIGKILL","duration_ns":[0-9]*,"age_ns":[0-9]*,"source":"bpf"}$'
	# Older than since its exec; not by much.
	awk -F '"duration_ns":|,"age_ns":|,"source"' '/"duration_ns":[0-9]/ && ($2 + 0 > $3 + 0 || $3 - $2 > 60e9)' "$out" >"$D/wrong"
	[ ! -s "$D/wrong" ] || fail "$(cat "$D/wrong")"
	quiet
}

# A program that sleeps is as old as it has slept.
how_long() {
	"$X" -o - --exits --json -n sleep -- sleep 1 >"$out" 2>"$err"
	ns=$(sed -n 's/.*"event":"exit".*"duration_ns":\([0-9]*\),.*/\1/p' "$out")
	[ "${ns:-0}" -ge 1000000000 ] && [ "${ns:-0}" -lt 60000000000 ] || fail "it slept for ${ns:-nothing}"
}

# Filters: an end is shown if the exec before it was.
filtered() {
	start --exits -l "$D/prog [ac]\$"
	"$D/prog" a
	"$D/prog" b
	"$D/prog" c
	stop
	shows 2 ' EXIT 0 '
	start --exits -n '^prog$' -u 4242
	chmod 755 "$T" "$D"
	"$D/prog" a
	"$C" user "$D/prog" 4242 b
	"$C" user "$PROGRAMS/nothing" 4242 c
	stop
	shows 1 "0 $D/prog b\$"
	shows 1 '^prog .* EXIT 0 '
	shows 0 '^nothing '
}

# Ids and parent may be others at the end than they were at the exec. What counts is the last exec, whether one user is given or two.
changed() {
	chmod 755 "$T" "$D"
	for users in '-u 0' '-u 0 -u 4243'; do
		# shellcheck disable=SC2086 # words
		start --exits $users
		"$C" user "$D/missing" 4242 2>/dev/null
		"$C" user "$D/prog" 4242
		stop
		shows 2 "^call .* 0 .* user $D/"
		shows 0 " 0 $D/prog\$"
		shows 1 "^call  *$(awk '/ user .*missing / { print $2 }' "$out") .* - EXIT [1-9]"
		shows 0 "^prog .* - EXIT "
	done
	sh -c "while ! [ -e $D/go ]; do sleep 0.01; done; $PROGRAMS/live 0.8 & sleep 0.3; exit 0" &
	parent=$!
	start --exits -P $parent
	: >"$D/go"
	wait $parent
	sleep 1
	stop
	shows 1 "^live .* 0 $PROGRAMS/live 0.8\$"
	shows 1 "^live .* - EXIT 0 "
}

# The exec of a process that had the id before is not its own.
id_again() {
	start --exits --json
	pid=$("$E" "$D/prog" reuse) || { skipped="ids cannot be chosen here"; stop; return; }
	sleep 0.2
	stop
	shows 1 "\"pid\":$pid,.*\"event\":\"exit\",\"exit_status\":0,\"duration_ns\":[0-9]"
	shows 1 "\"pid\":$pid,.*\"event\":\"exit\",\"exit_status\":42,\"duration_ns\":null"
}


if ! since 4 11; then
	echo "ok shows the ends of processes # skip: this needs Linux 4.11"
	exit
fi
case_ "shows the ends of processes as wait(2) says them" as_wait_says
case_ "shows them so beside failed calls" as_wait_says_beside_failures
case_ "shows or counts each end in a storm" of_a_storm
case_ "shows ends at the indentation of their execs" in_the_tree
case_ "tells ends in JSON" in_json
case_ "tells how long a program ran" how_long
case_ "shows the ends of those whose execs it shows" filtered
case_ "shows them though ids and parent have changed" changed
case_ "takes no exec for a process's that had its id before" id_again
