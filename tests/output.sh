#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What is written, where and how: JSON Lines, hostile bytes, files, the tree, --check, the summary.
# Usage: output.sh EXECSNOOP DIRECTORY, as root, in the project's directory.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
PROGRAMS=$(cd "$PROGRAMS" && pwd)
SCHEMA=$PWD/docs/execsnoop.schema.json
C=$PROGRAMS/call

# valid FILE [PART]: each line is JSON, and as the schema says, or a part of it.
valid() {
	jq -e . "$1" >"$D/jq" 2>"$D/jq.err" || fail "jq: $(cat "$D/jq.err")"
	iconv -f UTF-8 -t UTF-8 "$1" >/dev/null 2>&1 || fail "it is not UTF-8"
	/usr/bin/python3 - "$SCHEMA" "$1" "${2:-}" >"$D/schema" 2>&1 <<-END || fail "the schema: $(tail -n 3 "$D/schema")"
		import json, sys
		from jsonschema import Draft7Validator, validators
		try:
		    from jsonschema import Draft202012Validator as Validator
		except ImportError:
		    Validator = Draft7Validator
		schema = json.load(open(sys.argv[1]))
		if sys.argv[3]:
		    schema = {"\$ref": "#/\$defs/" + sys.argv[3], "\$defs": schema["\$defs"]}
		Validator.check_schema(schema)
		validator = Validator(schema)
		n = 0
		for line in open(sys.argv[2], encoding="utf-8"):
		    validator.validate(json.loads(line))
		    n += 1
		assert n, "no line"
	END
}

# json FILTER: what jq makes of the lines of this case.
json() { jq -c --arg d "$D" "select((.filename // \"\") | startswith(\$d)) | $1" "$out"; }


# ---- JSON ----

keys() {
	acts() {
		"$D/prog" 'a b' ''
		"$C" execve "$D/missing" x
	}
	traced acts -J -x
	valid "$out"
	is "$(json keys_unsorted | head -n 1)" '["time","pid","ppid","uid","gid","euid","egid","loginuid","session","start","parent_start","comm","pcomm","cpu","mntns","cgroup","ret","filename","argv","source"]'
	is "$(json 'select(.ret == 0) | [.filename, .argv, .ppid, .uid, .gid, .comm]')" \
		"[\"$D/prog\",[\"$D/prog\",\"a b\",\"\"],$$,0,0,\"prog\"]"
	is "$(json 'select(.ret != 0) | [.ret, .error, .filename, .argv]')" "[-2,\"ENOENT\",\"$D/missing\",[\"$D/missing\",\"x\"]]"
	is "$(json 'select(.ret == 0) | .mntns')" "$(stat -Lc %i /proc/self/ns/mnt)"
}

# Each key, and all of them; and all of them by the options that ask for them.
chosen_keys() {
	acts() {
		"$D/prog" 'a b' ''
		"$C" execve "$D/missing" x
	}
	for fields in time pid,argv,ret user,cgroup_path,container,comm all; do
		traced acts -J -x --fields "$fields"
		valid "$out" fields
	done
	is "$(json keys_unsorted | head -n 1)" '["time","pid","ppid","uid","user","gid","euid","egid","loginuid","session","tty","ns_pid","start","parent_start","comm","pcomm","cpu","mntns","cgroup","cgroup_path","container","ret","exe","exe_inode","exe_dev","cwd","ancestors","env","filename","argv","source"]'
	traced acts -J -x --names --print-cgroup-path
	valid "$out"
	is "$(json keys_unsorted | head -n 1)" '["time","pid","ppid","uid","user","gid","euid","egid","loginuid","session","start","parent_start","comm","pcomm","cpu","mntns","cgroup","cgroup_path","ret","filename","argv","source"]'
}

# The ends of processes, of all kinds.
ends() {
	acts() {
		"$D/prog"
		sh -c 'exit 3'
		sh -c 'kill -9 $$'
		(cd "$D" && sh -c 'ulimit -c unlimited; kill -SEGV $$')
	}
	traced acts -J --exits
	valid "$out"
	for fields in event pid,exit_status,uid,euid all; do
		traced acts -J --exits --fields "$fields"
		jq -c 'select(.event == "exit")' "$out" >"$D/ends"
		[ "$(wc -l <"$D/ends")" -ge 4 ] || fail "no ends: $(head -n 3 "$out")"
		valid "$D/ends" exit_fields
	done
	jq -c 'select(.event != "exit")' "$out" >"$D/execs"
	valid "$D/execs" fields
	traced acts -J --exits --fields duration_ns
	[ "$(grep -vc '^{"event":"exit","duration_ns":[0-9nul]*}$' "$out")" = 0 ] || fail "$(head -n 3 "$out")"
}

time_is_true() {
	before=$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)
	traced one -J
	after=$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)
	json .time | tr -d '"' >"$D/time"
	printf '%s\n' "$before" "$(cat "$D/time")" "$after" >"$D/times"
	sort -c "$D/times" || fail "not in order: $(cat "$D/times")"
}
one() { "$D/prog" x; }

scripts() {
	printf '#!%s -o\n' "$D/prog" >"$D/script"
	chmod +x "$D/script"
	acts() { "$D/script" x; }
	traced acts -J
	valid "$out"
	is "$(json '[.filename, .interp, .argv]')" "[\"$D/script\",\"$D/prog\",[\"$D/prog\",\"-o\",\"$D/script\",\"x\"]]"
}

cut_and_unreadable() {
	acts() {
		"$C" many "$D/prog" 30
		"$C" nowhere "$D/prog" string a b
		"$C" nowhere "$D/prog" argv a b
		"$C" nowhere "$D/prog" name a b
	}
	traced acts -J -x
	valid "$out"
	is "$(json 'select(.ret == 0) | [(.argv | length), .truncated]')" '[31,null]'
	is "$(json 'select(.ret < 0) | [.argv[1:], .unreadable]')" '[[null,"b"],["argv"]]
[[],["argv"]]'
	is "$(jq -c 'select(.unreadable == ["filename"]) | [.filename, .argv[1:]]' "$out")" '[null,["a","b"]]'
	traced acts -J --max-args 5
	is "$(json '[(.argv | length), .truncated]')" '[5,true]'
}

losses() {
	chmod 755 "$T" "$D"
	"$X" -J -u 4242 --ring-size 8 >"$out" 2>"$err" &
	tracer=$!
	sleep 0.5
	kill -STOP "$tracer"
	cp "$PROGRAMS/storm" "$D/storm" # into where that user may go, unlike root's home
	"$C" user "$D/storm" 4242 vfork 2 1000 "$D/prog"
	kill -CONT "$tracer"
	sleep 0.2
	stop
	valid "$out"
	lost=$(jq -s 'map(.lost // 0) | add' "$out")
	[ "$lost" -gt 0 ] || fail "none was lost"
	is "$(jq -s 'map(select(.filename)) | length' "$out")" "$((2001 - lost))"
	is "$(jq -c 'select(.lost) | keys_unsorted' "$out" | sort -u)" '["time","lost","cpu","from","to"]'
}

# All byte values, a long one, invalid sequences, 10,000 lists in all: what is decoded is what was executed.
hostile() {
	cp "$PROGRAMS/hostile" "$D/hostile"
	start -J
	"$D/hostile" "$D/prog" 10000 "$D/expected"
	stop
	quiet
	valid "$out"
	jq -r --arg f "$D/prog" 'select(.filename == $f) | (.argv_base64 // (.argv | map(@base64))) | join(" ")' "$out" >"$D/decoded"
	cmp "$D/expected" "$D/decoded" || fail "$(wc -l <"$D/decoded") lists, not the same"
	# Text, too: of the control characters only the newlines at the ends; and no list looks as another.
	start -q --max-args 0 --argv0 always
	"$D/hostile" "$D/prog" 10000 "$D/expected"
	stop
	quiet
	n=$(LC_ALL=C tr -d '\n' <"$out" | LC_ALL=C tr -dc '\000-\037\177' | wc -c)
	is "$n" 0
	iconv -f UTF-8 -t UTF-8 "$out" >/dev/null || fail "the text is not UTF-8"
	sed -n "s|.*  0 \"$D/prog\"||p" "$out" | sort -u >"$D/texts"
	sort -u "$D/expected" >"$D/lists"
	is "$(wc -l <"$D/texts")" "$(wc -l <"$D/lists")"
}

# A terminal that shows what was printed: the cursor, the title and the lines are where they belong.
terminal() {
	acts() {
		"$D/prog" "$(printf '\033[2J\033[H')OWNED"
		"$D/prog" "$(printf '\033]0;forged title\007')"
		"$D/prog" "$(printf 'x\rforged\nPCOMM forged line')"
		"$D/prog" "$(printf '\302\2332J \302\205 \342\200\256 \177')"
		cp "$D/prog" "$D/$(printf '\033[31mred')"
		"$D/$(printf '\033[31mred')"
	}
	start
	acts
	stop
	grep "$D" "$out" >"$D/lines"
	is "$(wc -l <"$D/lines")" 6 # the five, and cp
	tmux -L "${T##*/}" -f /dev/null new-session -d -x 300 -y 40 "printf 'first line\n'; cat $D/lines; printf 'last line'; sleep 30"
	tries=0
	until tmux -L "${T##*/}" capture-pane -p | grep -q '^last line'; do
		sleep 0.1
		tries=$((tries + 1))
		[ $tries -lt 100 ] || { fail "the terminal shows nothing"; break; }
	done
	tmux -L "${T##*/}" capture-pane -p >"$D/screen"
	title=$(tmux -L "${T##*/}" display-message -p '#{pane_title}')
	tmux -L "${T##*/}" capture-pane -p -e | grep -q "$(printf '\033')\[31" && fail "something is red"
	tmux -L "${T##*/}" kill-server
	{ echo 'first line'; cat "$D/lines"; echo 'last line'; } >"$D/wanted"
	head -n 8 "$D/screen" | cmp -s - "$D/wanted" || fail "the screen: $(cat "$D/screen")"
	case $title in *forged*) fail "the title is '$title'" ;; esac
}

# The table of what a terminal may be shown is what the Unicode Character Database says.
unicode() {
	version=$(sed -n 's/.* Unicode \([0-9.]*\)\. .*/\1/p' show/unprintable.h)
	if grep -q "^# DerivedCoreProperties-$version\.txt" /usr/share/unicode/DerivedCoreProperties.txt; then
		/usr/bin/python3 tests/unprintable.py | cmp - show/unprintable.h || fail "show/unprintable.h is not what it says"
	else
		skipped="another Unicode is installed here"
	fi
}

# ---- files ----

# ended OPTION...: traces three execs and ends; the lines go where the options say.
ended() {
	"$X" -o - -u 4242 -d 20 "$@" -- sh -c "for i in 1 2 3; do $C user $D/prog 4242 \$i; done" >"$D/stdout" 2>"$err" || fail "status $?: $(cat "$err")"
}

to_a_file() {
	chmod 755 "$T" "$D"
	umask 0
	ended -o "$D/file"
	umask 022
	is "$(stat -c %a "$D/file")" 600
	[ ! -s "$D/stdout" ] || fail "standard output: $(cat "$D/stdout")"
	is "$(grep -c "$D/prog" "$D/file")" 3
	ended -o "$D/file"
	is "$(grep -c "$D/prog" "$D/file")" 3
	ended -o "$D/file" --append
	is "$(grep -c "$D/prog" "$D/file")" 6
	is "$(grep -c '^PCOMM' "$D/file")" 1
	ln -s file "$D/link"
	"$X" -d 5 -o "$D/link" >"$out" 2>"$err"
	is $? 1
	has "$err" '^execsnoop: --output: cannot open .*/link": .*; it is a symbolic link, which is not followed$'
	is "$(grep -c "$D/prog" "$D/file")" 6
	# What cannot be traced leaves the file as it is.
	strace -f -qq -o "$D/trace" -e inject=perf_event_open:error=EACCES "$X" --source bpf -o "$D/file" 2>"$err"
	is $? 1
	is "$(grep -c "$D/prog" "$D/file")" 6
	"$X" -o "$D/none/file" 2>"$err"
	is $? 1
	has "$err" '^execsnoop: --output: cannot open the directory .*No such file or directory; '
	usage_error '^execsnoop: --append needs a file: -o FILE$' --append
	usage_error '^execsnoop: --max-size needs a file: -o FILE$' --max-size 1M
}

# there FILE: it is there, and has something in it.
there() {
	tries=0
	until [ -s "$1" ] || [ $tries -ge 500 ]; do sleep 0.01; tries=$((tries + 1)); done
	[ -s "$1" ] || fail "$1 is not there"
}

# wait_for N FILE: so many of the case's lines are in the file.
wait_for() {
	tries=0
	until [ "$(grep -c "$D/prog" "$2" 2>/dev/null)" = "$1" ] || [ $tries -ge 500 ]; do sleep 0.01; tries=$((tries + 1)); done
	is "$(grep -c "$D/prog" "$2")" "$1"
}

# logrotate renames the file, makes a new one or not, and sends SIGHUP.
hangup() {
	chmod 755 "$T" "$D"
	some() { "$PROGRAMS/storm" vfork 1 "$1" "$D/prog"; }
	for how in "" --no-sandbox "--max-size 1M"; do
		rm -f "$D"/file*
		# shellcheck disable=SC2086 # several options in one word
		"$X" -o "$D/file" $how -l "^$D/prog" 2>"$err" &
		tracer=$!
		there "$D/file"
		some 20
		mv "$D/file" "$D/file.a"
		some 20
		wait_for 40 "$D/file.a" # the old file takes what comes before the signal
		kill -HUP $tracer
		there "$D/file"
		some 20
		wait_for 20 "$D/file"
		mv "$D/file" "$D/file.b"
		install -m 640 /dev/null "$D/file"
		kill -HUP $tracer
		there "$D/file"
		kill -HUP $tracer # it is there: nothing happens
		some 20
		wait_for 20 "$D/file"
		mv "$D/file" "$D/file.c"
		ln -s "$D/other" "$D/file"
		kill -HUP $tracer
		tries=0
		until grep -q SIGHUP "$err" || [ $tries -ge 500 ]; do sleep 0.01; tries=$((tries + 1)); done
		has "$err" '^execsnoop: SIGHUP: cannot open "file": .* it is a symbolic link, .*; the lines go on to the file that was there$'
		some 20
		wait_for 40 "$D/file.c"
		[ -e "$D/other" ] && fail "it writes where a link says"
		rm "$D/file"
		kill -HUP $tracer
		there "$D/file"
		some 20
		wait_for 20 "$D/file"
		stop
		is $status 0
		is "$(stat -c %a "$D/file")" 600
		is "$(stat -c %a "$D/file.c")" 640
		for f in file file.a file.b file.c; do is "$(head -n 1 "$D/$f" | cut -c1-5)" PCOMM; is "$(grep -c '^PCOMM' "$D/$f")" 1; done
		grep -v SIGHUP "$err" | grep -v "$USUAL" >"$D/said" && fail "it says $(cat "$D/said")"
	done
	# The file's mode stays. nohup(1) is no reason not to open it, and half a line there is no part of ours.
	"$D/prog" >/dev/null
	nohup "$X" -J -o "$D/mine" -l "^$D/prog" >"$err" 2>&1 &
	tracer=$!
	until [ -e "$D/mine" ]; do sleep 0.01; done
	tries=0
	until [ -s "$D/mine" ] || [ $tries -ge 200 ]; do "$D/prog"; sleep 0.01; tries=$((tries + 1)); done
	mv "$D/mine" "$D/before"
	printf 'half' >"$D/mine"
	chmod 640 "$D/mine"
	kill -HUP $tracer
	tries=0
	until [ "$(wc -c <"$D/mine")" -gt 4 ] || [ $tries -ge 200 ]; do "$D/prog"; sleep 0.01; tries=$((tries + 1)); done
	stop
	is "$(stat -c %a "$D/mine")" 640
	is "$(head -n 1 "$D/mine")" half
	tail -n +2 "$D/mine" >"$D/ours"
	valid "$D/ours"
	[ -s "$D/ours" ] || fail "there are no lines behind the half one"
	# Without a file it ends the tracer, and so it does when the terminal is gone.
	start -l "^$D/prog"
	stop HUP
	is $status 0
	rm -f "$D/file"
	TERM=dumb script -qc "exec '$X' -o '$D/file'" /dev/null >/dev/null 2>&1 </dev/null &
	terminal=$!
	there "$D/file"
	tracers=$(pgrep -xf "$X -o $D/file")
	[ "$(echo "$tracers" | wc -l)" = 3 ] || fail "there are not three processes: $tracers"
	kill -9 $terminal
	wait $terminal 2>/dev/null
	tries=0
	while pgrep -xf "$X -o $D/file" >/dev/null && [ $tries -lt 300 ]; do sleep 0.01; tries=$((tries + 1)); done
	pgrep -xf "$X -o $D/file" >/dev/null && fail "it goes on without its terminal"
	# At a terminal, a signal that is not about the file ends it, too: sudo(8) hands on that its own terminal is gone.
	rm -f "$D/file"
	TERM=dumb script -qc "exec '$X' -o '$D/file'" /dev/null >/dev/null 2>&1 </dev/null &
	terminal=$!
	there "$D/file"
	sleep 0.3
	pkill -HUP -o -xf "$X -o $D/file"
	tries=0
	while pgrep -xf "$X -o $D/file" >/dev/null && [ $tries -lt 300 ]; do sleep 0.01; tries=$((tries + 1)); done
	pgrep -xf "$X -o $D/file" >/dev/null && fail "it goes on"
	wait $terminal 2>/dev/null
	tracer=
}

# The process that begins new files: what it may do, and what happens without it.
opener() {
	mkdir "$D/dir"
	watched -o "$D/dir/file" --max-size 4K
	tries=0
	until opener=$(pgrep -P "$tracer" -x execsnoop:file) || [ $tries -ge 500 ]; do sleep 0.01; tries=$((tries + 1)); done
	grep -q '^Seccomp:	2$' "/proc/$opener/status" || fail "no seccomp filter in the opener"
	# CAP_DAC_OVERRIDE 1, CAP_FOWNER 3
	for set in CapPrm CapEff; do is "$(sed -n "s/^$set:	//p" "/proc/$opener/status")" 000000000000000a; done
	is "$(ls "/proc/$opener/fd" | tr '\n' ' ')" '2 3 4 '
	execs 1 60
	lines_there 60
	kill -KILL "$opener"
	execs 61 160
	lines_there 100
	has "$err" '^execsnoop: cannot begin a new file: the process that does it has ended; the lines go on to the old file'
	kill -HUP $tracer
	tries=0
	until grep -q SIGHUP "$err" || [ $tries -ge 500 ]; do sleep 0.01; tries=$((tries + 1)); done
	has "$err" '^execsnoop: SIGHUP: cannot begin a new file: the process that does it has ended; the lines go on to the file'
	stop
	is $status 0
	numbers "$D/dir/file.1" "$D/dir/file" | tail -n 100 >"$D/numbers"
	seq 61 160 | diff - "$D/numbers" >"$D/diff" || fail "lines are missing or twice: $(head -n 5 "$D/diff")"
	# It ends with the tracer, however that ends.
	watched -o "$D/dir/file"
	tries=0
	until opener=$(pgrep -P "$tracer" -x execsnoop:file) || [ $tries -ge 500 ]; do sleep 0.01; tries=$((tries + 1)); done
	kill -KILL "$tracer"
	timeout 5 tail -f --pid="$opener" /dev/null || fail "the opener lives on"
	wait "$tracer"
	tracer=
	# -p does not wait for it.
	timeout 10 sh -c '"$0" -p $$ -o "$1" 2>/dev/null & sleep 0.7; exit 0' "$X" "$D/dir/file"
	tries=0
	while pgrep -f "^$X -p [0-9]* -o $D/dir/file" >/dev/null && [ $tries -lt 500 ]; do sleep 0.01; tries=$((tries + 1)); done
	[ $tries -lt 500 ] || fail "it waits for its own process"
}

# A full disk is left by SIGHUP.
hangup_of_a_full_disk() {
	mkdir "$D/small"
	mount -t tmpfs -o size=16k tmpfs "$D/small" || { skipped="no tmpfs can be mounted"; return; }
	"$X" -J -o "$D/small/file" -l "^$D/prog" 2>"$err" &
	tracer=$!
	tries=0
	until [ -s "$D/small/file" ] || [ $tries -ge 200 ]; do "$D/prog"; sleep 0.01; tries=$((tries + 1)); done
	"$PROGRAMS/storm" vfork 1 300 "$D/prog"
	tries=0
	until grep -q 'No space left' "$err" || [ $tries -ge 500 ]; do sleep 0.01; tries=$((tries + 1)); done
	cp "$D/small/file" "$D/first"
	rm "$D/small/file"
	kill -HUP $tracer
	there "$D/small/file"
	sleep 0.5
	stop
	valid "$D/small/file"
	# The file that was full has no half of a line in the end: the copy has, at most.
	grep -q "$D/prog" "$D/small/file" || fail "nothing is in the new file"
	umount "$D/small"
}

# The command's output and the trace do not mix.
two_streams() {
	"$X" -- sh -c "$D/prog word; echo said" >"$out" 2>"$err" || fail "status $?"
	is "$(cat "$out")" said
	has "$err" '^PCOMM  *PID '
	has "$err" " $D/prog word\$"
	"$X" -J -o - -- "$D/prog" word >"$out" 2>"$err" || fail "status $?"
	valid "$out"
	is "$(cat "$err")" ""
	"$X" -- "$D/prog" word >"$out" 2>/dev/full
	is $? 1
	# A file by that name has a directory.
	x=$(readlink -f "$X")
	(cd "$D" && "$x" -o ./- -- ./prog word)
	has "$D/-" ' \./prog word$'
	usage_error '^execsnoop: --max-size needs a file: -o FILE$' -o - --max-size 1M
}

# A line for a person, which a pipe does not get.
at_a_terminal() {
	script -qc "exec '$X' -d 0.2" /dev/null >"$out" 2>&1 </dev/null
	has "$out" '^execsnoop: tracing execs on [1-9][0-9]* CPUs*, source bpf; Ctrl-C ends.$'
	head -n 2 "$out" | tail -n 1 | grep -q '^PCOMM ' || fail "the heading does not follow"
	script -qc "exec '$X' --quiet -d 0.2" /dev/null >"$out" 2>&1 </dev/null
	head -n 1 "$out" | grep -q '^PCOMM ' || fail "--quiet says something: $(head -n 1 "$out")"
	script -qc "exec '$X' -x --color auto -l '^$D' -- sh -c '$D/prog; $D/missing; :'" /dev/null >"$out" 2>&1 </dev/null
	has "$out" '^execsnoop: tracing execs of "sh" and its descendants on '
	# A failure is red, a name bold, and the columns have the width that they have without.
	escape=$(printf '\033')
	TERM=vt100 script -qc "exec '$X' -x --quiet -l '^$D' -- sh -c '$D/prog; $D/missing; :'" /dev/null >"$out" 2>&1 </dev/null
	has "$out" "^$escape\[1mprog$escape\[0m             *[0-9]"
	has "$out" "$escape\[31m -2$escape\[0m $D/missing"
	for plain in 'NO_COLOR=1 TERM=vt100' TERM=dumb; do
		env $plain script -qc "exec '$X' --quiet -l '^$D' -- '$D/prog'" /dev/null >"$out" 2>&1 </dev/null
		has "$out" '^prog '
		grep -q "$escape" "$out" && fail "colours with $plain"
	done
	"$X" --color always -o - -- "$D/prog" >"$out"
	has "$out" "^$escape\[1mprog$escape\[0m "
	TERM=vt100 "$X" -o - -- "$D/prog" >"$out"
	grep -q "$escape" "$out" && fail "colours in a file"
	usage_error '^execsnoop: --color: "red" is none of auto, always, never$' --color red
}

# Too few descriptors are called that, and nothing else is advised.
few_descriptors() {
	for source in bpf perf sideband proc watch; do
		for n in 4 5 6 7 8 9 10; do
			(ulimit -n $n && exec "$X" --source $source -d 0.1) >"$out" 2>"$err" && continue
			has "$err" '; raise the limit of open files (ulimit -n)$'
		done
	done
}

# A reader that has had enough.
head_is_enough() {
	{ "$X" -l "^$D/prog" 2>"$err"; echo $? >"$D/status"; } | head -n 2 >"$out" &
	tracer=$!
	tries=0
	until [ -s "$out" ] || [ $tries -ge 300 ]; do "$D/prog"; sleep 0.01; tries=$((tries + 1)); done
	tries=0
	while pgrep -f "^$X -l \\^$D/prog" >/dev/null && [ $tries -lt 300 ]; do "$D/prog"; sleep 0.01; tries=$((tries + 1)); done
	[ $tries -lt 300 ] || fail "it does not end"
	wait $tracer
	is "$(cat "$D/status")" 0
	# So does what is written once.
	for what in --ebpf '--check --verbose' --help --version; do
		# shellcheck disable=SC2086 # two options in one word
		{ "$X" $what 2>"$err"; echo $? >"$D/status"; } | head -c 1 >/dev/null
		is "$what: $(cat "$D/status" "$err")" "$what: 0"
	done
	tracer=
	is "$(cat "$err")" ""
}

# Two files, none too large, with all the last lines and none twice; each begins with the heading.
rotation() {
	chmod 755 "$T" "$D"
	cp "$PROGRAMS/storm" "$D/storm"
	timeout 60 "$X" -o "$D/file" --max-size 8K -u 4242 -- "$C" user "$D/storm" 4242 vfork 1 300 "$D/prog" 2>"$err" ||
		fail "status $?: $(cat "$err")"
	for f in file file.1; do
		[ "$(stat -c %s "$D/$f")" -le 8192 ] || fail "$f has $(stat -c %s "$D/$f") bytes"
		is "$(stat -c %a "$D/$f")" 600
		is "$(grep -c '^PCOMM' "$D/$f")" 1
		head -n 1 "$D/$f" | grep -q '^PCOMM' || fail "$f does not begin with the heading"
	done
	[ "$(cat "$D/file.1" "$D/file" | wc -c)" -gt 8192 ] || fail "the old file is too small"
	cat "$D/file.1" "$D/file" | grep -o 'storm 0 [0-9]*' | awk '{ print $3 }' >"$D/numbers"
	seq $((301 - $(wc -l <"$D/numbers"))) 300 | cmp -s - "$D/numbers" || fail "lines are missing or twice"
	is "$(ls "$D" | grep -c '^file')" 2
	# A line that is longer than a file is whole, alone.
	timeout 60 "$X" -J -o "$D/file" --max-size 4K -- "$C" sizes "$D/prog" 10 10000 10 2>"$err" || fail "status $?: $(cat "$err")"
	cat "$D/file.1" "$D/file" >"$D/both"
	valid "$D/both"
	usage_error 'not a size' -o "$D/file" --max-size 1K
	usage_error 'not a size' -o "$D/file" --max-size 1X
	usage_error 'not a size' -o "$D/file" --max-size K
}

# What others do to the file.
file_of_others() {
	chmod 755 "$T" "$D"
	start_writer() {
		"$X" -J -o "$D/$1" --max-size 4K -u 4242 2>"$err" &
		tracer=$!
		sleep 0.5
	}
	some() { for i in $(seq "$1"); do "$C" user "$D/prog" 4242 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa $i; done; sleep 0.3; }
	# Removed: a new one is made when the old is full.
	start_writer removed
	some 5
	rm "$D/removed"
	some 20
	# A rotation leaves no busy loop.
	before=$(awk '{ print $14 + $15 }' "/proc/$tracer/stat")
	sleep 1
	after=$(awk '{ print $14 + $15 }' "/proc/$tracer/stat")
	[ $((after - before)) -lt 30 ] || fail "$((after - before)) ticks in an idle second"
	stop
	is "$status" 0
	valid "$D/removed"
	# Emptied, as logrotate's copytruncate does.
	start_writer emptied
	some 3
	: >"$D/emptied"
	some 3
	stop
	valid "$D/emptied"
	is "$(wc -l <"$D/emptied")" 3
	# A line that somebody left unfinished does not spoil ours.
	printf '{"half":' >"$D/half"
	"$X" -J -o "$D/half" --append -- "$D/prog" x 2>"$err"
	tail -n +2 "$D/half" >"$D/ours"
	valid "$D/ours"
	# Nor do we leave one.
	(ulimit -f 4 && exec "$X" -J -o "$D/limit" -- "$PROGRAMS/storm" vfork 1 100 "$D/prog" 2>"$err")
	is $? 1
	has "$err" 'File too large'
	valid "$D/limit"
}

count() {
	acts() { for i in 1 2 3 4 5 6 7 8 9; do "$D/prog" $i; done; }
	"$X" --count 4 -n '^prog$' -l "$D" >"$out" 2>"$err" &
	tracer=$!
	tries=0
	while ! [ -s "$out" ] && [ $tries -lt 500 ]; do sleep 0.01; tries=$((tries + 1)); done
	acts
	wait $tracer
	is $? 0
	tracer=
	is "$(grep -c "$D/prog" "$out")" 4
	has "$out" "$D/prog 1\$"
	quiet
	usage_error 'out of range: 1 to 18446744073709551615' --count 0
}

# A file system of a few pages: what fits is there, once.
full() {
	mkdir "$D/small"
	mount -t tmpfs -o size=16k tmpfs "$D/small" || { skipped="no tmpfs can be mounted"; return; }
	timeout 60 "$X" -o "$D/small/file" -- "$PROGRAMS/storm" vfork 1 1000 "$D/prog" 2>"$err"
	is $? 1
	has "$err" "^execsnoop: cannot write to \"$D/small/file\": No space left on device; it is tried again each second\$"
	has "$err" "^execsnoop: cannot write to \"$D/small/file\": No space left on device\$"
	is "$(grep -c 'cannot write' "$err")" 2
	lost=$(sed -n 's/^execsnoop: \([0-9]*\) execs* w[a-z]* lost in all$/\1/p' "$err")
	is "$(($(grep -c "$D/prog" "$D/small/file") + ${lost:-0}))" 1001
	grep -o 'storm 0 [0-9]* x$' "$D/small/file" | awk '{ print $3 }' >"$D/numbers"
	[ "$(wc -l <"$D/numbers")" -gt 50 ] || fail "only $(wc -l <"$D/numbers") lines"
	seq 1 "$(wc -l <"$D/numbers")" | cmp -s - "$D/numbers" || fail "lines are missing or twice"
	umount "$D/small"
	# Half of a line that is longer than what is written at a time does not stay.
	mount -t tmpfs -o size=64k tmpfs "$D/small"
	timeout 60 "$X" -J -n prog -o "$D/small/file" -- sh -c "$D/prog a; sleep 0.3; $D/prog $(printf %0100000d 0)" 2>"$err"
	is $? 1
	valid "$D/small/file"
	grep -q "$D/prog" "$D/small/file" || fail "the first line is not there"
	umount "$D/small"
	# EIO, which a real file rarely gives.
	strace -f -qq -o "$D/trace" -P "$D/io" -e inject=write:error=EIO:when=2 "$X" -o "$D/io" -- "$PROGRAMS/storm" vfork 1 500 "$D/prog" 2>"$err"
	is $? 0
	has "$err" "^execsnoop: cannot write to \"$D/io\": I/O error; it is tried again each second\$"
	has "$err" "^execsnoop: \"$D/io\" can be written to again\$"
	grep -o 'storm 0 [0-9]* x$' "$D/io" | awk '{ print $3 }' >"$D/numbers"
	seq 1 500 | diff - "$D/numbers" >"$D/diff" || fail "lines are missing or twice: $(head -n 5 "$D/diff")"
}

# The disk is full for a moment.
full_for_a_moment() {
	mkdir "$D/small"
	mount -t tmpfs -o size=64k tmpfs "$D/small" || { skipped="no tmpfs can be mounted"; return; }
	"$X" -l "$D/prog" -o "$D/small/file" 2>"$err" &
	tracer=$!
	sleep 0.5
	dd if=/dev/zero of="$D/small/filler" bs=4096 2>/dev/null
	"$PROGRAMS/storm" vfork 1 200 "$D/prog"
	sleep 0.3
	rm "$D/small/filler"
	sleep 1.3
	"$D/prog" last
	stop
	is "$status" 0
	has "$err" 'No space left on device; it is tried again each second$'
	has "$err" 'can be written to again$'
	{ seq 1 200; echo last; } >"$D/wanted"
	sed -n 's/.*\(storm 0\|prog\) \([0-9]*\) x$/\2/p; s/.*prog last$/last/p' "$D/small/file" >"$D/numbers"
	cmp -s "$D/wanted" "$D/numbers" || fail "lines are missing or twice: $(tail -n 3 "$D/small/file")"
	umount "$D/small"
}

# watched OPTION...: traces $D/prog in the background.
watched() {
	"$X" -l "$D/prog" "$@" 2>"$err" &
	tracer=$!
	tries=0
	while ! [ -s "$D/dir/file" ] && [ $tries -lt 500 ]; do sleep 0.01; tries=$((tries + 1)); done
}
# Until as many lines are in all files together.
lines_there() {
	tries=0
	until [ "$(cat "$D/dir/"* 2>/dev/null | grep -c "$D/prog")" -ge "$1" ] || [ $tries -ge 100 ]; do sleep 0.05; tries=$((tries + 1)); done
}
# execs FROM TO: executes with these numbers, in lines of some 100 bytes.
execs() {
	for i in $(seq "$1" "$2"); do "$D/prog" aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "$i"; done
}
numbers() { sed -n 's/.*aaa \([0-9]*\)$/\1/p' "$@"; }

# Where a new file cannot be begun the old one is written to, until it can.
stuck_rotation() {
	mkdir "$D/dir"
	watched -o "$D/dir/file" --max-size 4K
	mkdir "$D/dir/file.1"
	execs 1 60
	lines_there 60
	has "$err" 'cannot rename "file" to "file.1": Is a directory; the lines go on to the old file, and it is tried again each second$'
	[ "$(stat -c %s "$D/dir/file")" -gt 4096 ] || fail "the file has only $(stat -c %s "$D/dir/file") bytes"
	rmdir "$D/dir/file.1"
	sleep 1.1
	execs 61 70
	lines_there 70
	stop
	is "$status" 0
	is "$(grep -c 'cannot rename' "$err")" 1
	numbers "$D/dir/file.1" "$D/dir/file" >"$D/numbers"
	seq 1 70 | diff - "$D/numbers" >"$D/diff" || fail "lines are missing or twice: $(head -n 5 "$D/diff")"
	is "$(ls -A "$D/dir" | wc -l)" 2
}

# Somebody makes the file anew whenever it is not there.
race_for_the_file() {
	mkdir "$D/dir"
	watched -o "$D/dir/file" --max-size 4K --keep 50
	(set -C; while :; do echo theirs >"$D/dir/file"; done 2>/dev/null) &
	racer=$!
	execs 1 300
	lines_there 300
	kill $racer
	stop
	is "$status" 0
	for n in $(seq 50 -1 1); do [ ! -f "$D/dir/file.$n" ] || echo "$D/dir/file.$n"; done >"$D/files"
	# shellcheck disable=SC2046 # no spaces
	numbers $(cat "$D/files") "$D/dir/file" >"$D/numbers"
	seq 1 300 | diff - "$D/numbers" >"$D/diff" || fail "lines are missing or twice: $(head -n 5 "$D/diff")"
}

keeps() {
	mkdir "$D/dir"
	watched -o "$D/dir/file" --max-size 4K --keep 3
	execs 1 200
	lines_there 80
	stop
	is "$status" 0
	is "$(ls -A "$D/dir" | tr '\n' ' ')" 'file file.1 file.2 file.3 '
	numbers "$D/dir/file.3" "$D/dir/file.2" "$D/dir/file.1" "$D/dir/file" >"$D/numbers"
	seq $((201 - $(wc -l <"$D/numbers"))) 200 | cmp -s - "$D/numbers" || fail "lines are missing or twice"
	usage_error 'out of range: 1 to 1000' -o "$D/file" --max-size 4K --keep 0
	usage_error 'nothing is kept without --max-size' -o "$D/file" --keep 2
}

# What root would not write to.
refused() {
	why=$1
	shift
	timeout 5 "$X" "$@" >"$out" 2>"$err"
	is $? 1
	has "$err" "$why"
	is "$(wc -l <"$err")" 1
}
refused_files() {
	mkfifo "$D/fifo"
	refused '/fifo": it is a FIFO; ' -o "$D/fifo"
	cat "$D/fifo" >/dev/null &
	sleep 0.1
	refused '/fifo": it is a FIFO; ' -o "$D/fifo"
	: >"$D/file"
	ln "$D/file" "$D/second"
	refused 'it has another name, too (a hard link); ' -o "$D/file"
	rm "$D/second"
	chown 4242 "$D/file"
	refused 'it belongs to another user; ' -o "$D/file"
	mkdir "$D/open"
	chmod 777 "$D/open"
	refused 'every user can replace files in .*/open/", which is not sticky; ' -o "$D/open/file"
	is "$(ls -A "$D/open" | wc -l)" 0
	refused 'cannot open ' -o "$D/open"
	chmod 1777 "$D/open"
	"$X" -o "$D/open/file" -d 0.1 || fail "in a sticky directory: status $?"
}

# The path leads elsewhere since.
moved_directory() {
	mkdir "$D/dir" "$D/elsewhere"
	watched -o "$D/dir/file" --max-size 4K
	mv "$D/dir" "$D/moved"
	ln -s elsewhere "$D/dir"
	execs 1 100
	sleep 0.5
	stop
	is "$status" 0
	is "$(ls -A "$D/elsewhere" | wc -l)" 0
	is "$(numbers "$D/moved/file" | tail -n 1)" 100
}

said_to_be_moved() {
	mkdir "$D/dir"
	for how in removed replaced; do
		watched -o "$D/dir/file"
		mv "$D/dir/file" "$D/ours"
		[ $how = removed ] || echo theirs >"$D/dir/file"
		execs 1 3
		sleep 2.8 # two looks
		stop
		is "$status" 0
		has "$err" "/file\" was $how by somebody else; the lines go on to the file that was there, until SIGHUP\$"
		is "$(numbers "$D/ours" | tail -n 1)" 3
	done
	is "$(cat "$D/dir/file")" theirs
}

# Nobody reads; then somebody does. The lines that wait, and those that are lost, are all.
slow_pipe() {
	rm -f "$D/pipe"
	mkfifo "$D/pipe"
	exec 7<>"$D/pipe"
	"$X" -l "$D/prog" "$@" >"$D/pipe" 2>"$err" &
	tracer=$!
	tries=0
	while ! grep -q '^Name:' "/proc/$tracer/status" && [ $tries -lt 100 ]; do sleep 0.01; tries=$((tries + 1)); done
	sleep 0.7
	long=$(printf %0100000d 0)
	for i in $(seq 1 150); do "$D/prog" "$long" >/dev/null; done
	for i in $(seq 1 20); do "$D/prog" small $i; done
	sleep 0.3
	anonymous=$(awk '/^RssAnon/ { print $2 }' "/proc/$tracer/status")
	[ "$anonymous" -le 12288 ] || fail "$anonymous KiB wait"
	cat <&7 >"$D/read" &
	reader=$!
	sleep 0.5
	stop
	exec 7>&-
	sleep 0.3
	kill $reader 2>/dev/null
	is "$status" 0
}
never_read() {
	slow_pipe
	is "$(grep -c 'prog small [0-9]*$' "$D/read")" 20
	is "$(grep -c "  0 $D/prog " "$D/read")" 170
	slow_pipe -J
	lost=$(sed -n 's/^execsnoop: \([0-9]*\) execs* w[a-z]* lost in all$/\1/p' "$err")
	valid "$D/read"
	is "$(($(jq -c 'select(.filename == "'"$D/prog"'")' "$D/read" | wc -l) + ${lost:-0}))" 170
	is "$(jq -r 'select(.argv[1] == "small") | .argv[2]' "$D/read" | wc -l)" 20
}

# As a service manager reads what a service writes.
socket() {
	python3 - "$X" "$D/prog" >"$D/read" 2>"$err" <<-'END'
		import socket, subprocess, sys
		ours, theirs = socket.socketpair()
		process = subprocess.Popen([sys.argv[1], "-q", "--", sys.argv[2], "x"], stdout=theirs, stderr=theirs)
		theirs.close()
		while data := ours.recv(65536):
		    sys.stdout.buffer.write(data)
		sys.exit(process.wait())
	END
	is $? 0
	grep -q "  0 \"$D/prog\" \"x\"\$" "$D/read" || fail "it reads: $(cat "$D/read" "$err")"
	# A service's standard output is one: that the journal has gone is an error, so that the service is started anew.
	python3 - "$X" "$D/prog" >"$D/read" 2>"$err" <<-'END'
		import socket, subprocess, sys
		ours, theirs = socket.socketpair()
		process = subprocess.Popen([sys.argv[1]], stdout=theirs)
		theirs.close()
		ours.recv(65536)
		ours.close()
		for i in range(100):
		    subprocess.run([sys.argv[2]])
		    if process.poll() is not None:
		        break
		sys.exit(process.wait())
	END
	is $? 1
	has "$err" '^execsnoop: cannot write to the standard output: '
}

# The messages have no reader: they are dropped.
full_stderr() {
	mkfifo "$D/pipe"
	exec 7<>"$D/pipe"
	dd if=/dev/zero of="$D/pipe" bs=4096 oflag=nonblock 2>/dev/null
	mkdir "$D/dir"
	"$X" -x -l "$D/prog" -o "$D/dir/file" 2>"$D/pipe" &
	tracer=$!
	tries=0
	while ! [ -s "$D/dir/file" ] && [ $tries -lt 500 ]; do sleep 0.01; tries=$((tries + 1)); done
	rm "$D/dir/file.1" 2>/dev/null
	execs 1 3
	lines_there 3
	stop
	is "$status" 0
	is "$(numbers "$D/dir/file" | tail -n 1)" 3
	exec 7>&-
}

# What a file says of the time zone is not believed.
time_zones() {
	zone=$D/zone
	at() { TZ=$1 "$X" -o - -T -- "$D/prog" 2>"$err" | awk -v d="$D/prog" '$NF == d { print substr($1, 1, 2) }'; }
	hour=$(date -u +%H)
	printf 'TZif2\0\0\0\0\0\0\0\0\0\0\0\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\nABC-3\n' >"$zone"
	is "$(at "$zone")" "$(printf %02d $(((${hour#0} + 3) % 24)))"
	for rule in 'ABC-3,M99999999.1.1,M3.1.0' 'ABC' '' 'ABC-3\nABC-3DEF,J999,J1'; do
		printf "TZif2$rule\n" >"$zone"
		is "$(at "$zone")" "$(date -u +%H)"
		has "$err" 'warning: times are UTC: '
	done
	is "$(at UTC-2)" "$(printf %02d $(((${hour#0} + 2) % 24)))"
	is "$(TZ=ABC-5 "$X" -o - -q -- sh -c "exec $D/prog \$TZ" 2>"$err" | grep -c '"ABC-5"$')" 1
}

# What is written to, $D/pipe, is full. It ends at a signal, or if it does not wait.
ends_unread() {
	wanted=$1
	shift
	"$@" &
	child=$!
	sleep 0.5
	kill -TERM $child 2>/dev/null
	timeout 5 tail -f --pid=$child /dev/null || { fail "$*: it did not end"; kill -KILL $child; }
	wait $child
	is $? "$wanted"
}

unread() {
	mkfifo "$D/pipe"
	exec 7<>"$D/pipe"
	dd if=/dev/zero of="$D/pipe" bs=4096 oflag=nonblock 2>/dev/null
	ends_unread 1 sh -c "exec $X -o $D/missing/file 2>$D/pipe"
	ends_unread 143 sh -c "exec $X --help >$D/pipe"
	exec 7>&-
}

# ---- for people ----

iso_time() {
	traced one --time-format iso
	heads 'TIME                           PCOMM            PID    PPID   RET ARGS'
	shows 1 "^[0-9]\{4\}-[0-9][0-9]-[0-9][0-9]T[0-9:]\{8\}\.[0-9]\{9\}Z prog .* $D/prog x\$"
	traced one --time-format hms
	shows 1 "^[0-9:]\{8\} prog .* $D/prog x\$"
	usage_error 'neither hms nor iso' --time-format rfc
}

tree() {
	acts() {
		(
			"$D/prog" top
			sh -c "$D/prog a; (($D/prog b; true); true); sh -c '$D/prog c; true'; true"
		)
	}
	traced acts --tree
	sed -n "s|^prog .*  0 \( *\)$D/prog |\1|p" "$out" >"$D/shown"
	printf 'top\n  a\n  b\n    c\n' | cmp -s - "$D/shown" || fail "shown: $(cat "$D/shown")"
	usage_error 'for text' --tree -J
}

check() {
	"$X" --check --verbose >"$out" 2>"$err" || fail "exit status $?"
	has "$out" '^bpf(2)  *yes '
	has "$out" '^sched/sched_process_exec  *yes '
	has "$out" '^mm_struct.arg_start  *yes .* at [0-9]*$'
	has "$out" '^failed execs (-x)  *yes '
	has "$out" '^other BPF helpers  *yes .*bpf_perf_event_output'
	has "$out" '^sandbox of the reader  *yes '
	has "$out" '^sandbox of the helper  *yes '
	has "$out" '^memory  *yes .*KiB: [1-9][0-9]* rings ([1-9]'
	[ "$(sed -n 's/^memory .* \([0-9]*\) resident$/\1/p' "$out")" -lt 1024 ] || fail "more than 1 MiB is resident"
	"$X" --check -J >"$out" 2>"$err" || fail "exit status $?"
	jq -es 'length > 20 and all(.[]; (.feature | type) == "string" and (.here | type) == "boolean")' "$out" >/dev/null || fail "JSON"
	# What is not there, and what is used instead: the same program decides by it.
	strace -qq -o "$D/trace" -e inject=bpf:error=EINVAL:when=2..4 "$X" --check --verbose >"$out" 2>"$err" || fail "exit status $?"
	has "$out" '^raw tracepoints  *no  *perf events, by tracefs'
	has "$out" '^bpf_probe_read_kernel  *no  *bpf_probe_read '
	has "$out" '^bpf_get_current_cgroup_id  *no '
	grep -q 'sched_process_exec' "$D/trace" || fail "tracefs was not asked"
	strace -f -qq -o "$D/trace" -e inject=bpf:error=ENOSYS "$X" --check --verbose >"$out" 2>"$err"
	is $? 1
	has "$out" '^bpf(2)  *no .*CONFIG_BPF_SYSCALL'
	has "$out" '^source bpf  *no .*CONFIG_BPF_SYSCALL'
	has "$out" '^raw tracepoints  *? '
	has "$out" '^source watch  *yes .*does not show '
	# The status is that of the source that is asked for; what each lacks is said.
	strace -f -qq -o "$D/trace" -e inject=bpf,perf_event_open:error=ENOSYS "$X" --source perf --check --verbose >"$out" 2>"$err"
	is $? 1
	has "$out" '^source perf  *no  *the next source  *cannot .*: Function not implemented; '
	has "$out" '^source sideband  *no  *the next source  *cannot .*: Function not implemented; '
	strace -f -qq -o "$D/trace" -e inject=bpf,perf_event_open:error=ENOSYS "$X" --source watch --check --verbose >"$out" 2>"$err"
	is $? 0
	is "$(wc -c <"$err")" 0
	"$X" --check --verbose -x >"$out" 2>"$err" || fail "exit status $?"
	has "$out" '^source trace  *yes '
	has "$out" '^source proc  *no .*-x: --source proc cannot see failed calls; '
	strace -f -qq -o "$D/trace" -e inject=bind:error=EPERM "$X" --check -J >"$out" 2>"$err"
	is "$(jq -r 'select(.feature == "source proc") | .here' "$out")" false
	# What is forbidden is not said to be missing.
	strace -f -qq -o "$D/trace" -e inject=bpf:error=EPERM:when=2+ "$X" --check --verbose >"$out" 2>"$err"
	is $? 1
	has "$out" '^raw tracepoints  *no .*Operation not permitted'
	has "$out" '^source bpf  *no .*Operation not permitted; '
	unshare -n "$X" --check --verbose 2>&1 | grep -q '^BPF JIT  *yes ' || fail "the JIT is not seen from another network namespace"
	# For a person: the verdict, and what is missing, once.
	"$X" --check >"$out" 2>"$err" || fail "exit status $?"
	is "$(head -n 1 "$out")" 'It works here, by the source bpf.'
	has "$out" "^execsnoop [0-9.]* for [^ ]*, Linux $(uname -r) on $(uname -m)\$"
	[ "$(wc -l <"$out")" -le 12 ] || fail "$(wc -l <"$out") lines"
	has "$out" '^All that was asked: execsnoop --check --verbose$'
	strace -qq -o "$D/trace" -e inject=bpf:error=EINVAL:when=2..4 "$X" --check >"$out" 2>"$err" || fail "exit status $?"
	has "$out" '^Missing:$'
	has "$out" '^  raw tracepoints: used instead: perf events, by tracefs'
	chmod 755 "$T" "$D"
	cp "$X" "$D/tracer"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$D/tracer" --check >"$out" 2>"$err"
	is $? 1
	is "$(grep -c 'bpf.*Operation not permitted; run it as root' "$out")" 1
	has "$out" '^It works here, by the source \(proc\|watch\), which does not show '
	usage_error '^execsnoop: --check and --ebpf: give one of them$' --check --ebpf
	usage_error '^execsnoop: --verbose' --verbose
}

summary() {
	acts() { "$D/prog" 1; "$C" execve "$D/missing" x; true; }
	traced acts -x -n '^(prog|call)$'
	has "$err" '^execsnoop: [0-9]* execs* shown ([0-9]* of them failed), [0-9]* filtered out, 0 lost, in [0-9]*\.[0-9] s$'
	n=$(tail -n +2 "$out" | wc -l)
	has "$err" "^execsnoop: $n execs* shown"
	traced acts -u 4242
	[ "$(sed -n 's/.*shown, \([0-9]*\) filtered.*/\1/p' "$err")" -ge 2 ] || fail "filtered: $(cat "$err")"
	traced acts --quiet
	[ ! -s "$err" ] || fail "standard error: $(cat "$err")"
	"$X" -d 0.1 >"$out" 2>"$err"
	[ ! -s "$err" ] || fail "standard error: $(cat "$err")"
}

# The helper's process id. It is there a moment after the first line.
find_helper() {
	tries=0
	until helper=$(pgrep -P "$tracer") || [ $tries -ge 500 ]; do sleep 0.01; tries=$((tries + 1)); done
	[ -n "$helper" ] || fail "there is no helper"
}

# What both processes may still do: the reader has no capability in any set and another user's id, the helper few.
sandbox() {
	start -x
	# It traces first, then it gives up.
	tries=0
	until grep -q '^Seccomp:	2$' "/proc/$tracer/status" || [ $tries -ge 200 ]; do sleep 0.01; tries=$((tries + 1)); done
	grep -q '^Seccomp:	2$' "/proc/$tracer/status" || fail "no seccomp filter: $(grep Seccomp "/proc/$tracer/status")"
	grep -q '^NoNewPrivs:	1$' "/proc/$tracer/status" || fail "new privileges"
	is "$(sed -n 's/^Cap...:	//p' "/proc/$tracer/status" | sort -u)" 0000000000000000
	[ "$(stat -c %u "/proc/$tracer/environ")" = 0 ] || fail "others can look into it"
	is "$(awk '/^Uid|^Gid/ && ($2 < 65536 || $2 != $3 || $2 != $4 || $2 != $5) { wrong++ } END { print wrong + 0 }' "/proc/$tracer/status")" 0
	find_helper
	grep -q '^Seccomp:	2$' "/proc/$helper/status" || fail "no seccomp filter in the helper"
	# CAP_IPC_LOCK 14, CAP_SYS_PTRACE 19, CAP_PERFMON 38, CAP_BPF 39
	for set in CapPrm CapEff; do is "$(sed -n "s/^$set:	//p" "/proc/$helper/status")" 000000c000084000; done
	# The rings, the output, the messages, the helper.
	cpus=$(getconf _NPROCESSORS_CONF)
	[ "$(ls "/proc/$tracer/fd" | wc -l)" -le $((2 * cpus + 6)) ] || fail "descriptors: $(ls -l "/proc/$tracer/fd")"
	both=$(awk '/^RssAnon|^RssShmem/ { n += $2 } FILENAME ~ /'"$tracer"'/ && /^RssFile/ { n += $2 } END { print n }' "/proc/$tracer/status" "/proc/$helper/status")
	[ "$both" -le 1024 ] || fail "$both KiB are resident"
	"$C" untouched "$D/missing" nasl 'still read'
	stop
	shows 1 " -2 $D/missing still read\$"
	quiet
	kill -0 "$helper" 2>/dev/null && fail "the helper lives on"
	start --no-sandbox
	grep -q '^Seccomp:	0$' "/proc/$tracer/status" || fail "--no-sandbox: it is restricted"
	[ -z "$(pgrep -P "$tracer")" ] || fail "--no-sandbox: it has a child"
	"$D/prog" alone
	stop
	shows 1 "$D/prog alone\$"
	quiet
}

# As another user than its file's.
installed_setuid() {
	chmod 755 "$T" "$D"
	cp "$X" "$D/setuid"
	chmod 4755 "$D/setuid"
	cp "$(command -v id)" "$D/id"
	chmod 4755 "$D/id"
	if [ "$("$C" user "$D/id" 4242 -u)" != 0 ]; then
		skipped="no setuid programs run here"
		return
	fi
	"$C" user "$D/setuid" 4242 --version >"$out" 2>"$err"
	is $? 1
	has "$err" '^execsnoop: it is installed setuid, '
	[ ! -s "$out" ] || fail "it printed: $(cat "$out")"
}

# Neither lives without the other.
helper_killed() {
	start
	find_helper
	kill -KILL "$helper"
	timeout 5 tail -f --pid="$tracer" /dev/null || { fail "it lives on"; kill -KILL "$tracer"; }
	wait "$tracer"
	is $? 1
	has "$err" '^execsnoop: the helper process has ended (was it killed?), and with it the tracing$'
	start
	find_helper
	kill -KILL "$tracer"
	timeout 5 tail -f --pid="$helper" /dev/null || fail "the helper lives on"
	wait "$tracer"
	tracer=
}

case_ "JSON has the keys in their order, and what they say is so" keys
case_ "JSON has the keys that are chosen, as the schema says" chosen_keys
case_ "JSON has the ends of processes as the schema says" ends
case_ "JSON's time is the time" time_is_true
case_ "JSON shows a script's interpreter, and argv as the program got it" scripts
case_ "JSON says what is cut and what could not be read" cut_and_unreadable
case_ "JSON has a record of each loss" losses
case_ "hostile bytes in 10,000 argument lists come back, and text cannot lie" hostile
case_ "a terminal is not moved by any argument" terminal
case_ "-o writes a file of mode 0600, never through a link, and appends only if asked" to_a_file
case_ "--max-size begins new files" rotation
case_ "SIGHUP opens the file again, and loses no line" hangup script pgrep nohup
case_ "SIGHUP leaves a disk that is full" hangup_of_a_full_disk
case_ "the process that begins new files can do nothing else, and can be done without" opener pgrep
case_ "with a command, the trace goes to the standard error, or with -o - to the standard output" two_streams
case_ "tells a person at a terminal that it has begun, and shows failures in colour" at_a_terminal script
case_ "ends quietly when nobody reads the pipe any more" head_is_enough pgrep
case_ "advises more descriptors where there are too few" few_descriptors
case_ "files that others remove, empty or leave unfinished do no harm" file_of_others
case_ "--count ends after so many execs" count
case_ "the table of unprintable characters is Unicode's" unicode
case_ "says that a file system is full, and writes nothing twice" full
case_ "goes on where the disk was full for a moment" full_for_a_moment mount
case_ "goes on where a new file cannot be begun" stuck_rotation
case_ "goes on where somebody else makes the file" race_for_the_file
case_ "--keep keeps that many old files" keeps
case_ "refuses a FIFO, a hard link, a file of another user, a directory that is everybody's" refused_files
case_ "writes to no other directory than the one it has opened" moved_directory
case_ "says that its file was removed or replaced" said_to_be_moved
case_ "waits for no reader, and bounds and counts what waits" never_read jq python3
case_ "writes to a socket" socket python3
case_ "drops messages that nobody reads" full_stderr
case_ "believes no file of a time zone" time_zones
case_ "ends by one signal where nobody reads what it says" unread
case_ "--time-format iso prints UTC with nanoseconds" iso_time
case_ "--tree indents by descent" tree
case_ "--check says what works here" check setpriv
case_ "sums up when it is ended by a signal" summary
case_ "gives up what it does not need" sandbox pgrep
case_ "does nothing when it is installed setuid" installed_setuid
case_ "ends when its helper ends, and the helper with it" helper_killed pgrep
