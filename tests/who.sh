#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Who executes, and since when it lives. Usage: who.sh EXECSNOOP DIRECTORY, as root.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
C=$PROGRAMS/call

# start_of PID: when it was made, in hundredths of a second since the boot, as /proc says it.
start_of() { sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20; }

# value KEY TEXT: of the line with the text.
value() { grep -F "$2" "$out" | sed -n "s/.*\"$1\":\([^,]*\),.*/\1/p"; }

effective_ids() {
	chmod 755 "$T" "$D"
	cp "$D/prog" "$D/setuid"
	cp "$D/prog" "$D/setgid"
	chown 4242:4243 "$D/setuid" "$D/setgid"
	chmod 4755 "$D/setuid"
	chmod 2755 "$D/setgid"
	acts() {
		"$C" user "$D/prog" 4711
		"$C" user "$D/setuid" 4711
		"$C" user "$D/setgid" 4711
	}
	traced acts -J -x
	shows 1 "\"uid\":4711,\"gid\":4711,\"euid\":4711,\"egid\":4711,.*\"filename\":\"$D/prog\""
	shows 1 "\"uid\":4711,\"gid\":4711,\"euid\":4242,\"egid\":4711,.*\"filename\":\"$D/setuid\""
	shows 1 "\"uid\":4711,\"gid\":4711,\"euid\":4711,\"egid\":4243,.*\"filename\":\"$D/setgid\""
	traced acts -U --print-euid
	shows 1 "^4711  4242  setuid "
}

starts() {
	acts() {
		sh -c "sed 's/.*) //' /proc/\$\$/stat >$D/stat; exec $D/prog"
		"$C" execve "$D/missing" 2>/dev/null
		"$C" thread "$D/prog" 'in a thread' >/dev/null
	}
	traced acts -J -x
	is "$(($(value start "\"filename\":\"$D/prog\",\"argv\":[\"$D/prog\"]") / 10000000))" "$(cut -d ' ' -f 20 "$D/stat")"
	is "$(($(value parent_start "\"filename\":\"$D/prog\",\"argv\":[\"$D/prog\"]") / 10000000))" "$(start_of $$)"
	is "$(($(value parent_start "\"filename\":\"$D/missing\"") / 10000000))" "$(start_of $$)"
	# A thread that executes is its process, which is older than the thread.
	of_process=$(value start '"thread"')
	[ -n "$of_process" ] && is "$(value start "\"argv\":[\"$D/prog\",\"in a thread\"]")" "$of_process"
}

login() {
	sh -c "echo 4711 >/proc/self/loginuid && cat /proc/self/sessionid >$D/session && exec \"$X\" -o - -J -- $D/prog" >"$out" 2>"$err" ||
		{ skipped="this kernel has no login uid that can be set"; return; }
	shows 1 "\"loginuid\":4711,\"session\":$(cat "$D/session"),"
	[ "$(cat /proc/self/loginuid)" != 4294967295 ] || {
		"$X" -o - -J -- "$D/prog" >"$out" 2>"$err"
		shows 1 '"loginuid":null,"session":null,'
	}
}

if ! since 4 11; then
	echo "ok tells who executes # skip: this needs Linux 4.11"
	exit
fi
case_ "tells the effective ids of a setuid program" effective_ids
case_ "tells when a process and its parent were made" starts
case_ "tells who has logged in" login
