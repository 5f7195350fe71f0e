#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# execsnoop in rescue images: makes one with initramfs-tools, one with dracut and one of BusyBox alone, boots each in QEMU
# with Debian's kernel, and types into its shell. Usage: rescue.sh EXECSNOOP [IMAGE]..., as root, in the project's directory.
# IMAGE: initramfs-tools, dracut or busybox; without any, all of them.
#
# Images are made in a mount namespace that has the binary in /usr/local/sbin, the kernel's modules, and dracut's module.
# So nothing is installed on this machine.
set -u
. ./packaging/debian.sh
PATTERN='linux-image-6\.1\.0-[0-9]*-cloud-amd64-unsigned'

# In the mount namespace that holds for one image ------------------------------------------------------------------------

# wrong_one DIRECTORY: another tool of the same name, as bcc's and libbpf-tools' are.
wrong_one() {
	mkdir -p "$1"
	printf '#!/bin/sh\necho the wrong one\n' >"$1/execsnoop"
	chmod 755 "$1/execsnoop"
}

# borrow NAME: what the tools look for, with the binary by this name. Exit status 77: it cannot be had here.
borrow() {
	upper=$T/over/upper modules=$T/over/upper/modules/$version module=$T/over/upper/dracut/modules.d/90execsnoop
	mkdir -p "$T/over" && mount -t tmpfs none "$T/over" || return
	mkdir -p "$T/over/work" "$modules/kernel" "$module" || return
	cp "$package"/lib/modules/"$version"/modules.* "$modules" || return
	cp packaging/rescue/dracut/module-setup.sh "$module" || return
	mount -t overlay -o "lowerdir=/usr/lib,upperdir=$upper,workdir=$T/over/work" none /usr/lib || exit 77
	mount --bind "$package/lib/modules/$version/kernel" "/usr/lib/modules/$version/kernel" || return
	mount --bind "$package/boot" /boot || return
	wrong_one "$T/sbin"
	cp "$X" "$T/sbin/$1" && chmod 755 "$T/sbin/$1" || return
	mount --bind "$T/sbin" /usr/local/sbin || return
	depmod "$version"
}

make_initramfs_tools() {
	borrow execsnoop-static || return
	mkdir -p "$T/conf/conf.d" "$T/conf/hooks" "$T/conf/scripts/init-top"
	printf '%s\n' MODULES=list BUSYBOX=y COMPRESS=gzip COMPRESSLEVEL=1 FSTYPE=ext4 >"$T/conf/initramfs.conf"
	printf '%s\n' virtio_pci virtio_blk ext4 >"$T/conf/modules"
	cp packaging/rescue/initramfs-tools/execsnoop "$T/conf/hooks"
	early=$T/conf/scripts/init-top/execsnoop # the script that the page shows
	awk '/^```/ { on = 0 } on || last == "```sh" && /^#!/ { on = 1; print } { last = $0 }' docs/rescue.md >"$early"
	chmod 755 "$T/conf/hooks/execsnoop" "$early"
	TMPDIR=$T timeout -s KILL 400 mkinitramfs -d "$T/conf" -o "$T/initramfs-tools.img" "$version"
}

make_dracut() {
	borrow execsnoop || return
	mkdir -p "$T/dracut"
	: >"$T/dracut.conf"
	timeout -s KILL 400 dracut --conf "$T/dracut.conf" --confdir "$T/dracut" --tmpdir "$T/dracut" --no-hostonly --add execsnoop \
		--drivers 'virtio_pci virtio_blk ext4' --filesystems ext4 --compress 'gzip -1' --kver "$version" "$T/dracut.img"
}

make_busybox() {
	cp "$X" "$T/a-program" &&
		sh packaging/rescue/busybox.sh "$X" "$(command -v busybox)" "$T/busybox.img" "$T/a-program"
}

# without COMMAND...: runs it where there is the wrong one alone.
without() {
	wrong_one "$T/wrong"
	mount --bind "$T/wrong" /usr/local/sbin && mount --bind "$T/wrong" /usr/local/bin && "$@"
}

# with COMMAND...: runs it where there is the binary, too.
with() {
	wrong_one "$T/right"
	cp "$X" "$T/right/execsnoop-static"
	mount --bind "$T/right" /usr/local/sbin && "$@"
}

if [ "${1:-}" = in-namespace ]; then
	shift
	"$@"
	exit
fi

# The guest ----------------------------------------------------------------------------------------------------------------

# boot IMAGE MIB PARAMETERS: its keyboard is file descriptor 3, its console a file. panic= would turn the shell off.
boot() {
	off
	rm -f "$T/keys"
	mkfifo "$T/keys"
	timeout -s KILL 400 qemu-system-x86_64 -accel tcg,thread=single -m "$2" -smp 2 -nographic -nic none -no-reboot \
		-kernel "$package/boot/vmlinuz-$version" -initrd "$T/$1.img" -drive "file=$T/disk,format=raw,if=virtio,snapshot=on" \
		-append "console=ttyS0 mitigations=off rcupdate.rcu_expedited=1 quiet root=/dev/vda $3" <"$T/keys" >"$T/console" 2>&1 &
	guest=$!
	exec 3>"$T/keys"
	typed=0
}

# off: ends the guest.
off() {
	[ -n "$guest" ] || return
	kill "$guest" 2>/dev/null
	wait "$guest" 2>/dev/null
	guest=
	exec 3>&-
}

# printed: the console since something was last typed, without what is for a terminal.
printed() { tail -c "+$((typed + 1))" "$T/console" | tr -d '\r' | sed "s/$(printf '\033')\[[0-9;?]*[a-zA-Z]//g"; }

fail() {
	failures=$((failures + 1))
	echo "# $*"
}

# is WHAT WANTED
is() { [ "$1" = "$2" ] || fail "'$1' is not '$2'"; }

# expect REGEX [SECONDS]: waits for a line.
expect() {
	tries=0
	until printed | grep -q -e "$1"; do
		tries=$((tries + 1))
		if [ $tries -gt $((${2:-60} * 10)) ] || ! kill -0 "$guest" 2>/dev/null; then
			fail "'$1' is not in:"
			printed | tail -n 25 | awk '{ print "# " $0 }' # which ends the last line, too
			return 1
		fi
		sleep 0.1
	done
}

# types TEXT: as printf(1) has it.
types() {
	typed=$(stat -c %s "$T/console")
	(trap '' PIPE; printf "$1" >&3) 2>/dev/null
}

# runs COMMAND: types it, and waits for its end.
runs() {
	types "$1; echo end-\$((40 + 2))\n"
	expect '^end-42$'
}

# case_ SENTENCE FUNCTION: returns 0 if it passes. Where there is no shell, no more is asked.
case_() {
	failures=0
	$2
	[ $failures = 0 ] || printf 'not '
	echo "ok $1"
	return $failures
}

# What is done in each rescue shell ----------------------------------------------------------------------------------------

works_by_bpf() { runs 'execsnoop --check' && expect '^It works here, by the source bpf\.$'; }

traces_a_command() {
	runs 'execsnoop --source bpf -- /bin/ls /proc/self' && expect '^ls  *[0-9]*  *[0-9]*  *0 /bin/ls /proc/self$'
}

traces_the_machine() {
	types 'while sleep 0.5; do /bin/ls /proc/tty; done >/dev/null 2>&1 &\n\n'
	types 'execsnoop --source bpf\n'
	expect '^execsnoop: tracing execs on 2 CPUs, source bpf; Ctrl-C ends$' &&
		expect '^ls  *[0-9]*  *[0-9]*  *0 /bin/ls /proc/tty$'
	types '\003'
	expect ' shown, 0 filtered out, 0 lost, in '
	runs 'kill $!'
}

shell() {
	case_ "$1: execsnoop works in the rescue shell, by the source bpf" works_by_bpf
	case_ "$1: the rescue shell traces a command" traces_a_command
	case_ "$1: the rescue shell traces the machine until Ctrl-C" traces_the_machine
}

# Each image ---------------------------------------------------------------------------------------------------------------

in_initramfs_tools() {
	case_ 'initramfs-tools: without execsnoop the hook warns, and lets the image be made' hook_warns
	boot initramfs-tools 256 break=premount
	case_ 'initramfs-tools: break=premount gives a shell' initramfs_tools_shell || return
	shell initramfs-tools
	case_ 'initramfs-tools: the script of docs/rescue.md traces the boot from udev on' traces_udev
	case_ 'initramfs-tools: that trace goes on in the real system, until SIGINT' goes_on
}
hook_warns() {
	DESTDIR=$T/dest verbose=n unshare -m sh "$0" in-namespace without sh packaging/rescue/initramfs-tools/execsnoop >"$T/log" 2>&1
	is "$?: $(cut -c 1-13 "$T/log")" '0: W: execsnoop:'
	[ ! -e "$T/dest/usr/sbin/execsnoop" ] || fail "the image has the wrong one"
}
initramfs_tools_shell() { expect '^(initramfs) $' 60; }
traces_udev() { runs 'head -n 4 /run/execs' && expect '^[a-z-]*udevd* .*udevd --daemon'; }
goes_on() {
	types 'exit\n'
	real_system && runs '/bin/ls /etc' && traced '/bin/ls /etc' && traced '/sbin/init' &&
		runs 'killall -INT execsnoop; for i in 1 2 3 4 5 6; do pidof execsnoop || break; sleep 1; done >/dev/null' &&
		runs 'pidof execsnoop || echo none' && expect '^none$'
}

in_dracut() {
	case_ 'dracut: the module is in an image only if it is asked for, and execsnoop is there' dracut_checks
	boot dracut 512 rd.break
	case_ 'dracut: rd.break gives a shell' dracut_shell || return
	shell dracut
	boot dracut 512 rd.break=cmdline
	case_ 'dracut: rd.break=cmdline gives a shell, which begins a trace' dracut_begins || return
	case_ 'dracut: that trace has what the initramfs executes, until switch_root' dracut_ends
}
dracut_checks() {
	check='. /usr/lib/dracut/dracut-functions.sh; dinfo() { :; }; . packaging/rescue/dracut/module-setup.sh; check'
	unshare -m sh "$0" in-namespace with bash -c "$check"
	is $? 255
	unshare -m sh "$0" in-namespace without bash -c "$check"
	is $? 1
}
dracut_shell() { expect '^Press Enter for maintenance' 60 && types '\n' && expect '# $'; }
dracut_begins() {
	dracut_shell && types 'execsnoop --source bpf -o /run/execs &\n' && expect 'tracing execs on 2 CPUs, source bpf'
}
dracut_ends() {
	types '\nexit\n'
	real_system && traced '/dracut-pre-udev' && traced '/systemd-udevd' && traced '/mount /dev/vda /sysroot .*' &&
		traced '/systemctl .* switch-root /sysroot' && runs 'pidof execsnoop || echo none' && expect '^none$'
}

# real_system: the guest has come to the system of the root disk.
real_system() { expect '^== the real system' 40 && expect '/ # $'; }

# traced REGEX: a line of /run/execs ends so, or will soon.
traced() {
	runs "for i in 1 2 3 4 5; do grep '0 .*$1\$' /run/execs && break; sleep 1; done" && expect "^[a-z].* 0 .*$1\$"
}

in_busybox() {
	boot busybox 96 ''
	case_ "busybox: the example gives a shell" busybox_shell || return
	shell busybox
	case_ 'busybox: a program that was named is in the image' busybox_program
	case_ 'busybox: execsnoop needs no /proc and no /sys' busybox_bare
}
busybox_shell() { expect '/ # $' 60; }
busybox_program() { runs 'a-program --version' && expect '^execsnoop [0-9.]*, one static binary'; }
busybox_bare() {
	runs 'umount /proc && umount /sys' && runs 'execsnoop --source bpf -- /bin/ls /dev/pts' && expect '^ls .*/bin/ls /dev/pts$'
}

# root: a disk with a system, whose init gives a shell.
root() {
	mkdir -p "$T/root/bin" "$T/root/sbin" "$T/root/etc" "$T/root/dev" "$T/root/proc" "$T/root/sys" "$T/root/run" "$T/root/tmp"
	cp "$(command -v busybox)" "$T/root/bin/busybox" || return
	for a in $(busybox --list); do ln -s busybox "$T/root/bin/$a" 2>/dev/null; done
	echo ID=test >"$T/root/etc/os-release" # systemd wants it of a new root
	cat >"$T/root/sbin/init" <<-'END'
		#!/bin/sh
		export PATH=/bin:/sbin
		[ -d /proc/self ] || mount -t proc proc /proc
		echo "== the real system"
		while :; do setsid cttyhack sh; done
	END
	chmod 755 "$T/root/sbin/init"
	mke2fs -q -t ext4 -d "$T/root" "$T/disk" 16M >"$T/log" 2>&1
}

# kernel: the package's directory in $package.
kernel() {
	package=$(newest bookworm amd64 "$PATTERN" 2>"$T/log") || return
	[ -n "$package" ] || { echo "no package matches $PATTERN in bookworm" >"$T/log"; return 1; }
	package=$CACHE/$package
	[ -d "$package" ] || unpack bookworm amd64 "$package" "${package##*/}" 2>"$T/log" || return
	version=$(ls "$package/lib/modules")
}

# image NAME MAKER [COMMAND]...: makes it, boots it, and asks. The commands are what it needs.
image() {
	name=$1 function=$2
	shift 2
	[ -z "$IMAGES" ] || case " $IMAGES " in *" $name "*) ;; *) return ;; esac
	for command in qemu-system-x86_64 mke2fs unshare busybox "$@"; do
		command -v "$command" >/dev/null || { echo "ok $name: all # skip: no $command here"; return; }
	done
	start=$(date +%s)
	unshare -m sh "$0" in-namespace "make_$function" >"$T/log" 2>&1 </dev/null
	case $? in
	0) echo "ok $name: the image is made" ;;
	77) echo "ok $name: all # skip: $(tail -n 1 "$T/log")"; return ;;
	*) tail -n 20 "$T/log" | sed 's/^/# /'; echo "not ok $name: the image is made"; return ;;
	esac
	"in_$function"
	off
	echo "# $name took $(($(date +%s) - start)) s"
}

X=$(realpath "$1")
shift
IMAGES=$*
T=$(mktemp -d) || exit
guest='' failures=0
trap 'off; rm -rf "$T"' EXIT
trap 'exit 1' INT TERM HUP
if ! unshare -m true 2>"$T/log" || ! kernel || ! root 2>"$T/log"; then
	echo "ok rescue images # skip: $(tail -n 1 "$T/log")"
	exit
fi
export X T package version
image busybox busybox cpio
image initramfs-tools initramfs_tools mkinitramfs
image dracut dracut dracut
