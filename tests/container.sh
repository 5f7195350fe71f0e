#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Real containers, and a real build.
# Usage: container.sh EXECSNOOP DIRECTORY, as root.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
. "$(dirname "$0")/choose.sh"
. "$(dirname "$0")/runc.sh"

# ---- a container ----

container() {
	mkdir -p "$D/bundle/rootfs/bin"
	cp "$(command -v busybox)" "$D/bundle/rootfs/bin/busybox"
	cp "$D/prog" "$D/bundle/rootfs/bin/inside"
	for a in sh sleep; do ln -s busybox "$D/bundle/rootfs/bin/$a"; done
	(cd "$D/bundle" && runc spec)
	jq '.process.terminal = false | .root.readonly = false | .process.args =
		["sh", "-c", "while ! [ -e /go ]; do sleep 0.02; done; inside 1; sh -c \"inside 2; true\""]' \
		"$D/bundle/config.json" >"$D/config" && mv "$D/config" "$D/bundle/config.json"
	one=$(new_cgroup container)
	start_runc "$one" "$D/bundle" "$U" || return 1
	own=$CG$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
}

in_container() {
	container || return
	case $1 in
	mntns) start --mntns "$pid" ;;
	mntnsmap)
		new_map mntnsmap_container 8
		set_key mntnsmap_container "$(mntns_of "$pid")"
		start --mntnsmap "$BPF/mntnsmap_container"
		;;
	cgroup) start -c "$own" ;;
	pid) start -p "$pid" ;;
	esac
	"$D/prog" outside
	: >"$D/bundle/rootfs/go"
	tries=0
	while kill -0 "$pid" 2>/dev/null && [ $tries -lt 500 ]; do sleep 0.01; tries=$((tries + 1)); done
	stop
	runc --root "$D/state" delete -f "$U"
	rmdir "$own" "$one" 2>/dev/null
	shows 1 '^inside .*  0 /bin/inside 1$'
	shows 1 '^inside .*  0 /bin/inside 2$'
	shows 0 "$D/prog"
	quiet
}
container_by_mntns() { in_container mntns; }
container_by_mntnsmap() { in_container mntnsmap; }
container_by_cgroup() { in_container cgroup; }
container_by_pid() { in_container pid; }


# ---- a build ----

# A small C project; what make executes is compared with what strace sees of the same build.
build() {
	mkdir "$D/project"
	for i in 1 2 3 4 5 6; do echo "int f$i(void) { return $i; }" >"$D/project/f$i.c"; done
	echo 'int main(void) { return 0; }' >"$D/project/main.c"
	cat >"$D/project/Makefile" <<-'END'
		OBJECTS = main.o f1.o f2.o f3.o f4.o f5.o f6.o
		program: $(OBJECTS); gcc -o $@ $(OBJECTS) && ls -l "$@"
		%.o: %.c; gcc -c -o $@ $< ; test -s $@
		clean: ; rm -f program *.o
	END
	make -s -C "$D/project" clean
	strace -f -qq -s 100000 -e trace=execve,execveat -e status=successful -o "$D/trace" \
		make -j4 -s -C "$D/project" program >/dev/null 2>&1 || fail "the build fails under strace"
	make -s -C "$D/project" clean
	runs 0 -q --max-args 0 -- make -j4 -s -C "$D/project" program
	# Only names and arguments, without what differs by chance: names of temporary files.
	sed -n 's/^[0-9]* *execve("\([^"]*\)", \[\([^]]*\)\], 0x.*/\1 \2/p' "$D/trace" |
		sed 's/^\([^ ]*\) "[^"]*",* */\1 /; s/, / /g; s/ $//; s/^\([^ ]*\)/"\1"/' >"$D/traced"
	sed -n 's/^.*   0 "/"/p' "$out" >"$D/snooped"
	for f in traced snooped; do
		sed 's|/tmp/cc[A-Za-z0-9]*|TEMPORARY|g; s/--jobserver-auth=[^ "]*//g' "$D/$f" | sort >"$D/$f.sorted"
	done
	cmp -s "$D/traced.sorted" "$D/snooped.sorted" ||
		fail "$(diff "$D/traced.sorted" "$D/snooped.sorted" | head -n 10)"
	[ "$(wc -l <"$D/snooped.sorted")" -gt 30 ] || fail "only $(wc -l <"$D/snooped.sorted") execs"
	quiet
}

case_ "shows what a container executes, by --mntns" container_by_mntns runc jq
case_ "shows what a container executes, by --mntnsmap" container_by_mntnsmap runc jq bpftool
case_ "shows what a container executes, by --cgroup" container_by_cgroup runc jq
case_ "shows what a container executes, by --pid" container_by_pid runc jq
case_ "-- make -j shows what strace -f sees" build gcc make strace
