#!/bin/sh
# The end-to-end tests on other kernels: boots each in QEMU, with an initramfs that holds BusyBox, the one binary and
# the programs that are executed. Usage: kernels.sh EXECSNOOP DIRECTORY ROW..., or all, in the project's directory.
#
# Kernels are Debian's packages, looked up in their suites and verified by apt; they are kept in
# $XDG_CACHE_HOME/execsnoop. One that cannot be had is skipped by name.
set -u
. ./debian.sh

# Row, architecture, suite, the least memory that the kernel boots in (MiB), package.
rows() {
	cat <<-'END'
		5.10 amd64 bullseye 64 linux-image-5\.10\.0-[0-9]*-cloud-amd64-unsigned
		6.1 amd64 bookworm 96 linux-image-6\.1\.0-[0-9]*-cloud-amd64-unsigned
		6.12 amd64 trixie 96 linux-image-6\.12\.[0-9]*+deb13-cloud-amd64-unsigned
		5.10 arm64 bullseye 96 linux-image-5\.10\.0-[0-9]*-cloud-arm64-unsigned
		7.2 amd64 sid 96 linux-binary-7\.[0-9.]*+deb14-cloud-amd64
	END
}

# What each kernel is booted as: name, MiB, CPUs, kernel parameters, seconds, tests.
boots() {
	cat <<-'END'
		- 512 2 - 1200 e2e,ways,filter,storm,guest
		little-memory,one-CPU least 1 - 300 guest
		integrity 256 2 lockdown=integrity 300 guest
		confidentiality 256 2 lockdown=confidentiality 120 guest
	END
}

# kernel SUITE ARCHITECTURE PATTERN: fetches the newest, prints the path of its image.
kernel() {
	package=$(newest "$1" "$2" "$3" 2>"$R/log") || return
	[ -n "$package" ] || { echo "no package matches $3 in $1" >"$R/log"; return 1; }
	[ -d "$CACHE/$package" ] || unpack "$1" "$2" "$CACHE/$package" "$package" 2>"$R/log" || return
	ls "$CACHE/$package"/boot/vmlinuz-* "$CACHE/$package"/usr/lib/modules/*/vmlinuz 2>/dev/null | head -n 1
}

# busybox ARCHITECTURE: the path of a static BusyBox.
busybox() {
	if [ "$1" = amd64 ]; then
		command -v busybox
	else
		[ -d "$CACHE/busybox-$1" ] || unpack bookworm "$1" "$CACHE/busybox-$1" busybox-static || return
		ls "$CACHE/busybox-$1"/bin/busybox "$CACHE/busybox-$1"/usr/bin/busybox 2>/dev/null | head -n 1
	fi
}

# initramfs ARCHITECTURE: what a guest has. Its init runs the tests and ends the machine.
initramfs() {
	if [ "$1" = amd64 ]; then
		execsnoop=$X programs=$PROGRAMS
	else
		make -s ARCH="$1" guests >"$R/log" 2>&1 || return
		execsnoop=build/$1/execsnoop programs=build/$1/tests
	fi
	busybox=$(busybox "$1" 2>"$R/log") || return
	root=$R/root
	mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/etc" "$root/tests" "$root/programs"
	cp "$busybox" "$root/bin/busybox"
	for applet in $(command busybox --list); do ln -s busybox "$root/bin/$applet" 2>/dev/null; done
	mkdir -p "$root/usr" && ln -s ../bin "$root/usr/bin"
	cp "$execsnoop" "$root/bin/execsnoop"
	for p in nothing call storm i386; do [ ! -f "$programs/$p" ] || cp "$programs/$p" "$root/programs"; done
	cp tests/*.sh "$root/tests"
	echo 'root:x:0:0::/:/bin/sh' >"$root/etc/passwd"
	echo 'nobody:x:65534:65534::/:/bin/sh' >>"$root/etc/passwd"
	cat >"$root/init" <<-'END'
		#!/bin/sh
		export PATH=/bin STORM=1000
		mount -t proc proc /proc
		mount -t sysfs sysfs /sys
		mount -t devtmpfs dev /dev
		mount -t tmpfs tmpfs /tmp
		ln -s /proc/self/fd /dev/fd
		echo 1 >/proc/sys/kernel/printk
		cd /
		for t in $(sed 's/.* tests=\([^ ]*\).*/\1/; s/,/ /g' /proc/cmdline); do
			case $t in # without what needs more than BusyBox has, or a faster machine
			filter) export CASES='^-p|^-- (shows a|ends|hands signals|leaves|gives)|^--cgroup' ;;
			*) unset CASES ;;
			esac
			printf '\n== %s\n' $t
			sh /tests/$t.sh /bin/execsnoop /programs 2>/tmp/err
		done
		execsnoop --check -J 2>/dev/null
		echo "== end"
		poweroff -f
	END
	chmod 755 "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet -R 0:0 | gzip -1) >"$R/initrd"
}

# boot ARCHITECTURE IMAGE MIB CPUS PARAMETERS: the console.
boot() {
	case $1 in
	amd64) machine='x86_64' console=ttyS0 ;;
	arm64) machine='aarch64 -M virt -cpu cortex-a57' console=ttyAMA0 ;;
	esac
	# shellcheck disable=SC2086 # options
	timeout "$limit" qemu-system-$machine -accel tcg,thread=single -m "$3" -smp "$4" -nographic -no-reboot \
		-kernel "$2" -initrd "$R/initrd" -append "console=$console panic=-1 quiet $5" </dev/null
}

# row ROW ARCHITECTURE SUITE LEAST PATTERN: all boots of one kernel. Its features go to $T/ARCHITECTURE-ROW.
row() {
	R=$(mktemp -d -p "$T")
	echo "== kernel $2 $1"
	image=$(kernel "$3" "$2" "$5")
	if [ -z "$image" ] || ! initramfs "$2"; then
		echo "ok $2 $1 # skip: $(tail -n 1 "$R/log")"
		return
	fi
	boots >"$R/boots"
	while read -r as mib cpus parameters limit tests; do
		name="$2 $1"
		[ "$as" = - ] || name="$name $as"
		[ "$parameters" = - ] && parameters=
		[ "$mib" = least ] && mib=$4
		start=$(date +%s)
		boot "$2" "$image" "$mib" "$cpus" "$parameters tests=$tests " 2>&1 | tr -d '\r' >"$R/console"
		grep -a '^#' "$R/console"
		sed -n "s/^\(ok\|not ok\) /\1 $name: /p" "$R/console"
		awk -v name="$name" '
			/^== / { if (test && !cases) print "not ok " name ": " test " ran no case"; test = $2; cases = 0 }
			/^(not )?ok / { cases++ }' "$R/console"
		if ! grep -aq '^== end' "$R/console"; then
			tail -n 40 "$R/console" | sed 's/^/# /'
			echo "not ok $name: the guest did not come to its end"
		elif grep -aq 'Oops\|BUG:\|WARNING:' "$R/console"; then
			grep -a -A20 'Oops\|BUG:\|WARNING:' "$R/console" | sed 's/^/# /'
			echo "not ok $name: the kernel complained"
		fi
		echo "# $name took $(($(date +%s) - start)) s"
		[ "$as" = - ] && grep -a '^{"feature"' "$R/console" >"$T/$2-$1"
	done <"$R/boots"
}

# table KERNEL...: what each can do, as in the README: a line for all features that the same kernels have.
table() {
	for k; do sed "s/^{\"feature\":\"\(.*\)\",\"here\":\(.*\),\"instead\".*/${k%-*} ${k##*-}	\1	\2/" "$T/$k"; done |
		awk -F '\t' '
			!($1 in seen) { seen[$1] = ++kernels; head = head " | " $1; line = line " | ---" }
			!($2 in row) { row[$2] = ++rows; name[rows] = $2 }
			{ cells[row[$2]] = cells[row[$2]] " | " ($3 == "true" ? "yes" : $3 == "false" ? "no" : "?") }
			END {
				print "| feature" head " |"
				print "| ---" line " |"
				for (r = 1; r <= rows; r++) {
					if (!(cells[r] in names)) order[++lines] = cells[r]
					names[cells[r]] = names[cells[r]] (names[cells[r]] == "" ? "" : ", ") name[r]
				}
				for (l = 1; l <= lines; l++) print "| " names[order[l]] order[l] " |"
			}'
}

if [ "$1" = row ]; then # one of those that are run at a time, below
	shift
	row "$@" >"$T/out-$2-$1" 2>&1
	cat "$T/out-$2-$1"
	exit
fi
T=$(mktemp -d)
export T
trap 'rm -rf "$T"' EXIT
X=$1 PROGRAMS=$2
export X PROGRAMS
shift 2
rows | while read -r row arch rest; do
	case " $* " in " all " | *" $arch-$row "*) echo "$row $arch $rest" ;; esac
done | xargs -P 2 -d '\n' -n 1 sh -cf 'exec sh tests/kernels.sh row $1' -
# shellcheck disable=SC2046 # names without spaces
table $(rows | while read -r row arch _; do [ -s "$T/$arch-$row" ] && echo "$arch-$row"; done) >"$T/table"
sed 's/^/# /' "$T/table"
if [ "$*" = all ] && [ "$(ls "$T" | grep -c '^out-')" = "$(ls "$T" | grep -Ec '^(amd64|arm64)-')" ]; then
	while read -r line; do grep -qxF "$line" README.md || echo "# not in the README: $line"; done <"$T/table" >"$T/missing"
	cat "$T/missing"
	[ -s "$T/missing" ] && printf 'not '
	echo "ok the README has the table of kernels"
elif [ "$*" = all ]; then
	echo "ok the README has the table of kernels # skip: not all were booted"
fi
