#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Lines of execsnoop -J on their way through other programs, as docs/pipelines.md has it, with the files of
# packaging/pipelines. rsyslogd and systemd-journald run here, beside those of the machine.
# Usage: pipelines.sh EXECSNOOP DIRECTORY, as root.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
X=$(realpath "$X")
PACKAGING=$(cd "$(dirname "$0")/../packaging" && pwd)
P=$PACKAGING/pipelines
PATH=$PATH:/usr/sbin:/sbin # rsyslogd, logrotate

background='' # processes that a case leaves
end_background() {
	# shellcheck disable=SC2086 # words
	[ -z "$background" ] || { kill $background; wait $background; } 2>/dev/null
	background=
}
trap 'end_background; [ -z "$tracer" ] || kill "$tracer"; remove_all' EXIT
tracer=

# within_10_s COMMAND...: waits until it succeeds.
within_10_s() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		sleep 0.05
		tries=$((tries + 1))
		[ $tries -lt 200 ] || return 1
	done
}

# long N: as many letters.
long() { head -c "$1" /dev/zero | tr '\0' a; }

# What is executed: short command lines, and one whose line has 330 KB: of a letter, quotation marks, what JSON escapes, what
# is no UTF-8, and characters of several bytes. "last" is the last one.
execute() {
	"$D/prog" first "two words" ""
	# shellcheck disable=SC1003 # a backslash
	"$D/prog" '"quoted" \' "$(printf 'a\tb\nc\033\377')" 'é€𝄞' "$(long 70000)" "$(long 70000)"
	"$D/prog" last
}

# written [OPTION]...: the lines of what execute() executes are in the file "written".
written() {
	: >"$out"
	"$X" -J -l "$D/prog" --append -o "$D/written" "$@" 2>"$err" &
	tracer=$!
	within_10_s begun || { fail "execsnoop does not start: $(cat "$err")"; return 1; }
	execute
	within_10_s grep -q '"last"' "$D/written" || fail "the lines do not come"
	stop
}
begun() {
	"$D/prog" begins
	[ -s "$D/written" ]
}

# whole FILE: it has the lines that were written, each one valid JSON.
whole() {
	cmp -s "$D/written" "$1" || fail "$1 has $(wc -lc <"$1" | xargs), not $(wc -lc <"$D/written" | xargs) lines and bytes"
	lines=$(jq -c .pid "$1" | wc -l)
	[ "$lines" = "$(wc -l <"$D/written")" ] || fail "jq reads $lines lines of $1"
}

# longest FILE: the bytes of its longest line.
longest() { LC_ALL=C awk 'length($0) > n { n = length($0) } END { print n + 0 }' "$1"; }

# others FILE: its lines without the long one's, of whatever length.
others() { grep -a '"\(begins\|first\|last\)"' "$1"; }

# ---- jq ----

# Two execs, a failed call, an end by a signal, an end with a status, and a loss; the first one with all keys.
RECORDS='
{"time":"2026-11-26T16:20:24.343297809Z","pid":7,"ppid":5,"uid":1000,"user":"joe","gid":100,"euid":0,"egid":101,"loginuid":1000,"session":3,"tty":"pts/4","ns_pid":2,"start":10000000000000007,"start_string":"10000000000000007","parent_start":1500000000,"comm":"cat","pcomm":"sh","cpu":1,"mntns":4026531832,"cgroup":9007199254740993,"cgroup_string":"9007199254740993","cgroup_path":"/docker/c0ffee","container":"c0ffee","ret":0,"exe":"/usr/bin/cat","exe_inode":12,"exe_dev":"8:1","cwd":"/tmp","ancestors":[{"pid":5,"comm":"sh"},{"pid":1,"comm":null}],"env":["LANG=C"],"filename":"./cat","argv":["cat","a b",null],"unreadable":["argv"],"truncated":true,"source":"bpf"}
{"time":"2026-11-26T16:20:25.000000001Z","pid":8,"ppid":null,"uid":null,"gid":null,"euid":null,"egid":null,"loginuid":null,"session":null,"start":null,"parent_start":null,"comm":null,"pcomm":null,"cpu":null,"mntns":null,"cgroup":null,"ret":null,"filename":null,"argv":[],"unreadable":["filename","argv"],"source":"bpf"}
{"time":"2026-11-26T16:20:26.000000001Z","pid":9,"ppid":5,"uid":0,"gid":0,"euid":0,"egid":0,"loginuid":null,"session":null,"start":2500000000,"parent_start":1500000000,"comm":"sh","pcomm":"sh","cpu":0,"mntns":1,"cgroup":1,"ret":-2,"error":"ENOENT","filename":"/no/x","argv":["x"],"source":"bpf"}
{"time":"2026-11-26T16:20:27.000000001Z","pid":7,"ppid":5,"uid":0,"gid":0,"euid":0,"egid":0,"loginuid":null,"session":null,"start":2500000000,"parent_start":1500000000,"comm":"cat","pcomm":"sh","cpu":0,"mntns":1,"cgroup":1,"event":"exit","exit_status":null,"signal":"SIGSEGV","core":true,"duration_ns":1500000000,"age_ns":2500000000,"source":"bpf"}
{"time":"2026-11-26T16:20:28.000000001Z","pid":9,"ppid":5,"uid":0,"gid":0,"euid":0,"egid":0,"loginuid":null,"session":null,"start":2500000000,"parent_start":1500000000,"comm":"sh","pcomm":"sh","cpu":0,"mntns":1,"cgroup":1,"event":"exit","exit_status":3,"duration_ns":null,"age_ns":null,"source":"bpf"}
{"time":"2026-11-26T16:20:29.000000001Z","lost":12,"cpu":3,"from":"2026-11-26T16:20:28.000000001Z","to":"2026-11-26T16:20:28.500000001Z"}'

# all FILE PROGRAM...: each program is true of the list of all that the file has.
all() {
	file=$1
	shift
	for program; do
		jq -e -s "$program" "$file" >/dev/null || fail "not so: $program: $(jq -c -s "$program" "$file" 2>&1 | head -n 1)"
	done
}

ecs() {
	echo "$RECORDS" | jq -c -f "$PACKAGING/ecs.jq" --arg host_id m --arg boot_id b --argjson boot 1000 >"$D/ecs" ||
		fail "jq fails"
	all "$D/ecs" 'length == 6' 'all(.["@timestamp"] and .event.kind and .event.type and .ecs.version == "9.0.0")' \
		'all(.event.category == ["process"] and .host == {id: "m", boot: {id: "b"}})' \
		'[.[].event.type[]] == ["start", "start", "start", "end", "end", "info"]' \
		'[.[].event.outcome] == ["success", "unknown", "failure", null, null, null]' \
		'[.[].event.kind] == ["event", "event", "event", "event", "event", "pipeline_error"]' \
		'.[0].process.entity_id == "m-b-7-10000000000000007"' '.[0].process.parent.entity_id == "m-b-5-1500000000"' \
		'.[0].process.parent.start == "1970-01-01T00:16:41.500Z"' '.[0].process | .pid == 7 and .name == "cat"' \
		'.[0].process.user.id == "0" and .[0].process.real_user == {id: "1000", name: "joe"}' \
		'.[0].process.group.id == "101" and .[0].process.real_group.id == "100"' \
		'.[0].process.tty.char_device == {major: 136, minor: 4}' '.[0].labels.tty == "pts/4"' \
		'.[0].process | .executable == "/usr/bin/cat" and .working_directory == "/tmp" and .env_vars == ["LANG=C"]' \
		'.[0].process.args == ["cat", "a b", "<unreadable>"]' '.[0].process.command_line == "cat a b <unreadable>"' \
		'.[0].file == {inode: "12", device: "8:1"}' '.[0].container.id == "c0ffee"' \
		'.[0].labels | .cgroup == "9007199254740993" and .truncated == "true" and .ancestors == "sh:5 < ?:1"' \
		'[.[].process.args_count?] == [null, null, 1, null, null, null]' \
		'.[1].process | has("entity_id") or has("user") or has("start") | not' '.[2].error.code == "ENOENT"' \
		'.[3] | .event.duration == 1500000000 and .process.uptime == 2 and .process.end == .["@timestamp"]' \
		'.[3] | .labels.signal == "SIGSEGV" and .labels.core == "true" and (.process | has("exit_code") | not)' \
		'.[4].process.exit_code == 3' '.[5].labels == {lost: "12", cpu: "3"}' \
		'.[5] | .event.start < .event.end and (.error.message | test("12 execs"))' \
		'[.[] | .. | select(. == null or . == {})] == []' 'all(.labels | to_entries | all(.value | type == "string"))'
	echo "$RECORDS" | jq -c -f "$PACKAGING/ecs.jq" >"$D/ecs"
	all "$D/ecs" '.[0].process.entity_id == "7-10000000000000007"' 'all(.process.start? == null and has("host") == false)'
}

timesketch() {
	echo "$RECORDS" | jq -c -f "$PACKAGING/timesketch.jq" >"$D/timesketch" || fail "jq fails"
	all "$D/timesketch" 'length == 6' 'all((.message | length) > 0 and .timestamp_desc and .data_type)' \
		'.[0].datetime == "2026-11-26T16:20:24.343297+00:00"' '.[0].timestamp == 1795710024343297' \
		'.[0].message == "cat '"'a b'"' <unreadable> ... [pid 7, user joe, parent sh 5]"' '.[0].ancestors == ["sh:5", "?:1"]' \
		'.[2].message == "ENOENT: /no/x: x [pid 9, user 0, parent sh 5]"' \
		'.[3].message == "cat ended by SIGSEGV after 1.5 s [pid 7, user 0, parent sh 5]"' \
		'.[4].message == "sh ended with 3 [pid 9, user 0, parent sh 5]"' '.[5].lost == 12' \
		'[.[].timestamp_desc] | unique == ["Execution failed", "Process ended", "Process executed", "Records lost"]' \
		'[.[].data_type] | unique == ["execsnoop:exec", "execsnoop:exit", "execsnoop:loss"]' '[.[][] | nulls] == []'
}

real_records() {
	written --exits --fields all --ancestors 3 --env PATH || return
	for program in ecs timesketch; do
		jq -c -f "$PACKAGING/$program.jq" "$D/written" >"$D/made" || fail "$program.jq fails"
		is "$(wc -l <"$D/made")" "$(wc -l <"$D/written")"
	done
	jq -c -f "$PACKAGING/ecs.jq" "$D/written" | grep '"name":"prog"' >"$D/made"
	all "$D/made" 'group_by(.process.entity_id) | map([.[].event.type[]]) | all(. == ["start", "end"])'
}

cut_line() {
	printf '%s\n' '{"pid":1}' '{"pid":2,"argv":["a' '{"pid":3}' >"$D/cut"
	jq .pid "$D/cut" >"$D/read" 2>/dev/null && fail "jq reads a line that was cut"
	is "$(jq -cR 'fromjson? | .pid' "$D/cut" | xargs)" "1 3"
}

# ---- how long a line is ----

# bounded MOST LEAST OPTION...: no line is longer than MOST, whatever is executed, and the longest one not shorter than
# LEAST. The programs have names that JSON escapes, a path of 4,094 bytes, and for the script an interpreter whose path is as
# long as can be. Of all arguments, those of one byte take the most: two bytes (with the NUL) are 16 in JSON.
bounded() {
	most=$1 least=$2
	shift 2
	/usr/bin/python3 - "$D" <<-'END'
		import os, sys
		top = os.fsencode(sys.argv[1])
		program = open(top + b"/prog", "rb").read()
		interpreter = top + b"/" + b"\x01" * (250 - len(top))
		path, at = top + b"/" + b"\x01" * 250, os.open(top, os.O_RDONLY)
		os.mkdir(b"\x01" * 250, dir_fd=at)
		at = os.open(b"\x01" * 250, os.O_RDONLY, dir_fd=at)
		while len(path) < 3800:
		    os.mkdir(b"\x01" * 250, dir_fd=at)
		    at = os.open(b"\x01" * 250, os.O_RDONLY, dir_fd=at)
		    path += b"/" + b"\x01" * 250
		def make(name, at, content):
		    file = os.open(name, os.O_WRONLY | os.O_CREAT, 0o755, dir_fd=at)
		    os.write(file, content)
		    os.close(file)
		make(interpreter, None, program)
		paths = [path + b"/" + first + b"\x01" * (4092 - len(path)) for first in (b"\xff", b"\xfe")]
		for path, content in zip(paths, (program, b"#!" + interpreter + b"\n")):
		    make(os.path.basename(path), at, content)
		    open(top + b"/paths", "ab").write(path + b"\n")
	END
	cat >"$D/run.py" <<-'END'
		import os, sys
		for path in open(sys.argv[1], "rb").read().splitlines():
		    for arguments in [b"\x01"] * 150000, [b""] * 150000, [b"\x01" * 120000] * 2, [b"\x01\x01\x01\x01"] * 50000:
		        if os.fork() == 0:
		            os.execve(path, [b"\xff"] + arguments, {})
		        os.wait()
	END
	"$X" -J "$@" -o "$D/written" -- /usr/bin/python3 "$D/run.py" "$D/paths" 2>"$err" || fail "$(cat "$err")"
	is "$(wc -l <"$D/written")" 9
	jq -c .pid "$D/written" >/dev/null || fail "it is no JSON"
	n=$(longest "$D/written")
	[ "$n" -le "$most" ] || fail "a line has $n bytes, more than $most"
	[ "$n" -ge "$least" ] || fail "the longest line has only $n bytes, less than $least"
}

# Of the 30,131 bytes that a name can have, a directory's slashes need some less, and so does the rest of the line.
bounded_default() { bounded 2129692 2126000; }
bounded_journald() { bounded 49152 44500 --max-bytes 1800; }
# Without the file's name, which alone can take 30 KB.
WITHOUT_NAME=time,pid,ppid,uid,gid,euid,egid,loginuid,session,start,parent_start,comm,pcomm,cpu,mntns,cgroup,ret,argv,source
bounded_rsyslog() { bounded 8096 4400 --max-bytes 512 --fields $WITHOUT_NAME; }

# A failed call takes more: an argument that cannot be read is "null" twice, for the one byte that counts. The caller lives
# on, so that its list can be read from it: 47 KB; if that takes too long, 35 KB.
bounded_failed() {
	cat >"$D/fail.py" <<-'END'
		import ctypes, time
		path = (b"/" + b"\x01" * 250) * 16 + b"/" + b"\xff" * 70
		strings = (ctypes.c_void_p * 19002)(*[16] * 19001)
		strings[0] = ctypes.addressof(ctypes.create_string_buffer(b"\xff"))
		ctypes.CDLL(None).execve(path, strings, None)
		time.sleep(0.5)
	END
	"$X" -J -x --max-bytes 1800 -o "$D/written" -- /usr/bin/python3 "$D/fail.py" 2>"$err" || fail "$(cat "$err")"
	jq -c .pid "$D/written" >/dev/null || fail "it is no JSON"
	n=$(longest "$D/written")
	[ "$n" -le 49152 ] || fail "a line has $n bytes"
	[ "$n" -ge 33000 ] || fail "the longest line has only $n bytes"
}

# ---- files ----

# sed for a file of packaging/pipelines: its paths in the case's directory.
here() {
	sed "s|/var/log/execsnoop.json|$D/execsnoop.json|; s|/var/log/|$D/|; s|/run/execsnoop.socket|$D/socket|
		s|logs.example.org|127.0.0.1|; s|\"10514\"|\"$port\"|" "$1"
}
port=$((20000 + $$ % 10000))

# rotate: logrotate with the shipped file; systemctl is ours, which tells the tracer.
rotate() {
	mkdir -p "$D/bin"
	printf '%s\n' '#!/bin/sh' '[ "$*" = "try-reload-or-restart execsnoop.service" ] && kill -HUP '"$tracer" >"$D/bin/systemctl"
	chmod +x "$D/bin/systemctl"
	here "$P/logrotate" >"$D/logrotate"
	chmod 644 "$D/logrotate"
	PATH=$D/bin:$PATH logrotate --force --state "$D/state" "$D/logrotate" >"$D/log" 2>&1 || fail "logrotate: $(cat "$D/log")"
	[ -f "$D/execsnoop.json.1" ] || fail "logrotate has not rotated: $(cat "$D/log")"
}

# follow: traces into execsnoop.json, as the shipped unit does.
follow() {
	: >"$D/execsnoop.json"
	"$X" -J -l "$D/prog" --quiet --append -o "$D/execsnoop.json" "$@" 2>"$err" &
	tracer=$!
	within_10_s has_begun || { fail "execsnoop does not start: $(cat "$err")"; return 1; }
}
has_begun() {
	"$D/prog" begins
	[ -s "$D/execsnoop.json" ]
}

numbers() { i=$1; while [ "$i" -le "$2" ]; do "$D/prog" "n$i"; i=$((i + 1)); done; }

# each_once N FILE...: the execs n1 to nN are in the files together, each once, and all lines are JSON.
each_once() {
	most=$1
	shift
	cat "$@" | jq -r '.argv[1]? // "" | select(test("^n[0-9]+$"))' | sort >"$D/seen" || fail "it is no JSON"
	i=1
	while [ "$i" -le "$most" ]; do echo "n$i"; i=$((i + 1)); done | sort >"$D/wanted"
	cmp -s "$D/seen" "$D/wanted" || fail "not each of $most once: $(diff "$D/wanted" "$D/seen" | head -n 3 | xargs)"
}

with_logrotate() {
	follow || return
	numbers 1 20
	rotate
	within_10_s goes_on || fail "nothing comes into the new file: $(cat "$err")"
	numbers 21 40
	within_10_s grep -q '"n40"' "$D/execsnoop.json" || fail "the last lines are not in the new file"
	stop
	each_once 40 "$D/execsnoop.json.1" "$D/execsnoop.json"
	is "$(stat -c %a "$D/execsnoop.json")" 600
	grep -q '"n21"' "$D/execsnoop.json" || fail "a line went on into the old file"
}
goes_on() {
	"$D/prog" again
	[ -s "$D/execsnoop.json" ]
}

# ---- rsyslog ----

# rsyslogd_with NAME [SED]: one that has the shipped file NAME, changed by the program for sed, and a main file as
# Debian's, which loads an input before it reads that.
rsyslogd_with() {
	mkdir "$D/$1.work"
	here "$P/$1" | sed "${2:-}" >"$D/$1"
	cat >"$D/$1.main" <<-END
		module(load="imuxsock" SysSock.Use="off")
		\$WorkDirectory $D/$1.work
		\$IncludeConfig $D/$1
	END
	rsyslogd -N1 -f "$D/$1.main" >"$D/log" 2>&1 || fail "rsyslogd -N1: $(cat "$D/log")"
	rsyslogd -n -f "$D/$1.main" -i "$D/$1.pid" >"$D/$1.log" 2>&1 </dev/null &
	background="$background $!"
	within_10_s test -s "$D/$1.pid" || fail "rsyslogd does not start: $(cat "$D/$1.log")"
}
# To a file instead of another machine.
to_file() {
	cat <<-END
		/action(type="omfwd"/,/")\$/c action(type="omfile" file="$D/arrived" template="line")
		/^module/a template(name="line" type="string" string="%msg%\\\\n")
	END
}
NO_MAXIMUM='/^global(maxMessageSize=/d'

# The file is there before rsyslogd is: it reads it all the same.
imfile_whole() {
	written || return
	mv "$D/written" "$D/execsnoop.json"
	rsyslogd_with rsyslog.conf "$(to_file)"
	within_10_s grep -q '"last"' "$D/arrived" || fail "the lines do not arrive: $(cat "$D/rsyslog.conf.log")"
	end_background
	mv "$D/execsnoop.json" "$D/written"
	whole "$D/arrived"
}

imfile_cut() {
	written || return
	cp "$D/written" "$D/execsnoop.json"
	rsyslogd_with rsyslog.conf "$(to_file)
		$NO_MAXIMUM"
	within_10_s grep -q '"last"' "$D/arrived" || fail "the lines do not arrive: $(cat "$D/rsyslog.conf.log")"
	end_background
	is "$(longest "$D/arrived")" 8096
	is "$(wc -l <"$D/arrived")" "$(wc -l <"$D/written")" # it is cut, and not split
	others "$D/written" >"$D/a"
	others "$D/arrived" >"$D/b"
	cmp -s "$D/a" "$D/b" || fail "other lines have changed, too"
}

# Until it reads, it knows nothing of a file that is rotated.
follow_by_rsyslogd() {
	follow "$@" || return
	rsyslogd_with rsyslog.conf "$(to_file)"
	within_10_s grep -q '"begins"' "$D/arrived" || fail "the lines do not arrive: $(cat "$D/rsyslog.conf.log")"
}

imfile_rotated() {
	follow_by_rsyslogd || return
	numbers 1 100
	rotate
	numbers 101 200
	within_10_s goes_on || fail "nothing comes into the new file: $(cat "$err")"
	rotate
	numbers 201 300
	has_all 300
}
# has_all N: the execs n1 to nN arrive, each once.
has_all() {
	within_10_s all_arrived "$1" || fail "the lines do not arrive: $(cat "$D/rsyslog.conf.log")"
	stop
	end_background
	each_once "$1" "$D/arrived"
}
all_arrived() { [ "$(grep -c '"n[0-9]*"' "$D/arrived")" -ge "$1" ]; }
# Lines that it has not read when the file gets its new name can be missing, but none comes twice.
imfile_max_size() {
	follow_by_rsyslogd --max-size 64K --keep 20 || return
	numbers 1 800
	within_10_s grep -q '"n800"' "$D/arrived" || fail "the last line does not arrive: $(cat "$D/rsyslog.conf.log")"
	stop
	end_background
	[ -f "$D/execsnoop.json.3" ] || fail "the file was not rotated"
	jq -r '.argv[1]?' "$D/arrived" | sort | uniq -d | grep '^n' && fail "these lines have come twice"
	all_arrived 500 || fail "only $(wc -l <"$D/arrived") lines have arrived"
}

forwarded() {
	written || return
	mv "$D/written" "$D/execsnoop.json"
	rsyslogd_with rsyslog-server.conf "${1:-}"
	rsyslogd_with rsyslog.conf
	within_10_s grep -q '"last"' "$D"/execsnoop-*.json || fail "the lines do not arrive: $(cat "$D"/*.log)"
	end_background
	mv "$D/execsnoop.json" "$D/written"
}
forward_whole() {
	forwarded || return
	whole "$D"/execsnoop-*.json
	is "$(stat -c %a "$D"/execsnoop-*.json)" 600
}
# The rest of a line is taken for messages, whose senders are what stands there.
forward_cut() {
	forwarded "$NO_MAXIMUM" || return
	cat "$D"/execsnoop-*.json >"$D/arrived"
	[ "$(wc -l <"$D/arrived")" -gt "$(wc -l <"$D/written")" ] || fail "nothing was split"
	is "$(longest "$D/arrived" | awk '{ print ($1 > 7500 && $1 < 8096) }')" 1
}

# through_logger OPTION...
through_logger() {
	written --max-bytes 60K || return
	rsyslogd_with rsyslog-socket.conf "${change:-}"
	within_10_s test -S "$D/socket"
	# execsnoop.json is what rsyslogd writes here.
	logger --tag execsnoop --socket "$D/socket" "$@" <"$D/written" 2>"$D/log"
	within_10_s grep -q '"last"' "$D/execsnoop.json" || fail "the lines do not arrive: $(cat "$D/log")"
	end_background
}
logger_whole() {
	through_logger --size 200K || return
	whole "$D/execsnoop.json"
	[ "$(longest "$D/written")" -gt 100000 ] || fail "no line was long"
}
logger_cut() {
	through_logger || return
	is "$(longest "$D/execsnoop.json")" 1024
	[ "$(wc -l <"$D/execsnoop.json")" -gt $(($(wc -l <"$D/written") + 100)) ] || fail "it is not split"
	others "$D/written" >"$D/a"
	others "$D/execsnoop.json" >"$D/b"
	cmp -s "$D/a" "$D/b" || fail "other lines have changed, too"
}
# Less what stands in front: "<13>Nov 27 16:20:24 execsnoop: ", of 31 bytes.
logger_cut_by_rsyslog() {
	change=$NO_MAXIMUM
	through_logger --size 200K
	change=
	is "$(longest "$D/execsnoop.json")" $((8096 - 31))
	is "$(wc -l <"$D/execsnoop.json")" "$(wc -l <"$D/written")"
}
logger_too_long() {
	written || return
	[ "$(longest "$D/written")" -gt "$(cat /proc/sys/net/core/wmem_default)" ] || { skipped="datagrams are longer here"; return; }
	rsyslogd_with rsyslog-socket.conf
	within_10_s test -S "$D/socket"
	logger --tag execsnoop --socket "$D/socket" --size 4M <"$D/written" 2>"$D/log" || fail "exit status $?"
	within_10_s grep -q '"last"' "$D/execsnoop.json" || fail "the lines do not arrive: $(cat "$D/log")"
	end_background
	has "$D/log" 'Message too long'
	others "$D/written" >"$D/a"
	cmp -s "$D/a" "$D/execsnoop.json" || fail "other lines have changed, too"
}

# ---- the journal ----

# in_journal LINES: what was written goes through systemd-cat into a journald that has this configuration, in a mount
# namespace in which /run and /var/log are empty. What journalctl prints of it is in cat, json, and all (--all).
in_journal() {
	unshare -m true 2>/dev/null || { skipped="no mount namespace can be made here (in a chroot?)"; return 1; }
	[ -f /etc/machine-id ] || { skipped="there is no /etc/machine-id here"; return 1; }
	written || return 1
	echo "$1" >"$D/conf"
	cat >"$D/inside" <<-'END'
		set -e
		cd "$1"
		echo 5eed5eed5eed5eed5eed5eed5eed5eed >machine-id
		mount --bind machine-id /etc/machine-id
		mount -t tmpfs none /run
		mount -t tmpfs none /var/log
		mkdir -p /run/systemd/journald.conf.d /run/log/journal
		# Not the machine's audit, nor its kernel's messages.
		printf '%s\n' '[Journal]' Storage=volatile Audit= ReadKMsg=no ForwardToSyslog=no ForwardToWall=no \
			>/run/systemd/journald.conf.d/private.conf
		cp conf /run/systemd/journald.conf.d/execsnoop.conf
		/lib/systemd/systemd-journald >journald.log 2>&1 &
		journald=$!
		trap 'kill $journald' EXIT
		n=0
		until [ -S /run/systemd/journal/stdout ]; do sleep 0.05; n=$((n + 1)); [ $n -lt 200 ]; done
		systemd-cat -t execsnoop cat written
		n=0
		until journalctl -q -t execsnoop -o cat -n 1 | grep -q '"last"'; do sleep 0.05; n=$((n + 1)); [ $n -lt 200 ]; done
		journalctl -q -t execsnoop -o cat >cat
		journalctl -q -t execsnoop -o json >json
		journalctl -q -t execsnoop -o json --all >all
	END
	unshare -m sh "$D/inside" "$D" >"$D/log" 2>&1 || fail "journald: $(cat "$D/log" "$D/journald.log")"
}

journal_whole() {
	in_journal "$(cat "$P/journald.conf")" || return
	whole "$D/cat"
	jq -r .MESSAGE "$D/all" >"$D/messages"
	cmp -s "$D/messages" "$D/written" || fail "the messages in JSON are not what was written"
}

# What docs/pipelines.md has, to put the pieces together.
JOIN='foreach inputs as $e ({}; .line = .[$e._STREAM_ID] + $e.MESSAGE
	| .[$e._STREAM_ID] = (if $e._LINE_BREAK == "line-max" then .line else null end);
	if .[$e._STREAM_ID] then empty else .line end)'
journal_split() {
	in_journal '' || return
	is "$(longest "$D/cat")" 49152
	pieces=$(jq -c 'select(._LINE_BREAK == "line-max")' "$D/all" | wc -l)
	[ "$pieces" -ge 6 ] || fail "$pieces pieces"
	is "$(wc -l <"$D/cat")" $(($(wc -l <"$D/written") + pieces))
	# More than 4,096 bytes are null without --all.
	is "$(jq -c 'select(.MESSAGE == null)' "$D/json" | wc -l)" $((pieces + 1))
	jq -nr "$JOIN" "$D/all" >"$D/joined"
	whole "$D/joined"
	tr -d '\n' <"$PACKAGING/../docs/pipelines.md" | tr -s ' \t' ' ' | grep -qF "$(echo "$JOIN" | tr -d '\n' | tr -s ' \t' ' ')" ||
		fail "docs/pipelines.md has another program that joins"
}

# ---- what is shipped ----

units() {
	mkdir "$D/file" "$D/journal" "$D/journal/execsnoop.service.d"
	program="s|/usr/local/sbin/execsnoop|$(command -v "$X")|"
	sed "$program" "$P/execsnoop.service" | tee "$D/file/execsnoop.service" >"$D/journal/execsnoop.service"
	sed "$program" "$P/execsnoop-journal.conf" >"$D/journal/execsnoop.service.d/journal.conf"
	for place in file journal; do
		systemd-analyze verify --man=no "$D/$place/execsnoop.service" >"$D/log" 2>&1 </dev/null || fail "$place: exit status $?"
		[ ! -s "$D/log" ] || fail "$place: $(cat "$D/log")"
		# An exposure of 2.0 at most.
		systemd-analyze security --no-pager --offline=true --threshold=20 "$D/$place/execsnoop.service" >"$D/log" 2>&1 </dev/null ||
			fail "$place: $(grep Overall "$D/log")"
		grep -q 'Overall exposure level' "$D/log" || fail "$place: $(tail -n 1 "$D/log")"
	done
}

# What docs/pipelines.md shows of the files is in them, without comments.
yaml() {
	/usr/bin/python3 -c 'import yaml' 2>/dev/null || { skipped="no python3-yaml here"; return; }
	/usr/bin/python3 - "$P" >"$D/log" 2>&1 <<-'END' || fail "$(cat "$D/log")"
		import sys, yaml
		def read(name):
		    return yaml.safe_load(open(sys.argv[1] + "/" + name))
		fluent, vector, beat = read("fluent-bit.yaml"), read("vector.yaml"), read("filebeat.yml")
		tail = fluent["pipeline"]["inputs"][0]
		assert tail["parser"] in [parser["name"] for parser in fluent["parsers"]]
		assert fluent["pipeline"]["outputs"][0]["match"] == tail["tag"]
		names = set(vector["sources"]) | set(vector["transforms"]) | {t + ".dropped" for t in vector["transforms"]}
		for part in list(vector["transforms"].values()) + list(vector["sinks"].values()):
		    assert set(part["inputs"]) <= names, part
		assert tail["path"] == vector["sources"]["execsnoop"]["include"][0] == "/var/log/execsnoop.json"
		assert vector["sources"]["execsnoop"]["max_line_bytes"] == 4 << 20
		assert beat["filebeat.inputs"][0]["type"] == "stdin"
		files = ["\n".join(line for line in open(sys.argv[1] + "/" + name).read().split("\n") if not line.strip().startswith("#"))
		         for name in ("fluent-bit.yaml", "vector.yaml", "logrotate")]
		shown = [fence.partition("\n")[2] for fence in open(sys.argv[1] + "/../../docs/pipelines.md").read().split("```")[1::2]]
		shown = [fence for fence in shown if fence.startswith(("parsers:", "sources:", "/var/log/"))]
		assert len(shown) == 3
		for fence in shown:
		    assert any(fence.strip() in file for file in files), fence
	END
}

case_ "ecs.jq makes events of ECS" ecs jq
case_ "timesketch.jq makes events for Timesketch" timesketch jq
case_ "ecs.jq and timesketch.jq take what is traced" real_records jq
case_ "jq reads past a line that was cut with -R and fromjson?" cut_line jq
case_ "no line is longer than 2,129,692 bytes" bounded_default jq /usr/bin/python3
case_ "with --max-bytes 1800 no line is longer than journald's 49,152 bytes" bounded_journald jq /usr/bin/python3
case_ "with --max-bytes 1800 nor is that of a failed call" bounded_failed jq /usr/bin/python3
case_ "with --max-bytes 512 and without the file name no line is longer than rsyslog's 8,096 bytes" bounded_rsyslog \
	jq /usr/bin/python3
case_ "logrotate begins a new file, and no line is lost" with_logrotate logrotate jq
case_ "rsyslog takes lines whole from a file" imfile_whole rsyslogd jq
case_ "rsyslog cuts a line of a file at 8,096 bytes by default" imfile_cut rsyslogd jq
case_ "rsyslog takes each line once while logrotate rotates the file" imfile_rotated rsyslogd logrotate jq
case_ "rsyslog takes no line twice while --max-size rotates the file" imfile_max_size rsyslogd jq
case_ "rsyslog takes lines whole to another machine's" forward_whole rsyslogd jq
case_ "a receiving rsyslog splits a line at some 8,000 bytes by default" forward_cut rsyslogd jq
case_ "logger takes lines whole to rsyslog's socket" logger_whole logger rsyslogd jq
case_ "logger splits a line at 1,024 bytes by default" logger_cut logger rsyslogd jq
case_ "rsyslog cuts a line of a socket at 8,096 bytes by default" logger_cut_by_rsyslog logger rsyslogd jq
case_ "logger loses a line that is longer than a datagram" logger_too_long logger rsyslogd jq
case_ "journald takes lines whole from the standard output" journal_whole \
	/lib/systemd/systemd-journald systemd-cat journalctl unshare jq
case_ "journald splits a line at 49,152 bytes by default, and jq joins it" journal_split \
	/lib/systemd/systemd-journald systemd-cat journalctl unshare jq
case_ "systemd takes the unit, and finds little that it may do" units systemd-analyze
case_ "the YAML files are YAML, name what they have, and are what the page shows" yaml /usr/bin/python3
