#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The OCI hook packaging/hooks/execsnoop-mntns, in real containers and by itself.
# Usage: hook.sh EXECSNOOP DIRECTORY, as root.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
. "$(dirname "$0")/choose.sh"
. "$(dirname "$0")/runc.sh"
PROJECT=$(cd "$(dirname "$0")/.." && pwd)
HOOK=$PROJECT/packaging/hooks/execsnoop-mntns

# keys MAP: the keys of a map, one a line.
keys() { bpftool -j map dump pinned "$BPF/$1" | jq -r '.[].key | join(" ")'; }
# key_of NUMBER: the same of a mount namespace's number.
key_of() { bytes "$1" | awk '{ sub(/ $/, ""); print }'; }

# ---- containers ----

# run_container NAME MAP: a container with the hook. Its first program waits for the file go. $pid: its process.
run_container() {
	bundle=$D/$1
	mkdir -p "$bundle/rootfs/bin"
	cp "$(command -v busybox)" "$bundle/rootfs/bin/busybox"
	cp "$D/prog" "$bundle/rootfs/bin/inside"
	for a in sh sleep; do ln -s busybox "$bundle/rootfs/bin/$a"; done
	(cd "$bundle" && runc spec)
	jq --arg name "$1" --arg hook "$HOOK" --arg map "$2" '.process.terminal = false | .root.readonly = false |
		.hooks = ({path: $hook, args: ["execsnoop-mntns", $map]} | {createRuntime: [.], poststop: [.]}) |
		.process.args = ["sh", "-c", "inside \($name); while ! [ -e /go ]; do sleep 0.02; done; inside last"]' \
		"$bundle/config.json" >"$D/config" && mv "$D/config" "$bundle/config.json"
	parent=$(new_cgroup "$1")
	start_runc "$parent" "$bundle" "$U$1"
}

# end_container NAME PID: lets it end, and deletes it.
end_container() {
	own=$CG$(sed -n 's/^0:://p' "/proc/$2/cgroup")
	: >"$D/$1/rootfs/go"
	tries=0
	while kill -0 "$2" 2>/dev/null && [ $tries -lt 500 ]; do nap; tries=$((tries + 1)); done
	runc --root "$D/state" delete -f "$U$1" >"$D/log" 2>&1 || fail "runc delete: $(cat "$D/log")"
	rmdir "$own" "$CG/$U$1" 2>/dev/null
}

one_container() {
	new_map mntnsmap_one 8
	start --mntnsmap "$BPF/mntnsmap_one"
	run_container one "$BPF/mntnsmap_one" || return
	is "$(keys mntnsmap_one)" "$(key_of "$(mntns_of "$pid")")"
	"$D/prog" outside
	end_container one "$pid"
	is "$(keys mntnsmap_one)" ""
	"$D/prog" outside
	stop
	shows 1 '^sh .*  0 /bin/sh -c inside one;'
	shows 1 '^inside .*  0 /bin/inside one$'
	shows 1 '^inside .*  0 /bin/inside last$'
	others=$(grep -v '  0 /bin/[a-z]* \|  0 /proc/self/exe \[sleep\] \|^PCOMM ' "$out") # BusyBox executes itself
	is "$others" ""
	quiet
}

two_containers() {
	new_map mntnsmap_two 8
	run_container one "$BPF/mntnsmap_two" || return
	first=$pid
	run_container two "$BPF/mntnsmap_two" || return
	second=$pid
	is "$(keys mntnsmap_two | sort)" "$({ key_of "$(mntns_of "$first")"; key_of "$(mntns_of "$second")"; } | sort)"
	end_container one "$first"
	is "$(keys mntnsmap_two)" "$(key_of "$(mntns_of "$second")")"
	end_container two "$second"
	is "$(keys mntnsmap_two)" ""
}

container_without_map() {
	run_container one "$D/missing/map" || return
	end_container one "$pid"
}


# ---- the hook alone ----

# hook ID STATUS PID MAP: as a runtime calls it.
hook() {
	printf '{"ociVersion":"1.0.2","id":"%s","status":"%s","pid":%s,"bundle":"/bundles/%s"}' "$1" "$2" "$3" "$1" |
		env -i "$HOOK" "$4" >"$D/hook" 2>"$err"
	status=$?
	[ $status = 0 ] || fail "exit status $status"
}

makes_map() {
	start_other
	hook one creating "$other" "$BPF/made"
	[ -s "$err" ] && fail "standard error: $(cat "$err")"
	is "$(keys made)" "$(key_of "$(mntns_of "$other")")"
	start --mntnsmap "$BPF/made"
	in_other "$D/prog" there
	"$D/prog" here
	stop
	stop_other
	hook one stopped 0 "$BPF/made"
	is "$(keys made)" ""
	seen there
}

# The kernel gives a number again as soon as its namespace has gone.
number_of_another() {
	start_other
	new_map mntnsmap_again 8
	hook one created "$other" "$BPF/mntnsmap_again"
	hook two created "$other" "$BPF/mntnsmap_again"
	hook one stopped 0 "$BPF/mntnsmap_again"
	is "$(keys mntnsmap_again)" "$(key_of "$(mntns_of "$other")")"
	hook two stopped 0 "$BPF/mntnsmap_again"
	is "$(keys mntnsmap_again)" ""
	stop_other
}

own_namespace() {
	new_map mntnsmap_own 8
	hook one created $$ "$BPF/mntnsmap_own"
	has "$err" 'one has no mount namespace of its own'
	is "$(keys mntnsmap_own)" ""
}

# says TEXT ID STATUS PID MAP
says() {
	text=$1
	shift
	hook "$@"
	has "$err" "^execsnoop-mntns: $text"
}

failures() {
	start_other
	says '.*/missing is no bpffs' one created "$other" "$D/missing/map"
	says '.* is no bpffs' one created "$other" "$D/map"
	says 'container one: cannot see the mount namespace of process 4194304' one created 4194304 "$BPF/none"
	new_map mntnsmap_short 4
	says 'container one: cannot add .*value 8' one created "$other" "$BPF/mntnsmap_short"
	bpftool map create "$BPF/full" type hash key 8 value 8 entries 1 name full
	hook zero created "$other" "$BPF/full"
	first=$other
	start_other
	says 'container one: cannot add .*room' one created "$other" "$BPF/full"
	stop_other
	kill "$first"
	wait "$first" 2>/dev/null
	hook one stopped 0 "$BPF/none"
	is "$(cat "$err")" ""
	for state in nonsense '{}' ''; do
		echo "$state" | "$HOOK" "$BPF/full" 2>"$err" || fail "exit status $?"
		has "$err" 'no state of a container'
	done
}

# The script stands in the page, in a block that begins with its first line.
shown_in_page() {
	sed -n '/^#!\/bin\/sh$/,/^```$/p' "$PROJECT/docs/filtering.md" >"$D/blocks"
	awk -v first="$(sed -n 2p "$HOOK")" '/^#!/ { line = $0; getline; on = $0 == first; if (on) print line }
		/^```$/ { on = 0 } on' "$D/blocks" >"$D/shown"
	cmp -s "$HOOK" "$D/shown" || fail "$(diff "$HOOK" "$D/shown" | head -n 5)"
}

case_ "the hook: --mntnsmap shows a container from its first program on, and nothing else" one_container runc bpftool jq
case_ "the hook: each container has its entry until it is deleted" two_containers runc bpftool jq
case_ "the hook: a container starts where there is no map" container_without_map runc bpftool jq
case_ "the hook makes a map that is missing" makes_map bpftool jq
case_ "the hook leaves an entry that another container has by now" number_of_another bpftool jq
case_ "the hook adds no namespace that is its own" own_namespace bpftool jq
case_ "the hook says what went wrong, and exits with 0" failures bpftool jq
case_ "docs/filtering.md shows the hook as it is" shown_in_page
