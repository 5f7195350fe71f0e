#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The end-to-end tests on other kernels: boots each in QEMU, with an initramfs that holds BusyBox, the one binary and
# the programs that are executed. Usage: kernels.sh EXECSNOOP DIRECTORY KERNEL... in the project's directory. KERNEL: one
# (amd64-6.1), those of an architecture (amd64), or all.
#
# Kernels are Debian's packages, looked up in their suites and verified by apt; they are kept in
# $XDG_CACHE_HOME/execsnoop. One that cannot be had is skipped by name.
set -u
. ./packaging/debian.sh

# Row, architecture, suite, the least memory that the kernel boots in (MiB; for amd64), package.
rows() {
	cat <<-'END'
		5.10 amd64 bullseye 64 linux-image-5\.10\.0-[0-9]*-cloud-amd64-unsigned
		6.1 amd64 bookworm 96 linux-image-6\.1\.0-[0-9]*-cloud-amd64-unsigned
		6.12 amd64 trixie 96 linux-image-6\.12\.[0-9]*+deb13-cloud-amd64-unsigned
		7.2 amd64 sid 96 linux-binary-7\.[0-9.]*+deb14-cloud-amd64
		5.10 arm64 bullseye - linux-image-5\.10\.0-[0-9]*-cloud-arm64-unsigned
		5.10 armhf bullseye - linux-image-5\.10\.0-[0-9]*-armmp
		6.1 armel bookworm - linux-image-6\.1\.0-[0-9]*-rpi
		5.10 i386 bullseye - linux-image-5\.10\.0-[0-9]*-686-unsigned
		6.1 s390x bookworm - linux-image-6\.1\.0-[0-9]*-s390x
		6.1 ppc64el bookworm - linux-image-6\.1\.0-[0-9]*-powerpc64le
		6.1 mipsel bookworm - linux-image-6\.1\.0-[0-9]*-4kc-malta
		6.1 mips64el bookworm - linux-image-6\.1\.0-[0-9]*-5kc-malta
		7.2 riscv64 sid - linux-binary-7\.[0-9.]*+deb14-riscv64
		7.2 loong64 sid - linux-binary-7\.[0-9.]*+deb14-loong64
	END
}

# What each kernel is booted as: name, MiB, CPUs, kernel parameters, seconds, tests.
boots() {
	echo "- $mib $cpus - 1200 e2e,ways,calls,many,filter,names,follow,who,facts,paths,exits,storm,guest"
	echo "sources $mib $cpus - 900 sources,told"
	[ "$1" != armhf ] || echo "two-CPUs $mib 2 - 300 storm,brief" # all of it would take an hour's quarter
	[ "$1" = amd64 ] || return
	cat <<-END
		little-memory,one-CPU $2 1 - 300 brief
		integrity 256 2 lockdown=integrity 300 brief
		confidentiality 256 2 lockdown=confidentiality 120 brief
		full-preemption 256 2 preempt=full 600 storm,brief
	END
}

# newer_qemu ARCHITECTURE [OPTION]...: QEMU 10's, in $qemu. With 7.2 a guest of two CPUs sometimes saw no failed call until the
# tracepoint was patched again: as it seems, a CPU keeps code that another patches while it is translated.
newer_qemu() {
	to=$CACHE/qemu-10-all program=$1
	shift
	(
		flock 9 # against the rows beside this
		[ -d "$to" ] || unpack bookworm-backports amd64 "$to" qemu-system-misc qemu-system-arm qemu-system-ppc \
			qemu-system-riscv qemu-system-s390x qemu-system-common qemu-system-data 2>"$R/log"
	) 9>"$CACHE/lock" || return
	qemu="env QEMU_MODULE_DIR=$to/usr/lib/x86_64-linux-gnu/qemu $to/usr/bin/qemu-system-$program"
	qemu="$qemu -L $to/usr/share/qemu -L /usr/share/qemu $*"
}

# machine ARCHITECTURE: what QEMU makes of it, in $qemu, $threads, $mib, $cpus, and the kernel's parameters in $parameters.
machine() {
	mib=512 cpus=2 parameters=console=ttyS0 threads=multi
	case $1 in
	amd64) qemu=qemu-system-x86_64 threads=single ;; # code that one CPU patches crashes the other
	arm64) newer_qemu aarch64 -M virt -cpu cortex-a57 && parameters=console=ttyAMA0 ;;
	armhf) newer_qemu arm -M virt -cpu cortex-a15 && cpus=1 parameters=console=ttyAMA0 ;;
	armel) # a power domain of the machine is not emulated; and its timer, set to a moment that has passed, comes 71
		# minutes later, which happens where this machine is busy, but not in the time of instructions
		threads=single
		qemu="qemu-system-arm -icount shift=2,sleep=off -M raspi0 -dtb $(ls "$CACHE/$package"/usr/lib/linux-image-*/bcm2835-rpi-zero.dtb)" cpus=1
		parameters='console=ttyAMA0 initcall_blacklist=bcm2835_power_driver_init'
		;;
	i386) qemu=qemu-system-i386 threads=single ;;
	s390x) newer_qemu s390x -M s390-ccw-virtio && parameters=console=ttysclp0 ;;
	ppc64el) newer_qemu ppc64 -M pseries && mib=1024 parameters=console=hvc0 ;;
	mipsel) qemu='qemu-system-mipsel -M malta -cpu 24Kf' cpus=1 ;;
	mips64el) qemu='qemu-system-mips64el -M malta -cpu MIPS64R2-generic' cpus=1 ;;
	riscv64) newer_qemu riscv64 -M virt ;;
	loong64) # a keyboard that is not there is waited for
		newer_qemu loongarch64 -M virt -cpu la464 && mib=1024 parameters='console=ttyS0,115200 initcall_blacklist=i8042_init'
		;;
	esac
}

# kernel SUITE ARCHITECTURE PATTERN: fetches the newest, its name in $package and its image's path in $image.
kernel() {
	package=$(newest "$1" "$2" "$3" 2>"$R/log") || return
	[ -n "$package" ] || { echo "no package matches $3 in $1" >"$R/log"; return 1; }
	[ -d "$CACHE/$package" ] || unpack "$1" "$2" "$CACHE/$package" "$package" 2>"$R/log" || return
	image=$(ls "$CACHE/$package"/boot/vmlinu[xz]-* "$CACHE/$package"/usr/lib/modules/*/vmlinuz 2>/dev/null | head -n 1)
	[ "$2" = loong64 ] || return 0
	# Out of what makes it an EFI program: its header (drivers/firmware/efi/libstub/zboot-header.S) says where it is,
	# and how long.
	# shellcheck disable=SC2046 # two numbers
	set -- "$image" $(od -A n -t u4 -j 8 -N 8 "$image")
	tail -c "+$(($2 + 1))" "$1" | head -c "$3" | zstd -q -d >"$R/image" 2>"$R/log" || return
	image=$R/image
}

# static_busybox ARCHITECTURE: the path of a static BusyBox. Not of the kernel's suite: bullseye's gives a script's process
# the applet's name.
static_busybox() {
	suite=bookworm
	case $1 in
	amd64) command -v busybox; return ;;
	riscv64 | loong64) suite=sid ;;
	esac
	set -- "$1" "$CACHE/busybox-$suite-$1"
	[ -d "$2" ] || unpack $suite "$1" "$2" busybox-static || return
	ls "$2"/bin/busybox "$2"/usr/bin/busybox 2>/dev/null | head -n 1
}

# initramfs ARCHITECTURE: what a guest has. Its init runs the tests and ends the machine.
initramfs() {
	if [ "$1" = amd64 ]; then
		execsnoop=$X programs=$PROGRAMS
	else
		make -s ARCH="$1" guests >"$R/log" 2>&1 || return
		execsnoop=build/$1/execsnoop programs=build/$1/tests
	fi
	root=$R/root
	mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/etc" "$root/tests" "$root/programs"
	cp "$busybox" "$root/bin/busybox"
	for applet in $(busybox --list); do ln -s busybox "$root/bin/$applet" 2>/dev/null; done
	mkdir -p "$root/usr" && ln -s ../bin "$root/usr/bin"
	cp "$execsnoop" "$root/bin/execsnoop"
	for p in nothing call storm exec32 btf busy live ends layout_live attempts; do [ ! -f "$programs/$p" ] || cp "$programs/$p" "$root/programs"; done
	cp tests/*.sh "$root/tests"
	echo 'root:x:0:0::/:/bin/sh' >"$root/etc/passwd"
	echo 'nobody:x:65534:65534::/:/bin/sh' >>"$root/etc/passwd"
	cat >"$root/init" <<-'END'
		#!/bin/sh
		export PATH=/bin STORM=200 FEW=5 NAP=0.1
		mount -t proc proc /proc
		mount -t sysfs sysfs /sys
		mount -t devtmpfs dev /dev
		mkdir /dev/pts && mount -t devpts devpts /dev/pts
		mount -t tmpfs tmpfs /tmp
		ln -s /proc/self/fd /dev/fd
		echo 1 >/proc/sys/kernel/printk
		[ "$(uname -m)" != riscv64 ] || echo 1 >/proc/sys/net/core/bpf_jit_enable
		cd /
		dmesg -c >/dev/null # what a machine complains of before
		for t in $(sed 's/.* tests=\([^ ]*\).*/\1/; s/,/ /g' /proc/cmdline); do
			case $t in # without what needs more than BusyBox has, or a faster machine
			filter | follow) CASES='^-p|^-- (shows a|ends|hands signals|leaves|gives)|^--cgroup' ;;
			sources) CASES='all kinds|^[a-z]*: misses|chain|all fields|daemons|from before|a user|fail as|held up|any user|as it was|when it is killed' ;;
			facts) t=told CASES='^bpf: ' ;;
			told) CASES='^[pstw][a-z]*: tells (effective|each end,|the (ancestors|variables))' ;;
			brief) t=guest CASES='^works (here|with )|^says|^takes|^shows' ;; # where nothing is, is not the memory's affair
			*) CASES= ;;
			esac
			export CASES
			printf '\n== %s\n' $t
			sh /tests/$t.sh /bin/execsnoop /programs 2>/tmp/err || {
				echo "not ok $t.sh: exit status $?"
				sed 's/^/# /' /tmp/err
			}
		done
		execsnoop --check -J 2>/dev/null
		dmesg | grep -A20 'Oops\|BUG:\|WARNING:' # which were not printed
		echo "== end"
		poweroff -f
	END
	chmod 755 "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet -R 0:0 | gzip -1) >"$R/initrd"
}

# boot MIB CPUS PARAMETERS: the console. What guards against speculation, and waits for readers without hurry, costs time
# where all is emulated, and makes no difference to what is tested.
boot() {
	# shellcheck disable=SC2086 # options
	exec timeout "$limit" $qemu -accel "tcg,thread=$threads" -m "$1" -smp "$2" -nographic -no-reboot -kernel "$image" \
		-initrd "$R/initrd" -append "$parameters mitigations=off rcupdate.rcu_expedited=1 panic=-1 quiet $3" </dev/null
}

# row ROW ARCHITECTURE SUITE LEAST PATTERN: all boots of one kernel. Its features go to $T/ARCHITECTURE-ROW.
row() {
	R=$(mktemp -d -p "$T")
	echo "== kernel $2 $1"
	if ! kernel "$3" "$2" "$5" || ! machine "$2" || ! busybox=$(static_busybox "$2" "$3" 2>"$R/log"); then
		echo "ok $2 $1 # skip: $(tail -n 1 "$R/log")"
		return
	fi
	if ! initramfs "$2"; then
		sed 's/^/# /' "$R/log"
		echo "not ok $2 $1: what its guest has cannot be built"
		return
	fi
	boots "$2" "$4" >"$R/boots"
	while read -r as mib cpus more limit tests; do
		name="$2 $1"
		[ "$as" = - ] || name="$name $as"
		[ "$more" = - ] && more=
		start=$(date +%s)
		for _ in 1 2 3; do
			: >"$R/raw"
			boot "$mib" "$cpus" "$more tests=$tests " >"$R/raw" 2>&1 &
			seconds=0
			while kill -0 $! 2>/dev/null && ! grep -aq '^== ' "$R/raw" && [ $seconds -lt 150 ]; do
				sleep 1
				seconds=$((seconds + 1))
			done
			if grep -aq '^== ' "$R/raw" || ! kill $! 2>/dev/null; then break; fi
			echo "# $name: it had not come up after $seconds s; once more"
			wait $!
		done
		wait $!
		sed 's,\r,,g' "$R/raw" >"$R/console"
		sed -n "s/^\(ok\|not ok\) /\1 $name: /p; /^#/p" "$R/console"
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

# features KERNEL...: kernel, feature and whether it is there, a line each.
features() {
	for k; do sed "s/^{\"feature\":\"\(.*\)\",\"here\":\(.*\),\"instead\".*/${k%-*} ${k##*-}	\1	\2/" "$T/$k"; done
}

# table KERNEL...: what each can do, as in docs/kernels.md.
table() {
	features "$@" |
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
# Two at a time: with four on two CPUs, a row in eight counted a failed call as lost that had its line.
rows | while read -r row arch rest; do
	case " $* " in " all " | *" $arch "* | *" $arch-$row "*) echo "$row $arch $rest" ;; esac
done | xargs -P 2 -d '\n' -n 1 sh -cf 'exec sh tests/kernels.sh row $1' -
booted=$(rows | while read -r row arch _; do [ -s "$T/$arch-$row" ] && echo "$arch-$row"; done)
# shellcheck disable=SC2086 # names without spaces
table $booted >"$T/table"
sed 's/^/# /' "$T/table"
# What each booted kernel can do is what stands in its column of docs/kernels.md.
# shellcheck disable=SC2086
features $booted | awk -F '\t' '
	FILENAME == "docs/kernels.md" {
		if ($0 !~ /^\| /) { in_table = 0; next }
		n = split(substr($0, 3, length($0) - 4), cell, " [|] ")
		if (cell[1] == "feature") { in_table = 1; for (i = 2; i <= n; i++) name[i] = cell[i]; next }
		if (in_table && cell[1] != "---") { rows++; for (i = 2; i <= n; i++) says[rows, name[i]] = cell[i]; features[rows] = ", " cell[1] ", " }
		next
	}
	{
		here = $3 == "true" ? "yes" : $3 == "false" ? "no" : "?"
		said = "nothing"
		for (r = 1; r <= rows; r++) if (index(features[r], ", " $2 ", ")) said = says[r, $1]
		if (said != here) print "# " $1 ", " $2 ": " here ", docs/kernels.md says " said
		compared++
	}
	END { if (!compared) print "# nothing was booted" }' docs/kernels.md - >"$T/differences"
cat "$T/differences"
[ -s "$T/differences" ] && printf 'not '
echo "ok docs/kernels.md says what these kernels can do"
