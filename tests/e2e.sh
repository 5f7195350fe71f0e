#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# End to end: traces real execs with the real kernel. Usage: e2e.sh EXECSNOOP DIRECTORY, as root.
. "$(dirname "$0")/harness.sh"

# ---- columns and options ----

one() { "$D/prog" one two; }
one_and_fail() { one; "$PROGRAMS/call" execve "$D/missing" 'a b' 2>/dev/null; }

columns() {
	traced one
	heads "PCOMM            PID    PPID   RET ARGS"
	shows 1 "^prog             *[0-9][0-9]* *$$ *  0 $D/prog one two\$"
}

all_columns() {
	traced one -T -t -U -M -C
	heads "TIME     TIME(s) UID   COMM             PID    PCOMM            PPID   CPU  RET ARGS"
	shows 1 "^[0-2][0-9]:[0-5][0-9]:[0-5][0-9] 0\.[0-9][0-9][0-9]   0     prog  *[0-9]*  *[^ ]* *  *$$  *[0-9]*  *0 $D/prog one two\$"
}

long_options() {
	traced one_and_fail --time --timestamp --print-uid --print-pcomm --print-cpu --fails --quote
	heads "TIME     TIME(s) UID   COMM             PID    PCOMM            PPID   CPU  RET ARGS"
	shows 1 " 0 \"$D/prog\" \"one\" \"two\"\$"
	shows 1 " -2 \"$D/missing\" \"a b\"\$"
}

time_of_day() {
	before=$(date +%H:%M:%S)
	traced one -T
	after=$(date +%H:%M:%S)
	shown=$(grep -F "$D/prog" "$out" | cut -c1-8)
	[ "$shown" = "$before" ] || [ "$shown" = "$after" ] || {
		# The exec may fall on a second between the two.
		seconds() { echo "$1" | { IFS=: read -r h m s; echo $((1$h % 100 * 3600 + 1$m % 100 * 60 + 1$s % 100)); }; }
		s=$(seconds "$shown")
		[ "$s" -ge "$(seconds "$before")" ] && [ "$s" -le "$(seconds "$after")" ] ||
			fail "$shown is not between $before and $after"
	}
}

pcomm_is_the_parents() {
	ln -s /proc/self/exe "$D/x" 2>/dev/null
	start -M
	cat >"$D/daddy" <<-END
		#!/bin/sh
		$D/prog child
		true
	END
	chmod +x "$D/daddy"
	"$D/daddy"
	stop
	shows 1 "^prog  *[0-9]* *daddy  *[0-9]* *0 $D/prog child\$"
}

no_failures_unasked() {
	traced one_and_fail
	shows 1 "$D/prog"
	shows 0 " -2 "
}

failures() {
	traced one_and_fail -x
	shows 1 "  0 $D/prog one two\$"
	shows 1 "^call  *[0-9]*  *$$ * -2 $D/missing a b\$"
}

many_failures() {
	echo text >"$D/text"
	chmod +x "$D/text"
	: >"$D/noexec"
	calls() {
		for f in text noexec prog/x missing; do "$PROGRAMS/call" execve "$D/$f" "$f" 2>/dev/null; done
		"$PROGRAMS/call" execveat "$D/missing2" x 2>/dev/null
	}
	traced calls -x
	shows 1 " -8 $D/text text\$"
	shows 1 " -13 $D/noexec noexec\$"
	shows 1 " -20 $D/prog/x prog/x\$"
	shows 1 " -2 $D/missing missing\$"
	shows 1 " -2 /dev/fd/[0-9]*/missing2 x\$"
}

failure_with_500_arguments() {
	calls() { "$PROGRAMS/call" many "$D/missing" 500 2>/dev/null; }
	traced calls -x --max-args 0
	shows 1 " -2 $D/missing a000000001 .* a000000500\$"
}

failure_with_a_long_argument() {
	calls() { "$PROGRAMS/call" long "$D/missing" 20000 2>/dev/null; }
	traced calls -x
	shows 1 " -2 $D/missing x*x end\$"
	has_argument 20000 x "$D/missing x"
}

quotes() {
	calls() { "$D/prog" '' 'a b' 'say "hi"' 'back\slash' ''; }
	traced calls -q
	shows 1 " 0 \"$D/prog\" \"\" \"a b\" \"say \\\\\"hi\\\\\"\" \"back\\\\\\\\slash\" \"\"\$"
}

empty_arguments() {
	calls() { "$D/prog" '' a '' ''; }
	traced calls
	shows 1 " 0 $D/prog  a  \$"
}

newline_and_controls() {
	calls() { "$D/prog" 'a
b' "$(printf 'x\033[31my\tz\177')" "$(printf 'gr\303\274n \377')"; }
	traced calls
	shows 1 " 0 $D/prog a\\\\nb x\\\\x1b\[31my\\\\tz\\\\x7f gr$(printf '\303\274')n \\\\xff\$"
}

by_name() {
	cp "$D/prog" "$D/other"
	calls() { "$D/prog" other; "$D/other" x; }
	traced calls -n '^oth(er|re)$'
	shows 1 "$D/other x\$"
	shows 0 "$D/prog"
}

by_line() {
	calls() { "$D/prog" alpha; "$D/prog" beta; }
	traced calls -l "$D/prog al?p"
	shows 1 "$D/prog alpha\$"
	shows 0 "beta"
}

by_line_beyond_max_args() {
	calls() { "$D/prog" 1 2 3 4 needle; }
	traced calls --max-args 2 --line needle
	shows 1 "$D/prog 1 \.\.\.\$"
}

by_uid() {
	chmod 755 "$T" "$D"
	calls() { "$D/prog" root; "$PROGRAMS/call" user "$D/prog" 4242 other; }
	traced calls -u 4242 -U
	shows 1 "^4242  prog .* $D/prog other\$"
	shows 0 "$D/prog root"
}

by_uid_root() {
	chmod 755 "$T" "$D"
	calls() { "$D/prog" root; "$PROGRAMS/call" user "$D/prog" 4242 other; }
	traced calls -u root
	shows 1 "$D/prog root"
	shows 0 "$D/prog other"
}

failures_by_uid() {
	chmod 755 "$T" "$D"
	calls() {
		"$PROGRAMS/call" execve "$D/missing" root 2>/dev/null
		"$PROGRAMS/call" user "$D/missing" 4242 other 2>/dev/null
	}
	traced calls -x -u 4242
	shows 1 "$D/missing other\$"
	shows 0 "$D/missing root"
}

# Any of several will do; of what is not wanted, none.
by_any() {
	chmod 755 "$T" "$D"
	cp "$D/prog" "$D/other"
	calls() {
		"$D/prog" root
		for user in 4242 4243 4244; do "$PROGRAMS/call" user "$D/prog" $user "$user"; done
		"$D/other" one
		(exec 3>&1; "$D/other" grandchild; true)
	}
	traced calls -u 4242 -u 4244 -u 4243
	is "$(sed -n 's,.* \(42..\)$,\1,p' "$out" | tr '\n' ' ')" '4242 4243 4244 '
	traced calls -n '^prog$' --not-uid 4243 --not-uid root
	is "$(sed -n 's,.* \(42..\)$,\1,p' "$out" | tr '\n' ' ')" '4242 4244 '
	shows 0 "$D/"'prog root$'
	traced calls -l "$D" --not-name '^prog$' --not-name '^call$'
	shows 0 "$D/prog "
	shows 2 "$D/other "
	traced calls -n no_such_name -n '^oth' -n '^pro'
	shows 4 "$D/prog "
	shows 2 "$D/other "
	traced calls -l ' root$' -l "$D/other"
	shows 1 "$D/prog root\$"
	shows 2 "$D/other "
	traced calls -l "$D" --not-line '/prog ' --not-line 'grand'
	is "$(sed -n "s,.* 0 $D/,,p" "$out")" 'other one'
	traced calls -P $$ -P 1
	shows 1 "$D/other one"
	shows 0 grandchild
}

by_parent() {
	calls() { "$D/prog" child; (exec 3>&1; "$D/prog" grandchild; true); }
	traced calls -P $$
	shows 1 "$D/prog child"
	shows 0 "grandchild"
}

max_args() {
	calls() {
		"$PROGRAMS/call" many "$D/prog" 19
		"$PROGRAMS/call" many "$D/prog" 20
		"$PROGRAMS/call" many "$D/prog" 300
	}
	traced calls
	shows 1 " 0 $D/prog a000000001 .* a000000019\$"
	shows 2 " 0 $D/prog a000000001 .* a000000019 \.\.\.\$"
}

max_args_given() {
	calls() { "$PROGRAMS/call" many "$D/prog" 3; }
	traced calls --max-args 3
	shows 1 " 0 $D/prog a000000001 a000000002 \.\.\.\$"
	traced calls --max-args 4
	shows 1 " 0 $D/prog a000000001 a000000002 a000000003\$"
	traced calls --max-args 1
	shows 1 " 0 $D/prog \.\.\.\$"
}

max_args_all() {
	calls() { "$PROGRAMS/call" many "$D/prog" 2500; }
	traced calls --max-args 0
	shows 1 " 0 $D/prog a000000001 .* a000002500\$"
}

# Of 110 KB the one, of 40 KB the other.
max_bytes() {
	calls() {
		"$PROGRAMS/call" many "$D/prog" 10000
		"$PROGRAMS/call" sizes "$D/missing" 20000 20000 2>/dev/null
	}
	traced calls -x --max-args 0
	for f in ' 0 .*/prog a' '-2 .*/missing 0'; do
		grep -e "$f" "$out" >"$D/line"
		grep -q '\.\.\.$' "$D/line" || fail "it is not marked: $(tail -c 100 "$D/line")"
		[ "$(wc -c <"$D/line")" -le 33000 ] || fail "it has $(wc -c <"$D/line") bytes"
		[ "$(wc -c <"$D/line")" -gt 32000 ] || fail "it has only $(wc -c <"$D/line") bytes"
	done
	traced calls -x --max-args 0 --max-bytes 5000
	for f in ' 0 .*/prog a' '-2 .*/missing 0'; do
		grep -e "$f" "$out" >"$D/line"
		[ "$(wc -c <"$D/line")" -le 5400 ] || fail "it has $(wc -c <"$D/line") bytes"
		[ "$(wc -c <"$D/line")" -gt 4700 ] || fail "it has only $(wc -c <"$D/line") bytes"
	done
	traced calls -x --max-args 0 --max-bytes 0
	shows 1 " 0 $D/prog a000000001 .* a000010000\$"
	traced calls -J -x
	grep "\"filename\":\"$D/prog\"," "$out" | grep -q 'a000010000"],"source":"bpf"}$' || fail "prog: $(grep -F "$D/prog" "$out" | tail -c 200)"
	grep "\"filename\":\"$D/missing\"," "$out" >"$D/line"
	[ "$(wc -c <"$D/line")" -gt 40000 ] || fail "missing: $(tail -c 200 "$D/line")"
	grep -q truncated "$D/line" && fail "missing: it is cut"
	usage_error '--max-bytes: "x" is not a size' --max-bytes x
}

long_lines() {
	calls() {
		"$PROGRAMS/call" long "$D/prog" 20000
		"$PROGRAMS/call" long "$D/prog" 100000
	}
	traced calls --max-bytes 200K
	has_argument 20000 x "$D/prog x"
	has_argument 100000 x "$D/prog x"
}

duration() {
	before=$(date +%s)
	"$X" -d 1 >"$out" 2>"$err"
	status=$?
	after=$(date +%s)
	[ $status = 0 ] || fail "exit status $status"
	[ $((after - before)) -ge 1 ] || fail "it ended early"
	heads "PCOMM            PID    PPID   RET ARGS"
}

# Columns are as wide as the highest process id.
wide_ids() {
	was=$(cat /proc/sys/kernel/pid_max)
	echo 4194304 >/proc/sys/kernel/pid_max 2>/dev/null || { skipped="pid_max cannot be set here"; return; }
	traced one
	echo "$was" >/proc/sys/kernel/pid_max
	is "$(head -n 1 "$out")" "PCOMM            PID     PPID    RET ARGS"
	shows 1 "^prog             [0-9 ]\{7\} [0-9 ]\{7\}   0 $D/prog one two\$"
}

counts() {
	"$X" --count 1 -o - -- sh -c "$D/prog; exit 3" >"$out" 2>"$err"
	is $? 0 # that one has come
	"$X" --count 99 -o - -- sh -c "$D/prog; exit 3" >"$out" 2>"$err"
	is $? 3
	"$X" -d 0.2 --count 99 -o - -- sleep 0.7 >"$out" 2>"$err"
	is $? 0
	usage_error '^execsnoop: --cgroupmap can be given once' --cgroupmap /a --cgroupmap /b
	"$X" -J -T -q -d 0.1 >"$out" 2>"$err"
	has "$err" '^execsnoop: warning: --json ignores --time, --quote$'
}

help() {
	"$X" --help >"$out" || fail "exit status $?"
	for o in -h --help -d --duration -T --time -t --timestamp -x --fails -q --quote -n --name -l \
		--line -u --uid -U --print-uid --max-args -P --ppid -C --print-cpu -M --print-pcomm --ebpf \
		-V --version; do
		has "$out" " $o[ ,]"
	done
	[ "$(wc -l <"$out")" -le 52 ] || fail "the help is longer than a screen"
	awk 'length > 80 || / $/ { print; bad = 1 } END { exit bad }' "$out" || fail "a line of the help is too long, or ends with a space"
	"$X" -V >"$out" || fail "exit status $?"
	has "$out" '^execsnoop [0-9.]*, one static binary for [^ ]*-linux-musl[a-z]*\(, commit [0-9a-f]*\(-dirty\)*\)*$'
}

usage_errors() {
	usage_error 'neither a number nor a user in /etc/passwd' -u no_such_user_here
	usage_error 'out of range: 0 to 4294967294' --not-uid 4294967295
	usage_error 'neither a number nor a user in /etc/passwd' -u -1
	usage_error 'out of range: 1000000000 seconds' -d 99999999999999999999
	usage_error 'not a number of seconds' -d 0
	usage_error 'not a number of seconds' -d 1s
	usage_error 'not a number of seconds' -d inf
	usage_error 'not a process id' -P x
	usage_error 'out of range: 1 to 4194304' -P 0
	usage_error 'not a number' --max-args -3
	usage_error 'not a number' --max-args 3x
	usage_error 'at or after character 3' -n 'ab('
	usage_error 'a ) is missing, at or after character 4001' -n "$(printf %4000s | tr ' ' x)("
	usage_error 'extended regular expression' -l '['
	usage_error 'unknown option' -y
	usage_error 'unknown option' --nothing
	word=$(printf '%b' '-\0303\0251')
	usage_error "unknown option: $word\$" "$word"
	usage_error '--ti is ambiguous: --time, --timestamp, --time-format, --timeline$' --ti
	usage_error '--fa=1: --fails takes no argument$' --fa=1
	usage_error 'unknown option: --=$' --=
	usage_error 'needs an argument' -n
	usage_error 'unexpected argument' word
}

# ---- what is shown ----

script() {
	printf '#!/bin/sh -e\ntrue\n' >"$D/script"
	chmod +x "$D/script"
	calls() { "$D/script" arg1 'arg 2'; }
	traced calls
	shows 1 "^script  *[0-9]* .* 0 $D/script arg1 arg 2\$"
}

failed_script() {
	printf '#!%s/nowhere\n' "$D" >"$D/script"
	chmod +x "$D/script"
	calls() { "$PROGRAMS/call" execve "$D/script" arg 2>/dev/null; }
	traced calls -x
	shows 1 " -2 $D/script arg\$"
}

execveat() {
	calls() { "$PROGRAMS/call" execveat "$D/prog" arg; }
	traced calls
	shows 1 "^prog .* 0 /dev/fd/[0-9]*/prog arg\$"
}

no_environment() {
	calls() { "$PROGRAMS/call" secret "$D/prog" arg; }
	traced calls -x --max-args 0
	shows 1 " 0 $D/prog arg\$"
	shows 0 hunter2
}

# ---- how it ends, and how soon it speaks ----

at_once() {
	start
	"$D/prog" now
	tries=0
	while ! grep -q "$D/prog now" "$out" && [ $tries -lt 20 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	[ $tries -lt 20 ] || fail "the line did not come while the tracer ran"
	stop
}

to_a_pipe() {
	mkfifo "$D/fifo"
	"$X" >"$D/fifo" 2>"$err" &
	tracer=$!
	{
		read -r _
		"$D/prog" now
		while read -r line; do
			case $line in *"$D/prog now") echo "$line" >"$out"; break ;; esac
		done
	} <"$D/fifo"
	shows 1 "$D/prog now"
	# Nobody reads any more: it ends by itself.
	wait $tracer
	status=$?
	tracer=
	is $status 0
	quiet
}

on_sigterm() {
	start
	"$D/prog" last
	stop TERM
	[ $status = 0 ] || fail "exit status $status"
	shows 1 "$D/prog last"
}

on_sigint_everything_is_printed() {
	start
	i=0
	while [ $i -lt 200 ]; do "$D/prog" $i; i=$((i + 1)); done
	stop INT
	shows 200 " 0 $D/prog [0-9]*\$"
	[ "$(grep -F "$D/prog" "$out" | awk '{ print $NF }' | tr '\n' ' ')" = \
		"$(awk 'BEGIN { for (i = 0; i < 200; i++) printf "%d ", i }')" ] || fail "not in order"
}

full_disk() {
	[ -c /dev/full ] || mknod "$D/full" c 1 7
	"$X" -d 1.5 >/dev/full 2>"$err"
	status=$?
	[ $status = 1 ] || fail "exit status $status, not 1"
	has "$err" 'cannot write to the standard output: No space left on device; it is tried again each second$'
	has "$err" 'cannot write to the standard output: No space left on device$'
	is "$(grep -c 'cannot write' "$err")" 2
	"$X" --help >/dev/full 2>"$err" && fail "--help: exit status 0"
	has "$err" 'No space left on device'
}

closed_output() {
	"$X" -d 5 >&- 2>"$err"
	status=$?
	[ $status = 1 ] || fail "exit status $status, not 1"
	has "$err" 'cannot write to the standard output: Bad file descriptor'
}

# ---- where it is put ----

mounts_nothing() {
	before=$(cat /proc/self/mountinfo)
	traced one
	shows 1 "$D/prog one two"
	[ "$before" = "$(cat /proc/self/mountinfo)" ] || fail "the host's mounts have changed"
}

# In a mount namespace of its own, where nothing is mounted that it could use.
without_tracefs() {
	cat >"$D/inside" <<-END
		for m in /sys/kernel/tracing /sys/kernel/debug/tracing /sys/kernel/debug; do
			while umount \$m 2>/dev/null; do :; done
		done
		exec "$X" $1
	END
	unshare -m sh "$D/inside" >"$out" 2>"$err" &
	tracer=$!
	tries=0
	while ! [ -s "$out" ] && [ $tries -lt 500 ]; do sleep 0.01; tries=$((tries + 1)); done
	one
	stop
	[ $status = 0 ] || fail "exit status $status"
	quiet
	shows 1 "^prog  *[0-9]*  *$$  *0 $D/prog one two"
}

no_tracefs() {
	if unshare -m true 2>/dev/null; then
		without_tracefs -x
	else
		skipped="no mount namespace can be made here (in a chroot?)"
	fi
}

no_sys_no_proc() {
	mkdir -p "$D/root/bin" "$D/root/dev"
	cp "$X" "$D/root/bin/execsnoop"
	rm -f "$out"
	chroot "$D/root" /bin/execsnoop -x >"$out" 2>"$err" &
	tracer=$!
	tries=0
	while ! [ -s "$out" ] && kill -0 $tracer 2>/dev/null && [ $tries -lt 500 ]; do
		sleep 0.01
		tries=$((tries + 1))
	done
	one
	stop
	if [ $status = 0 ]; then
		quiet
		shows 1 "^prog  *[0-9]*  *$$  *0 $D/prog one two"
	else
		# Below Linux 5.2 nothing can be mounted unseen where "/" is no mount point.
		has "$err" 'mounting it privately failed: Invalid argument'
	fi
}

# A kernel without CONFIG_CROSS_MEMORY_ATTACH: what was not in memory is read by /proc/PID/mem. Beside strace one question may take
# longer than it has.
no_process_vm_readv() {
	printf '#!/bin/sh\nexec strace -D -f -qq -o %s -e inject=process_vm_readv:error=ENOSYS %s "$@"\n' "$D/trace" "$X" >"$D/x"
	chmod 755 "$D/x"
	real=$X X=$D/x
	acts() { for i in 1 2 3 4 5; do "$PROGRAMS/call" untouched "$D/missing" nasl one '' 'three and more' 2>/dev/null; done; }
	traced acts -x -q
	X=$real
	has "$out" " -2 \"$D/missing\" \"one\" \"\" \"three and more\"\$"
	grep -q INJECTED "$D/trace" || fail "nothing was injected"
}

# What long command lines took is given back. Of the process itself: older kernels count the rings, too.
memory_given_back() {
	start -l 'never there'
	for i in 1 2 3; do
		"$PROGRAMS/call" sizes "$D/prog" 131000 131000 131000 131000 131000 131000 131000 131000 131000 131000 131000 131000
	done
	resident() { sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$tracer/status; }
	tries=0
	while [ "$(resident)" -gt 1500 ] && [ $tries -lt 600 ]; do # a guest takes its time to match such lines
		sleep 0.1
		tries=$((tries + 1))
	done
	left=$(resident)
	stop
	[ "$left" -le 1500 ] || fail "$left KiB are resident"
}

names_of_programs() {
	start -x
	bpftool prog >"$D/programs"
	bpftool map >"$D/maps"
	stop
	for name in exec exit enter args pieces; do
		grep -q " name execsnoop_$(echo "$name" | cut -c1-5)" "$D/programs" || fail "no $name: $(cat "$D/programs")"
	done
	grep -q ' name execsnoop_rings ' "$D/maps" || fail "$(cat "$D/maps")"
}

long_name_in_a_filter() {
	"$X" -d 0.1 -n a-name-of-16-byte >"$out" 2>"$err"
	is $? 0
	has "$err" '^execsnoop: warning: --name: "a-name-of-16-byte" matches nothing: .*15 bytes'
	"$X" -d 0.1 -n 'a-name-of-1[5-6]-byt.*' >"$out" 2>"$err"
	[ -s "$err" ] && fail "$(cat "$err")"
}

not_root() {
	chmod 755 "$T" "$D"
	cp "$X" "$D/execsnoop"
	chmod 755 "$D/execsnoop"
	"$PROGRAMS/call" user "$D/execsnoop" 4242 --source bpf >"$out" 2>"$err"
	status=$?
	[ $status = 1 ] || fail "exit status $status, not 1"
	has "$err" '^execsnoop: .*: Operation not permitted; run it as root'
	[ "$(wc -l <"$err")" = 1 ] || fail "more than one line: $(cat "$err")"
}

ebpf_without_privilege() {
	chmod 755 "$T" "$D"
	cp "$X" "$D/execsnoop"
	chmod 755 "$D/execsnoop"
	"$PROGRAMS/call" user "$D/execsnoop" 4242 --ebpf >"$out" 2>"$err"
	status=$?
	[ $status = 0 ] || fail "exit status $status"
	has "$out" '	exit$'
}

case_ "prints the original's columns" columns
case_ "prints every column asked for" all_columns
case_ "takes the long names of the options" long_options
case_ "-T prints the time of day" time_of_day
case_ "-M prints the parent's command" pcomm_is_the_parents
case_ "prints no failed exec unless asked" no_failures_unasked
case_ "-x prints a failed exec with its error" failures
case_ "-x prints ENOEXEC, EACCES, ENOTDIR, ENOENT and a failed execveat" many_failures
case_ "-x prints all of 500 arguments" failure_with_500_arguments
case_ "-x prints an argument of 20,000 bytes" failure_with_a_long_argument
case_ "-q quotes each argument" quotes
case_ "keeps empty arguments" empty_arguments
case_ "escapes newlines and control characters, keeps UTF-8" newline_and_controls
case_ "-n filters by command name" by_name
case_ "-l filters by argument line" by_line
case_ "-l sees beyond what --max-args shows" by_line_beyond_max_args
case_ "-u filters by user number" by_uid
case_ "-u filters by user name, root too" by_uid_root
case_ "-u filters failures" failures_by_uid
case_ "-P filters by parent" by_parent
case_ "of filters that are given more than once any will do, and --not-uid, --not-name, --not-line leave out" by_any
case_ "shows 19 arguments, and ... only when there are more" max_args
case_ "--max-args N counts the file name" max_args_given
case_ "--max-args 0 shows all of 2,500 arguments" max_args_all
case_ "--max-bytes bounds what is shown of them, and marks it" max_bytes
case_ "shows arguments of 20,000 and 100,000 bytes whole" long_lines
case_ "-d ends after so many seconds" duration
case_ "--help names every option and fits a screen" help
case_ "has columns as wide as process ids" wide_ids
case_ "has with --count the status 0 when so many have come, else the command's" counts
case_ "refuses bad options with status 2" usage_errors
case_ "shows a script's name and the caller's arguments" script
case_ "shows a script whose interpreter is missing" failed_script
case_ "shows execveat as the kernel names it" execveat
case_ "never shows the environment" no_environment
case_ "shows an exec while it runs" at_once
case_ "writes to a pipe at once, and ends when it is closed" to_a_pipe
case_ "ends with status 0 on SIGTERM" on_sigterm
case_ "prints everything seen, in order, on SIGINT" on_sigint_everything_is_printed
case_ "says that the disk is full" full_disk
case_ "says that its output is closed" closed_output
case_ "leaves the host's mounts alone" mounts_nothing
case_ "works where tracefs is not mounted" no_tracefs
case_ "works in a chroot without /proc and /sys, or says why not" no_sys_no_proc
case_ "reads what was not in memory where process_vm_readv(2) is missing" no_process_vm_readv strace
case_ "gives back the memory that long command lines took" memory_given_back
case_ "names its programs and maps" names_of_programs bpftool
case_ "warns of a name that is too long to match" long_name_in_a_filter
case_ "says what to do when it is not root" not_root
case_ "--ebpf needs no privilege" ebpf_without_privilege
