#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Measures execsnoop beside its peers, alternating, on this machine, and prints one table of medians: it asserts nothing.
# Usage: bench.sh EXECSNOOP DIRECTORY, as root. ROUNDS (5), EXECS (40000) and SOAK (1000000) say how much.
set -u
# The peers want tracefs to be mounted; in a mount namespace of our own it can be.
if [ -z "${BENCH_NAMESPACE:-}" ] && unshare -m true 2>/dev/null; then
	BENCH_NAMESPACE=1 exec unshare -m sh "$0" "$@"
fi
[ -z "${BENCH_NAMESPACE:-}" ] || [ -d /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing
[ -z "${BENCH_NAMESPACE:-}" ] || [ -d /sys/kernel/debug/tracing ] || mount -t debugfs debugfs /sys/kernel/debug
X=$1 B=$2/bench FILE=$2/nothing
ROUNDS=${ROUNDS:-5} EXECS=${EXECS:-40000} SOAK=${SOAK:-1000000}
T=$(mktemp -d)
stats=$(cat /proc/sys/kernel/bpf_stats_enabled 2>/dev/null)
trap '[ -z "$stats" ] || echo "$stats" >/proc/sys/kernel/bpf_stats_enabled; rm -rf "$T"' EXIT

# command TOOL: what traces, without any filter; nothing if it is not here.
command_of() {
	case $1 in
	ours) echo "$X" ;;
	libbpf-tools) [ -x /usr/sbin/execsnoop ] && dpkg -S /usr/sbin/execsnoop 2>/dev/null | grep -q libbpf && echo /usr/sbin/execsnoop ;;
	bpftrace) [ -x /usr/sbin/execsnoop.bt ] && echo /usr/sbin/execsnoop.bt ;;
	perf | proc | sideband | watch) echo "$X --source $1" ;;
	trace) echo "sh $T/trace" ;;
	bcc) command -v execsnoop-bpfcc >/dev/null && execsnoop-bpfcc --help >/dev/null 2>&1 && command -v execsnoop-bpfcc ;;
	esac
}

# All that this process's parent executes, and what descends from it.
echo "exec $X --source trace -p \$PPID" >"$T/trace"

# on_disk TOOL: KiB of the program, or of the one that interprets it, with the libraries that it is linked with. Nothing for
# bcc, whose Python loads most of what it needs later.
on_disk() {
	[ "$1" != bcc ] || return
	program=$(command_of "$1")
	case $(head -c 2 "$program") in '#!') program=$(sed -n '1s,.*[/ ],,p' "$program") ;; esac
	program=$(command -v "$program")
	# shellcheck disable=SC2046 # paths without spaces
	stat -Lc %s "$program" $(ldd "$program" 2>/dev/null | grep -o '/[^ ]*') | awk '{ bytes += $1 } END { print int(bytes / 1024) }'
}

# What is asked while the tracer lives: the run time and the memory of the BPF programs and maps that were not there before.
cat >"$T/hook" <<'END'
bpftool prog show -j | jq --slurpfile old "$T/programs" \
	'"bpf_ns \([.[] | select(.id as $i | $old[0] | map(.id) | index($i) | not) | .run_time_ns // 0] | add // 0)"' -r
bpftool map show -j | jq --slurpfile old "$T/maps" \
	'"maps_kb \([.[] | select(.id as $i | $old[0] | map(.id) | index($i) | not) | .bytes_memlock // 0] | add // 0 | . / 1024 | floor)"' -r
END
export T

# storm TOOL PROFILE
storm() {
	bpftool prog show -j >"$T/programs"
	bpftool map show -j >"$T/maps"
	# shellcheck disable=SC2046 # a command
	if [ "$1" = none ]; then
		"$B" storm "${2%-*}" "$EXECS" "$FILE"
	else
		"$B" storm "${2%-*}" "$EXECS" "$FILE" "$T/shown" ". $T/hook" $(command_of "$1")
	fi | sed "s/^/$1 $2 /" >>"$T/figures"
}

tools=
for tool in ours libbpf-tools bpftrace bcc; do
	# Twice, if it has to be read from the disk first.
	if [ -n "$(command_of $tool)" ] && { "$B" start "$FILE" "$T/shown" "$(command_of $tool)" ||
		"$B" start "$FILE" "$T/shown" "$(command_of $tool)"; } >/dev/null; then
		tools="$tools $tool"
	else
		echo "$tool is not here, or shows nothing"
	fi
done
: >"$T/figures"
for tool in $tools; do
	echo "$tool disk disk_kb $(on_disk "$tool")" >>"$T/figures"
done
for round in $(seq "$ROUNDS"); do
	for tool in $tools $tools $tools; do
		"$B" start "$FILE" "$T/shown" "$(command_of "$tool")" | sed "s/^/$tool start /" >>"$T/figures"
	done
	for profile in short long; do
		for on in 0 1; do # what counts the programs' time costs some, too
			echo $on >/proc/sys/kernel/bpf_stats_enabled
			for tool in none $tools; do
				[ "$on$tool" = 1none ] || storm "$tool" $profile-$on
			done
		done
	done
	echo "round $round of $ROUNDS" >&2
done

# table TOOLS: medians, then what follows from them.
table() {
	sort -k1,3 -k4,4n "$T/figures" | awk -v execs="$EXECS" -v tools="$1" '
		{ key = $1 " " $2 " " $3; value[key, ++n[key]] = $4 }
		function median(key) { return n[key] ? value[key, int((n[key] + 1) / 2)] : "" }
		function of(tool, name) { return median(tool " " name) }
		function row(name, what, unit,    i, cell, ours, line) {
			ours = ""
			line = "| " what " |"
			for (i = 1; i <= tool_count; i++) {
				cell = figure(tool[i], name)
				if (i == 1) ours = cell
				line = line (cell == "" ? " – |" : sprintf(" " unit, cell) (i > 1 && ours > 0 ? sprintf(" (%.1f×)", cell / ours) : "") " |")
			}
			print line
		}
		function figure(t, name,    p, v) {
			p = name; sub(/.*-/, "", p) # the profile
			if (name == "start") return of(t, "start start_ms")
			if (name ~ /^shown/) return 100 * of(t, p "-0 shown") / execs
			if (name ~ /^bpf/) return of(t, p "-1 bpf_ns") / execs / 1000
			if (name ~ /^slow/) return 100 * (of(t, p "-0 storm_ms") / of("none", p "-0 storm_ms") - 1)
			if (name ~ /^cpu/) { v = of(t, p "-0 shown"); return v ? of(t, p "-0 cpu_ms") * 10000 / v : "" }
			if (name == "resident") return of(t, "short-0 resident_kb")
			if (name == "maps") return of(t, "short-0 maps_kb")
			if (name == "disk") return of(t, "disk disk_kb")
		}
		END {
			tool_count = split(tools, tool)
			line = "| |"; rule = "| --- |"
			for (i = 1; i <= tool_count; i++) { line = line " " tool[i] " |"; rule = rule " --- |" }
			print line; print rule
			if (of(tool[1], "start start_ms") != "") row("start", "start to the first exec that is seen, ms", "%.1f")
			row("shown-short", "shown with its arguments of a storm of short command lines, %", "%.2f")
			row("shown-long", "the same, command lines of 2 to 4 KiB, %", "%.2f")
			if (of(tool[1], "short-1 bpf_ns") != "") row("bpf-short", "BPF time an exec, short, µs", "%.2f")
			if (of(tool[1], "long-1 bpf_ns") != "") row("bpf-long", "BPF time an exec, long, µs", "%.2f")
			row("slow-short", "the storm is slower by, short, %", "%.1f")
			row("slow-long", "the storm is slower by, long, %", "%.1f")
			row("cpu-short", "CPU time for 10,000 execs shown, short, ms", "%.1f")
			row("cpu-long", "CPU time for 10,000 execs shown, long, ms", "%.1f")
			row("resident", "peak resident memory, KiB", "%d")
			row("maps", "kernel memory of maps, KiB", "%d")
			if (of(tool[1], "disk disk_kb") != "") row("disk", "on disk, with its libraries, KiB", "%d")
			printf "\nWithout a tracer the storms took %.0f and %.0f ms: %.0f and %.0f execs a second.\n", of("none", "short-0 storm_ms"),
				of("none", "long-0 storm_ms"), execs * 1000 / of("none", "short-0 storm_ms"), execs * 1000 / of("none", "long-0 storm_ms")
		}'
}
table "$tools"

# The cost of all that is told beside the arguments, to the program that executes.
cost() {
	bpftool prog show -j >"$T/programs"
	bpftool map show -j >"$T/maps"
	# shellcheck disable=SC2086 # words
	"$B" storm short "$EXECS" "$FILE" "$T/shown" ". $T/hook" $X $* | sed -n "s/^bpf_ns \(.*\)/$*	\1/p" >>"$T/costs"
}
echo 1 >/proc/sys/kernel/bpf_stats_enabled
for round in $(seq "$ROUNDS"); do
	while read -r options; do
		# shellcheck disable=SC2086 # words
		cost $options </dev/null
	done <<-'END'
		--names
		-J
		-J --fields all
		-J --print-exe
		-J --print-exe --print-cwd
		-J --ancestors 1
		-J --ancestors 8
		-J --env LD_PRELOAD
		-J --exits
		-J -x
	END
	echo "costs: round $round of $ROUNDS" >&2
done
echo 0 >/proc/sys/kernel/bpf_stats_enabled
echo
echo "BPF time an exec, short, µs; the environment has $(env | wc -l) variables:"
sort -t "$(printf '\t')" -k1,1 -k2,2n "$T/costs" | awk -F '\t' -v execs="$EXECS" '
	function end() { if (name) { v = value[int((n + 1) / 2)] / execs / 1000; printf "| `%s` | %.2f |\n", name, v } }
	$1 != name { end(); name = $1; n = 0 }
	{ value[++n] = $2 }
	END { end() }'

# The same without BPF.
sources="ours perf proc sideband trace watch"
: >"$T/figures"
for round in $(seq "$ROUNDS"); do
	for profile in short long; do
		for tool in none $sources; do storm "$tool" $profile-0; done
	done
	echo "sources: round $round of $ROUNDS" >&2
done
echo
table "$sources"

# A build of this program, and what traces it.
# build NAME COMMAND...
build() {
	name=$1
	shift
	rm -rf "$T/build"
	mkdir "$T/build"
	begin=$(date +%s%N)
	"$@" make -s -j "$(nproc)" BUILD="$T/build" BINARY="$T/build/binary" "$T/build/binary" >/dev/null 2>&1 ||
		echo "the build failed ($name)" >&2
	echo "$name $((($(date +%s%N) - begin) / 1000000))" >>"$T/builds"
}
for round in $(seq "$ROUNDS"); do
	build alone env
	build bpf "$X" --quiet -o /dev/null --
	build trace "$X" --quiet --source trace -o /dev/null --
	build "trace -x" "$X" --quiet --source trace -x -o /dev/null --
	! command -v strace >/dev/null || build "strace --seccomp-bpf" strace --seccomp-bpf -f -qq -e trace=execve,execveat -o /dev/null
	echo "builds: round $round of $ROUNDS" >&2
done
echo
echo "A build, \`make -j$(nproc)\`, ms:"
sed 's/ \([0-9]*\)$/\t\1/' "$T/builds" | sort -t "$(printf '\t')" -k1,1 -k2,2n | awk -F '\t' '
	$1 != name { if (name) print "| " name " | " value[int((n + 1) / 2)] " |"; name = $1; n = 0 }
	{ value[++n] = $2 }
	END { print "| " name " | " value[int((n + 1) / 2)] " |" }'

echo
echo "Growth: execs until then, CPU time for 10,000 of them, resident memory, descriptors."
"$B" soak "$SOAK" "$FILE" "$T/shown" "$X" | awk '
	NF == 4 && $1 > before { printf "| %d | %.1f ms | %d KiB | %d |\n", $1, $2 * 10000 / ($1 - before), $3, $4; before = $1; next }
	{ printf "\n%d of %d shown.\n", $1, before }'

echo
for rings in 1 2 16 64 256; do
	echo "Merging $rings rings: $("$B" rings $rings) ns an exec."
done
