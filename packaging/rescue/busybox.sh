#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# An example: the smallest initramfs in which execsnoop works. It holds BusyBox and execsnoop, and gives a shell.
# Usage: busybox.sh EXECSNOOP BUSYBOX OUTPUT [PROGRAM]...
# All programs must be static. None of them is run here, so they can be for another processor. Needs cpio and gzip.
set -eu
if [ $# -lt 3 ]; then
	echo "Usage: $0 EXECSNOOP BUSYBOX OUTPUT [PROGRAM]..." >&2
	exit 2
fi
execsnoop=$1 busybox=$2 output=$3
shift 3
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 1' INT TERM
chmod 755 "$root" # it becomes the guest's /

mkdir "$root/bin" "$root/dev" "$root/etc" "$root/proc" "$root/run" "$root/sys" "$root/tmp"
cp "$execsnoop" "$root/bin/execsnoop"
cp "$busybox" "$root/bin/busybox"
[ $# = 0 ] || cp "$@" "$root/bin"
chmod 755 "$root"/bin/*

# /proc and /sys are for people: where they are not mounted, execsnoop mounts its own privately.
cat >"$root/init" <<'INIT'
#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir /dev/pts && mount -t devpts devpts /dev/pts
mount -t tmpfs run /run
echo "A shell. To trace: execsnoop. To end: poweroff -f."
# cttyhack gives the shell a terminal of its own, so that Ctrl-C works.
while true; do setsid cttyhack sh; done
INIT
chmod 755 "$root/init"

(cd "$root" && find . | cpio -o -H newc --quiet -R 0:0) >"$output.cpio"
gzip -9 <"$output.cpio" >"$output.new"
rm "$output.cpio"
mv "$output.new" "$output"
