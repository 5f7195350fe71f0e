#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# --timeline. Usage: timeline.sh EXECSNOOP DIRECTORY, as root; needs python3 and strace.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"

# python CHECKS: `slices` are (pid, begin, end or None, name, argv, lane, exit args), in seconds; `events` what they are made of.
python() {
	/usr/bin/python3 - "$D" "$1" >"$D/python" 2>&1 <<-END || fail "$(tail -n 3 "$D/python")"
		import json, sys, textwrap
		D = sys.argv[1]
		text = open(D + "/timeline").read()
		events = json.loads(text if text.endswith("]\n") else text + "]")
		slices, open_ = [], {}
		for e in events:
		    if e["ph"] == "B":
		        assert e["tid"] not in open_, "two programs in a lane"
		        open_[e["tid"]] = e
		    elif e["ph"] == "E":
		        b = open_.pop(e["tid"])
		        slices.append((b["args"]["pid"], b["ts"] / 1e6, e["ts"] / 1e6, b["name"], b["args"]["argv"], e["tid"], e.get("args")))
		slices += [(b["args"]["pid"], b["ts"] / 1e6, None, b["name"], b["args"]["argv"], lane, None) for lane, b in open_.items()]
		exec(textwrap.dedent(sys.argv[2]))
	END
}

# What strace -f says of the same build: for each process the time of its last exec and of its end.
as_strace_says() {
	printf 'all: a b c d\na b c d:\n\tsleep 0.%%s && sh -c "exec sleep 0.05"\n' >"$D/Makefile"
	sed -i 's/%s/1/' "$D/Makefile"
	"$X" --timeline "$D/timeline" -o "$D/lines" -- strace -f -ttt -e trace=execve -o "$D/strace" make -s -j2 -C "$D" all >"$D/made" 2>"$err"
	is $? 0
	python '
		import re
		begun, times = {}, {}
		for line in open(D + "/strace"):
		    pid, time, what = line.split(None, 2)
		    if what.startswith("execve(") and what.rstrip().endswith("= 0") or what.startswith("<... execve resumed"):
		        begun[int(pid)] = float(time)
		    elif what.startswith("+++ exited") and int(pid) in begun:
		        times[int(pid)] = (begun[int(pid)], float(time))
		shown = {}
		for s in slices:
		    assert s[2] is not None, s
		    shown[s[0]] = s[1:3] # the last
		assert len(times) > 8 and set(times) <= set(shown), (times.keys(), shown.keys())
		# Whatever strace sees within another, or behind it, by 30 ms, stands so in the file.
		seen = 0
		for a in times:
		    for b in times:
		        if times[a][0] + 0.03 < times[b][0] and times[b][1] + 0.03 < times[a][1]:
		            assert shown[a][0] < shown[b][0] and shown[b][1] < shown[a][1], (a, b)
		            seen += 1
		        if times[a][1] + 0.03 < times[b][0]:
		            assert shown[a][1] < shown[b][0], (a, b)
		            seen += 1
		assert seen > 8, seen'
	quiet
}

how_it_ended() {
	"$X" -o - --timeline "$D/timeline" -- sh -c "$D/prog 'a \"b\"' \"\$(printf 'c\\nd\\377')\"; $D/prog; sleep 9 & kill -9 \$!; exit 3" >"$out" 2>"$err"
	is $? 3
	python '
		assert [s[6] for s in slices if s[3] == "sh" and s[4][1:2] == ["-c"]] == [{"exit_status": 3}]
		assert len([s for s in slices if s[3] == "prog" and s[6] == {"exit_status": 0}]) == 2
		assert [s[4][1:] for s in slices if s[3] == "prog"][0] == ["a \"b\"", "c\nd\ufffd"]
		assert all(s[2] >= s[1] for s in slices)'
	shows 0 ' EXIT '
	# Two that follow one another share a lane.
	python 'assert len({s[5] for s in slices if s[3] == "prog"}) == 1, slices'
}

# The tracer is killed while a program runs.
crash() {
	start --timeline "$D/timeline"
	"$D/prog" one
	sleep 60 &
	tries=0
	until grep -q '"name":"sleep","args":{"pid":'$!, "$D/timeline" || [ $tries -gt 500 ]; do nap; tries=$((tries + 1)); done
	python 'assert [s for s in slices if s[3] == "prog" and s[2] is not None]' # while it grows
	kill -9 $tracer
	wait $tracer 2>/dev/null
	tracer=
	kill $!
	python '
		assert [s for s in slices if s[3] == "prog" and s[2] is not None]
		assert [s for s in slices if s[3] == "sleep" and s[4] == ["sleep", "60"] and s[2] is None]'
}

filtered() {
	start --exits -n '^prog$' --timeline "$D/timeline"
	"$D/prog" one
	sh -c :
	stop
	python 'assert {s[3] for s in slices} == {"prog"}'
	shows 1 ' EXIT 0 '
}

# draw: an SVG of the timeline. It has a bar for each slice, and no two at one place.
draw() {
	/usr/bin/python3 "${0%/*}/draw.py" "$D/timeline" >"$D/svg" 2>"$err" || fail "draw.py: $(tail -n 1 "$err")"
	python '
		import xml.etree.ElementTree as tree
		bars = [(g, g.find("{*}rect")) for g in tree.parse(D + "/svg").iter() if g.find("{*}title") is not None]
		assert len(bars) == len(slices) > 3, (len(bars), len(slices))
		titles = [g.find("{*}title").text for g, _ in bars]
		for s in slices:
		    how = "still runs" if s[2] is None else "%.3f s" % (s[2] - s[1])
		    assert [t for t in titles if "\nPID %d, %s" % (s[0], how) in t], (s, titles)
		assert [t for t in titles if "<a> & \"b\"" in t and "\\x01\\x1b\ufffd" in t], titles
		assert len([r for _, r in bars if r.get("stroke-dasharray")]) == len([s for s in slices if s[2] is None])
		lanes = {}
		for x, width, y in sorted((float(r.get("x")), float(r.get("width")), r.get("y")) for _, r in bars):
		    assert x + 1 >= lanes.get(y, 0) and x + width < 960, (x, width, y)
		    lanes[y] = x + width
		assert len(lanes) == len({s[5] for s in slices})'
}

drawn() {
	cat >"$D/script" <<-END
		$D/prog '<a> & "b"' "\$(printf '\001\033\377')"
		sh -c 'kill -9 \$\$'
		sleep 0.1 &
		wait
		exit 3
	END
	"$X" -o - --timeline "$D/timeline" -- sh "$D/script" >"$out" 2>"$err"
	is $? 3
	draw
	grep -q 'PID [0-9]*, [0-9.]* s, SIGKILL<' "$D/svg" || fail "no bar tells of the signal"
	sed -i '$d' "$D/timeline" # the bracket
	sed -i '$d' "$D/timeline" # the end of sh
	draw
}

# A program that is not wanted ends the slice of the one before it.
replaced() {
	"$X" -o - -n '^sh$' --timeline "$D/timeline" -- sh -c "exec $PROGRAMS/live 0.5" >"$out" 2>"$err"
	is $? 0
	python 'assert [s[3] for s in slices] == ["sh"] and slices[0][2] - slices[0][1] < 0.4 and not slices[0][6], slices'
}

refused() {
	"$X" -o - --timeline "$D/no/timeline" -- true >"$out" 2>"$err"
	is $? 1
	has "$err" "^execsnoop: --timeline: cannot open the directory \"$D/no/\": No such file or directory"
	"$X" -o - --timeline /dev/full -- true >"$out" 2>"$err"
	is $? 1
	has "$err" '^execsnoop: cannot write to "/dev/full": No space left on device'
	ln -s "$D/prog" "$D/link"
	"$X" -o - --timeline "$D/link" -- true >"$out" 2>"$err"
	is $? 1
	cmp -s "$D/prog" "$PROGRAMS/nothing" || fail "it was written to"
}

case_ "a timeline nests as strace's times do" as_strace_says strace make
case_ "a timeline tells arguments, and how each program ended" how_it_ended
case_ "a timeline is whole while it grows, and after a crash" crash
case_ "a timeline has what the filters let pass" filtered
case_ "a slice ends when its process executes what is not wanted" replaced
case_ "a timeline is drawn, a bar for each slice" drawn
case_ "a timeline is written to no other's file" refused
