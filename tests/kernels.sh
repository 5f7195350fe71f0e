#!/bin/sh
# The end-to-end tests on other kernels: boots each in QEMU, with an initramfs that holds BusyBox, the one binary and
# the programs that are executed. Usage: kernels.sh EXECSNOOP DIRECTORY [ROW]..., in the project's directory.
#
# Kernels are Debian's packages, looked up in their suites and verified by apt; they are kept in
# $XDG_CACHE_HOME/execsnoop. One that cannot be had is skipped by name.
set -u
X=$1
PROGRAMS=$2
shift 2
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/execsnoop
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
LIMIT=400 # seconds for one guest

# Row, architecture, suite, package.
rows() {
	cat <<-'END'
		5.10 amd64 bullseye linux-image-5\.10\.0-[0-9]*-cloud-amd64-unsigned
		6.1 amd64 bookworm linux-image-6\.1\.0-[0-9]*-cloud-amd64-unsigned
		6.12 amd64 trixie linux-image-6\.12\.[0-9]*+deb13-cloud-amd64-unsigned
		7.2 amd64 sid linux-binary-7\.[0-9.]*+deb14-cloud-amd64
	END
}

# apt SUITE ARCHITECTURE COMMAND...: apt with lists of its own, from where this machine has its packages.
apt() {
	suite=$1 arch=$2
	shift 2
	dir=$CACHE/$suite-$arch
	if ! [ -f "$dir/sources" ]; then
		mkdir -p "$dir/lists/partial" "$dir/archives/partial"
		uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' \
			'Origin: Debian' | grep -v security | head -n 1)
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main" >"$dir/sources"
	fi
	command=$1
	shift
	"$command" -qq -o Dir::State::lists="$dir/lists" -o Dir::Cache::archives="$dir/archives" -o Dir::Cache::pkgcache= \
		-o Dir::Cache::srcpkgcache= -o Dir::State::status=/dev/null -o Dir::Etc::sourcelist="$dir/sources" \
		-o Dir::Etc::sourceparts=/dev/null -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
		-o Acquire::Check-Valid-Until=false "$@"
}

# kernel SUITE ARCHITECTURE PATTERN: fetches the newest, prints the path of its image.
kernel() {
	apt "$1" "$2" apt-get update >"$T/log" 2>&1 || return
	package=$(apt "$1" "$2" apt-cache pkgnames | grep -x "$3" | sort -V | tail -n 1)
	[ -n "$package" ] || { echo "no package matches $3 in $1" >"$T/log"; return 1; }
	to=$CACHE/$package
	if ! ls "$to"/boot/vmlinuz-* "$to"/usr/lib/modules/*/vmlinuz >/dev/null 2>&1; then
		echo "fetching $package" >&2
		(cd "$T" && apt "$1" "$2" apt-get download "$package") >"$T/log" 2>&1 &&
			dpkg-deb -x "$T/$package"_*.deb "$to" >"$T/log" 2>&1 || return
	fi
	ls "$to"/boot/vmlinuz-* "$to"/usr/lib/modules/*/vmlinuz 2>/dev/null | head -n 1
}

# initramfs: what a guest has. Its init runs the tests and ends the machine.
initramfs() {
	root=$T/root
	mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/etc" "$root/tests" "$root/programs"
	cp "$(command -v busybox)" "$root/bin/busybox"
	for applet in $("$root/bin/busybox" --list); do ln -s busybox "$root/bin/$applet" 2>/dev/null; done
	mkdir -p "$root/usr" && ln -s ../bin "$root/usr/bin"
	cp "$X" "$root/bin/execsnoop"
	for p in nothing call storm i386; do cp "$PROGRAMS/$p" "$root/programs"; done
	cp tests/*.sh "$root/tests"
	echo 'root:x:0:0::/:/bin/sh' >"$root/etc/passwd"
	echo 'nobody:x:65534:65534::/:/bin/sh' >>"$root/etc/passwd"
	cat >"$root/init" <<-'END'
		#!/bin/sh
		export PATH=/bin
		mount -t proc proc /proc
		mount -t sysfs sysfs /sys
		mount -t devtmpfs dev /dev
		mount -t tmpfs tmpfs /tmp
		ln -s /proc/self/fd /dev/fd
		echo 1 >/proc/sys/kernel/printk
		cd /
		for t in e2e ways storm; do
			echo "== $t"
			sh /tests/$t.sh /bin/execsnoop /programs 2>/tmp/err
		done
		echo "== end"
		poweroff -f
	END
	chmod 755 "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet -R 0:0 | gzip -1) >"$T/initrd"
}

# boot ARCHITECTURE IMAGE: the console.
boot() {
	case $1 in
	amd64)
		timeout "$LIMIT" qemu-system-x86_64 -accel tcg -m 512 -smp 2 -nographic -no-reboot -kernel "$2" \
			-initrd "$T/initrd" -append "console=ttyS0 panic=-1 quiet" </dev/null
		;;
	esac
}

initramfs
rows >"$T/rows"
while read -r row arch suite pattern; do
	case " $* " in "  " | *" $row "*) ;; *) continue ;; esac
	name="$arch $row"
	echo "== kernel $name"
	image=$(kernel "$suite" "$arch" "$pattern")
	if [ -z "$image" ]; then
		echo "ok $name # skip: $(tail -n 1 "$T/log")"
		continue
	fi
	boot "$arch" "$image" 2>&1 | tr -d '\r' >"$T/console"
	sed -n "s/^\(ok\|not ok\) /\1 $name: /p" "$T/console" >"$T/cases"
	grep -a '^#' "$T/console"
	cat "$T/cases"
	if ! grep -q '^== end' "$T/console"; then
		tail -n 40 "$T/console" | sed 's/^/# /'
		echo "not ok $name: the guest did not come to its end"
	elif grep -aq 'Oops\|BUG:\|WARNING:' "$T/console"; then
		grep -a -A20 'Oops\|BUG:\|WARNING:' "$T/console" | sed 's/^/# /'
		echo "not ok $name: the kernel complained"
	fi
done <"$T/rows"
