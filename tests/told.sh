#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What each source tells beside the arguments: told.sh EXECSNOOP DIRECTORY. As root.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
. "$(dirname "$0")/each.sh"
E=$PROGRAMS/ends

# value KEY: of the exec of "live", or of its copy.
value() { sed 's/"ancestors":[^]]*\],//' "$out" | grep '"comm":"\(live\|setuid\)"' | grep '"ret":0' | tail -n 1 | sed -n "s/.*\"$1\":\(\"[^\"]*\"\|[^,}]*\).*/\1/p"; }

# A program with the setuid bit, by a relative name.
who() {
	mkdir "$D/in"
	cp "$L" "$D/setuid"
	chown 4242:4343 "$D/setuid"
	chmod 6755 "$D/setuid"
	run -J --fields pid,uid,euid,egid,tty,ns_pid,comm,ret,exe,exe_inode,exe_dev,cwd,filename -- sh -c 'cd "$0/in" && ../setuid "$1.4"; :' "$D" "$B"
	is $status 0
	is "$(value uid)" 0
	is "$(value euid)" 4242
	is "$(value egid)" 4343
	is "$(value exe)" "\"$D/setuid\""
	is "$(value exe_inode)" "$(stat -c %i "$D/setuid")"
	is "$(value exe_dev)" "\"$(stat -c %d "$D/setuid" | awk '{ print int($1 / 256) % 4096 ":" $1 % 256 + int($1 / 1048576) * 256 }')\""
	is "$(value cwd)" "\"$D/in\""
	[ "$S" = sideband ] || is "$(value filename)" '"../setuid"' # which looks before the name is in its place
	is "$(value ns_pid)" "$(value pid)"
	is "$(value tty)" null
	no_complaint
}

# When it began, in clock ticks, as its own stat file has it.
began() {
	"$L" "$((B + 1)).9" before &
	child=$!
	run -J --fields pid,start,comm,ret,parent_start -- sh -c '"$0" "$1.4"; cat /proc/$$/stat >"$2"; :' "$L" "$B" "$D/stat"
	is $status 0
	# bpf tells nanoseconds.
	is "$(($(value parent_start) / 10000000))" "$(awk '{ print $22 }' "$D/stat")"
	[ "$(value start)" -ge "$(value parent_start)" ] || fail "it is older than its parent"
	kill $child
}

# The terminal that script(1) makes.
terminal() {
	command -v script >/dev/null || { skipped="no script(1)"; return; }
	script -qc "tty >$D/tty; '$X' --source $S -J --fields comm,ret,tty -o '$D/lines' -- '$L' $B.4" /dev/null >/dev/null 2>"$err" </dev/null
	cp "$D/lines" "$out"
	is "$(value tty)" "\"$(sed 's,^/dev/,,' "$D/tty")\""
	# One in another session has none, whatever its parent has.
	script -qc "'$X' --source $S -J --fields comm,ret,tty -o '$D/others' -- setsid -w '$L' $B.4" /dev/null >/dev/null 2>"$err" </dev/null
	cp "$D/others" "$out"
	is "$(value tty)" null
}

# In a pid namespace of its own, and in another root directory.
inner() {
	command -v unshare >/dev/null && unshare --pid --fork true 2>/dev/null || { skipped="no pid namespace"; return; }
	run -J --fields pid,comm,ret,ns_pid,exe -- unshare --pid --fork sh -c '"$0" "$1.4"; :' "$L" "$B"
	is $status 0
	is "$(value ns_pid)" 2
	[ "$(value pid)" -gt 2 ] || fail "its id is $(value pid)"
	is "$(value exe)" "\"$L\""
}

# A file that is not there any more; a name that is no UTF-8.
odd_paths() {
	name=$(printf 'a\nb\377')
	mkdir "$D/$name"
	cp "$L" "$D/gone"
	run -J --fields comm,ret,exe,cwd -- sh -c 'cd "$0/$2" && cp ../gone live && { ./live "$1.8" & } && sleep 0.1 && rm live && exec "$3" "$1.9"' "$D" "$B" "$name" "$L"
	is $status 0
	shows 1 "\"exe\":\"$L\",\"cwd\":\"$D/a[^\"]*b[^\"]*\",\"cwd_base64\":\"$(printf '%s' "$D/$name" | base64 | tr -d '\n')\""
	shows 1 "\"exe\":\"$D/a[^\"]*b[^\"]*/live\( (deleted)\)\{0,1\}\",\"exe_base64\""
}

# The shell's child, the shell, the tracer, this one; up to the first process.
ancestors() {
	run -J --ancestors 3 --fields ppid,comm,ret,ancestors -- sh -c 'sh -c "\"\$0\" \$1.4; :" "$0" "$1"; :' "$L" "$B"
	is $status 0
	# BusyBox's shell executes itself by another name.
	chain="\"ppid\":\([0-9]*\),\"comm\":\"live\",.*\"ancestors\":\[{\"pid\":\1,\"comm\":\"\(sh\|exe\)\"},{\"pid\":[0-9]*,\"comm\":\"sh\"},{\"pid\":[0-9]*,\"comm\":\"execsnoop\"}\]}\$"
	shows 1 "$chain"
	run --ancestors 32 -- sh -c '"$0" "$1.4"; :' "$L" "$B"
	chain="^live .* \(sh\|exe\)([0-9]*)<execsnoop([0-9]*)<.*([0-9]*)<[^<]*(1)  *0 $L $B.4\$"
	shows 1 "$chain"
	no_complaint
}

# Whenever it is looked at: while it is made, while its image is built, while it is taken away.
each_once() {
	n=$(few 100)
	run --exits -J --fields pid,ret,argv,event -- sh -c 'i=0
		while [ $i -lt "$2" ]; do
			for _ in 1 2 3 4 5 6 7 8; do "$0" "$1.03" & done
			wait
			i=$((i + 1))
		done' "$L" "$B" "$n"
	is $status 0
	for told in '"ret":0,.*"argv":\["[^"]*live"\|"ret":0,.*"unreadable"' '"event":"exit"'; do
		grep "$told" "$out" | sed 's/^{"pid":\([0-9]*\),.*/\1/' | sort -n >"$D/told"
		[ "$(wc -l <"$D/told")" -ge $((8 * n - 8 * n / 4)) ] || fail "only $(wc -l <"$D/told") of $((8 * n)) are told: $told"
		[ -z "$(uniq -d "$D/told")" ] || fail "twice: $(grep "\"pid\":$(uniq -d "$D/told" | head -n 1)," "$out")"
	done
	no_complaint
}

# Those that are wanted alone, whatever their names begin with; twice, empty, long, no UTF-8.
variables() {
	long=$(awk 'BEGIN { for (s = "x"; length(s) < 3000;) s = s s; print substr(s, 1, 3000) }')
	odd=$(printf 'a\377b c')
	run -J --env WANTED --env EMPTY --env LONG --env ODD --fields comm,ret,env -- sh -c \
		'env -i WANTEDX=no WANTE=no EMPTY= LONG="$2" ODD="$3" SECRET=s3cret WANTED=yes "$0" "$1.4"; :' "$L" "$B" "$long" "$odd"
	is $status 0
	shows 1 "^{\"comm\":\"live\",\"ret\":0,\"env\":\[\"EMPTY=\",\"LONG=$long\",\"ODD=a[^\"]*b c\",\"WANTED=yes\"\],\"env_base64\":\["
	run --env WANTED -- sh -c 'WANTED="a b" SECRET=s3cret "$0" "$1.4"; :' "$L" "$B"
	shows 1 "^live .* 0 WANTED=a\\\\x20b $L $B.4\$"
	run -J --env WANTED --fields comm,ret,env -- sh -c 'env -i "$0" "$1.4"; :' "$L" "$B"
	shows 1 '"comm":"live","ret":0,"env":\[\]}$'
	no_complaint
}

# Many, of which the wanted one is the last but one; and one that is too long.
many_variables() {
	run -J --env LAST --env LONG --fields comm,ret,env -- sh -c \
		'env -i $(i=0; while [ $i -lt 150 ]; do echo "V$i=$i"; i=$((i + 1)); done) LAST=here "$0" "$1.4"; env -i LONG="$2" LAST=here "$0" "$1.4"; :' \
		"$L" "$B" "$(awk 'BEGIN { for (s = "x"; length(s) < 9000;) s = s s; print s }')"
	is $status 0
	shows 1 '"comm":"live","ret":0,"env":\["LAST=here"\]}$'
	shows 1 '"comm":"live","ret":0,"env":\["LONG=x*","LAST=here"\],"env_truncated":true}$'
	no_complaint
}

# As wait(2) says it; where the source does not tell how, each once all the same.
ends() {
	run --exits -- sh -c 'cd "$1" && "$0" "$1/prog" "$2" >waited; (exit 5); kill -9 $$' "$E" "$D" "$(few 96)"
	is $status 137
	[ "$(wc -l <"$D/waited")" -gt 20 ] || fail "only $(wc -l <"$D/waited") have ended"
	made=$(awk '$1 == "ends" && $4 == 0 { print $2; exit }' "$out")
	awk -v ppid="$made" '$3 == ppid && $5 == "EXIT" { $NF = $NF ~ /s$/ ? "" : $NF; $1 = $3 = $4 = $5 = ""; print }' "$out" | sed 's/^ *//; s/ *$//; s/  */ /g' | sort >"$D/seen"
	sort "$D/waited" >"$D/wanted"
	case $S in
	trace) cmp -s "$D/wanted" "$D/seen" || fail "$(diff "$D/wanted" "$D/seen" | head -n 8)" ;;
	watch) ! awk '{ print $1 }' "$D/seen" | sort | uniq -d | grep . || fail "some are there twice" ;;
	*) is "$(cut -d ' ' -f 1 "$D/seen")" "$(cut -d ' ' -f 1 "$D/wanted")" ;;
	esac
	case $S in
	proc)
		awk 'NR == FNR { waited[$1] = $2; next } $2 != "?" && $2 != waited[$1]' "$D/wanted" "$D/seen" >"$D/wrong"
		[ ! -s "$D/wrong" ] || fail "not as wait(2) says: $(head -n 3 "$D/wrong")"
		# Of these, the first thread ends otherwise than the last one: ends.c makes an eighth, an eighth, a half.
		[ "$(grep -c ' ?$' "$D/seen")" -le $((($(few 96) + 7) / 8 * 2 + ($(few 96) + 1) / 2)) ] || fail "not known of $(grep -c ' ?$' "$D/seen")"
		;;
	esac
	case $S in
	trace | proc) shows 1 '^sh .* - EXIT SIGKILL ' ;;
	watch) has "$out" '^sh .* - EXIT ? [0-9]' ;;
	*) shows 1 '^sh .* - EXIT ? [0-9]' ;;
	esac
	no_complaint
}

# of_a_storm FILE: as many ends as execs, of programs that return at once.
of_a_storm() {
	env -i PATH="$PATH" ASAN_OPTIONS="${ASAN_OPTIONS:-}" "$X" --source "$S" -J --exits --quiet --fields pid,start,comm,exit_status,ret -o "$D/lines" -- \
		"$PROGRAMS/storm" vfork 2 "$N" "$1" 2>"$err"
	is $? 0
	lost=$(sed -n 's/^execsnoop: \([0-9]*\) exec[a-z ]* lost in all$/\1/p' "$err")
	execs=$(grep -c '"ret":0' "$D/lines")
	ends=$(grep -c '"event":"exit"' "$D/lines")
	# The storm itself, and its two workers.
	[ $((execs + ends + ${lost:-0})) -ge $((4 * N + 4)) ] && [ "$execs" -le $((2 * N + 1)) ] && [ "$ends" -le $((2 * N + 3)) ] ||
		fail "$execs execs, $ends ends, ${lost:-0} lost, of $((2 * N)) each"
	[ "${lost:-0}" -le "$N" ] || fail "$lost are lost of $((4 * N + 4))"
}
ends_of_a_storm() { of_a_storm "$PROGRAMS/nothing"; }

# With the setuid bit: perf makes a record of an end in the midst of such an exec.
ends_of_a_setuid_storm() {
	cp "$PROGRAMS/nothing" "$D/setuid"
	chown 4242:4343 "$D/setuid"
	chmod 6755 "$D/setuid"
	of_a_storm "$D/setuid"
}

# shellcheck disable=SC2086 # they are lists
{
	each "tells effective ids, file and directory" who bpf $ALL
	each "tells when a process began" began bpf $ALL
	each "tells the terminal" terminal bpf $ALL
	each "tells the id in a pid namespace" inner bpf $ALL
	each "tells paths of all kinds" odd_paths bpf $ALL
	each "tells the ancestors" ancestors bpf $ALL
	each "tells each exec once, and each end" each_once bpf $ALL
	each "tells the variables that are wanted" variables bpf $ALL
	each "tells one of many variables" many_variables bpf $ALL
	each "tells each end, and how if it can" ends $ALL
	each "tells or counts each end in a storm" ends_of_a_storm $EXACT
	each "tells or counts each in a storm of programs with the setuid bit" ends_of_a_setuid_storm $EXACT
}
