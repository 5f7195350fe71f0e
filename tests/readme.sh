#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs every command of README.md and docs/ that stands behind a "# " prompt, as root, with what they need at
# hand: a container of Docker and one of containerd, both called "web", and a systemd unit's cgroup. Those of execsnoop
# are ended after a second, but for builds. Usage: readme.sh, in the project's directory.
set -u
# A mount namespace of its own, for /sys/fs/cgroup and /sys/fs/bpf.
if [ -z "${README_NAMESPACE:-}" ] && unshare -m true 2>/dev/null; then
	README_NAMESPACE=1 exec unshare -m sh "$0"
fi
T=$(mktemp -d) || exit
export DOCKER_HOST="unix://$T/docker.sock" CONTAINERD_ADDRESS="$T/exec/containerd/containerd.sock"
UNIT=/sys/fs/cgroup/system.slice/cron.service

# Executes something again and again until $T/stop is there.
LOOP='while ! [ -e "$0/stop" ]; do /bin/sleep 0.1; done'

cleanup() {
	: >"$T/stop"
	{
		sleep 0.3
		rmdir "$UNIT" "${UNIT%/*}"
		[ ! -e "$T/mounted" ] || umount /sys/fs/cgroup # the runtimes look for what was there
		docker kill web
		ctr -n k8s.io task kill -s KILL web
		sleep 0.3
		ctr -n k8s.io task delete web
		docker rm web
		kill "$(cat "$T/dockerd.pid")"
		tries=0
		while [ -e "$T/dockerd.pid" ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
		umount -R "$T"
	} >/dev/null 2>&1
	# Not into what is still mounted there.
	grep -qF " $T/" /proc/mounts || rm -rf "$T"
}
trap cleanup EXIT

# why_not_containers: starts them. Says what is missing, if anything.
why_not_containers() {
	[ -n "${README_NAMESPACE:-}" ] || { echo "no mount namespace can be made here (in a chroot?)"; return; }
	mount -t bpf bpf /sys/fs/bpf 2>/dev/null || { echo "bpffs cannot be mounted"; return; }
	mkdir -p "$T/root/bin"
	cp "$(command -v busybox)" "$T/root/bin/busybox"
	for a in sh sleep; do ln -s busybox "$T/root/bin/$a"; done
	dockerd --iptables=false --ip6tables=false --bridge=none --storage-driver=vfs --data-root "$T/docker" \
		--exec-root "$T/exec" -H "$DOCKER_HOST" -p "$T/dockerd.pid" >"$T/log" 2>&1 &
	tries=0
	until docker version >/dev/null 2>&1; do
		sleep 0.1
		tries=$((tries + 1))
		[ $tries -lt 200 ] || { echo "dockerd does not run here: $(tail -n 1 "$T/log")"; return; }
	done
	{ tar -C "$T/root" -c . | docker import - web && docker run -d --network none --name web web /bin/sh -c "$LOOP" /; } \
		>"$T/log" 2>&1 || { echo "docker run: $(tail -n 1 "$T/log")"; return; }
	ctr -n k8s.io run -d --rootfs "$T/root" web /bin/sh -c "$LOOP" / >"$T/log" 2>&1 ||
		{ echo "ctr run: $(grep -a '^ctr: ' "$T/log")"; return; }
	# Where cgroup v1 is in that place, now that the runtimes have used it.
	if [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
		mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null || { echo "cgroup v2 cannot be mounted"; return; }
		: >"$T/mounted"
	fi
	mkdir -p "$UNIT"
	sh -c "echo \$\$ >$UNIT/cgroup.procs; $LOOP" "$T" >/dev/null 2>&1 &
}
missing=$(why_not_containers)

# So that there is something to see.
(while ! [ -e "$T/stop" ]; do /bin/sleep 0.1; done) &

# Lines of a page, a tab, a command.
for page in README.md docs/*.md; do
	sed -n "s|^    # |$page	|p" "$page"
done >"$T/commands"
count=$(grep -c ^README "$T/commands")
PATH=$PWD:$PATH

# interrupt: ends the youngest tracer in a second, as Ctrl-C does, but no reader of its lines.
interrupt() {
	{ sleep 1 && pkill -INT -n -x execsnoop; } >/dev/null 2>&1 &
}

while IFS='	' read -r page command; do
	page=${page%.md}
	case $command in
	*docker* | *ctr* | *bpftool* | */sys/fs/*)
		if [ -n "$missing" ]; then
			printf '%s\n' "ok $page: $command # skip: $missing"
			continue
		fi
		;;
	esac
	# </dev/null: the loop reads the commands from its standard input
	case $command in
	execsnoop*"-- make"*) timeout 60 sh -c "exec $command" ;;
	execsnoop*" -d "* | execsnoop*" -- "*) timeout 5 sh -c "$command" ;;
	execsnoop*) interrupt; timeout 5 sh -c "$command" ;;
	*) timeout 5 sh -c "$command" && echo done ;;
	esac </dev/null >"$T/out" 2>"$T/err"
	status=$?
	# With a command the trace is on the standard error.
	case $command in
	execsnoop*" -- "*) cat "$T/err" >>"$T/out" ;;
	esac
	# What is filtered by container or unit shows that it is.
	case $command in
	*docker* | *ctr* | *cron*) grep -q '/bin/sleep 0.1$' "$T/out" || status="$status, nothing shown" ;;
	esac
	# What is written to a file is as good.
	file=$(printf '%s\n' "$command" | sed -n 's/ -- .*//; s/^execsnoop .*-o \([^ ]*\).*/\1/p')
	if [ -n "$file" ] && [ "$file" != - ]; then mv "$file" "$T/out"; fi
	if [ "$status" = 0 ] && [ -s "$T/out" ]; then
		printf '%s\n' "ok $page: $command"
	else
		sed 's/^/# /' "$T/err"
		printf '%s\n' "not ok $page: $command (exit status $status)"
	fi
done <"$T/commands"
if [ "$count" -ge 12 ]; then echo "ok README shows commands"; else echo "not ok README shows commands ($count)"; fi
[ "$(wc -l <README.md)" -le 150 ] || printf 'not '
echo "ok README has at most 150 lines"

make run ARGS="-d 0.2" >"$T/out" 2>&1
if grep -q '^PCOMM *PID *PPID *RET ARGS' "$T/out"; then
	echo "ok README: make run"
else
	tail -n 5 "$T/out" | sed 's/^/# /'
	echo "not ok README: make run"
fi
if grep -q '`make dist`' README.md && make -s dist ARCHES="$(dpkg --print-architecture)" DIST="$T/dist" >"$T/out" 2>&1 &&
	(cd "$T/dist" && sha256sum --quiet -c SHA256SUMS); then
	echo "ok README: make dist"
else
	echo "not ok README: make dist"
fi
# make bench, without what it installs. What it measures is nobody's business here, only that it measures something.
if ! grep -q '`make bench`' README.md; then
	echo "not ok README: make bench"
elif ROUNDS=1 EXECS=400 SOAK=100 sh tests/bench.sh ./execsnoop build/tests >"$T/out" 2>"$T/err" &&
	grep -q '^| shown with its arguments of a storm of short command lines, % | 100.00 |' "$T/out" &&
	grep -q '^| BPF time an exec, long, µs | [0-9.]*[1-9]' "$T/out" && grep -q '^100 of 100 shown' "$T/out" &&
	grep -q '^Merging 256 rings: [1-9][0-9]* ns' "$T/out"; then
	echo "ok README: make bench"
else
	cat "$T/out" "$T/err" | sed 's/^/# /'
	echo "not ok README: make bench"
fi
# The command that installs a released binary.
install=$(sed -n 's|^    \(sha256sum .*\)/usr/local/sbin/execsnoop$|\1|p' README.md)
if (cd "$T/dist" && sh -c "$install'$T/installed'") >"$T/out" 2>&1 && [ "$("$T/installed" -V | cut -d ' ' -f 1)" = execsnoop ]; then
	echo "ok README: $install"
else
	echo "not ok README: $install: $(head -n 1 "$T/out")"
fi
# And the one that gives it capabilities: another user can trace then.
cp execsnoop "$T/capable"
chmod 755 "$T"
if ! command -v setcap >/dev/null || ! setcap cap_bpf,cap_perfmon+ep "$T/capable" 2>"$T/err"; then
	echo "ok README: setcap # skip: $(head -n 1 "$T/err")"
elif grep -q '^    setcap cap_bpf,cap_perfmon+ep /usr/local/sbin/execsnoop$' README.md &&
	setpriv --reuid 65534 --regid 65534 --clear-groups "$T/capable" --source bpf -d 0.5 >"$T/out" 2>"$T/err" && grep -q sleep "$T/out"; then
	echo "ok README: setcap"
else
	sed 's/^/# /' "$T/err"
	echo "not ok README: setcap"
fi
# The picture is drawn from a session.
if execsnoop --tree --color always -o - -- sh -c 'ls /; :' | python3 packaging/picture.py 'execsnoop --tree' >"$T/session.svg" &&
	python3 -c 'import sys, xml.dom.minidom; [xml.dom.minidom.parse(f) for f in sys.argv[1:]]' "$T/session.svg" docs/session.svg &&
	grep -q '/ls' "$T/session.svg" && grep -q '<title>execsnoop' docs/session.svg; then
	echo "ok README: the picture"
else
	echo "not ok README: the picture"
fi
# Each option that the README names is one, and each link leads somewhere.
execsnoop --help >"$T/help"
for option in $(grep -oE -- '`-[^`]*`' README.md | grep -oE -- '--?[a-zA-Z][a-z0-9-]*' | sort -u); do
	grep -qE -- "(^| )$option([ ,]|\$)" "$T/help" || { echo "# no option: $option"; unknown=1; }
done
if [ -z "${unknown:-}" ]; then echo "ok README names options that there are"; else echo "not ok README names options that there are"; fi
for page in README.md docs/*.md; do
	for link in $(grep -oE '\]\([^)#]+' "$page" | cut -c 3- | grep -v '^http' | sort -u); do
		[ -e "$(dirname "$page")/$link" ] || { echo "# $page: $link"; dead=1; }
	done
done
if [ -z "${dead:-}" ]; then echo "ok each link of the documents leads to a file"; else echo "not ok each link of the documents leads to a file"; fi
