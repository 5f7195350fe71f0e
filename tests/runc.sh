# SPDX-License-Identifier: GPL-2.0-only
# Sourced, behind harness.sh and the functions of cgroups, by the tests that run a container with runc(8).

# start_runc CGROUP BUNDLE NAME: its first process's id is in $pid then. Else the case fails, or is skipped.
start_runc() {
	if in_cgroup "$1" runc --root "$D/state" run -d --pid-file "$D/pid" -b "$2" "$3" >"$D/log" 2>&1 </dev/null; then
		pid=$(cat "$D/pid")
		return
	fi
	rmdir "$1"
	# No pivot_root(2) where "/" is no mount point, and no cgroups are mounted.
	if ! unshare -m true 2>/dev/null; then
		skipped="no container runs in a chroot: $(tail -n 1 "$D/log" | tr -d '#')"
	else
		fail "runc: $(cat "$D/log")"
	fi
	return 1
}
