#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Finds the tools that build execsnoop, and writes them as variables of make into a file, if they are others than before.
# Usage: toolchain.sh OUTPUT, with ARCH, TRIPLE, CC, CROSS_COMPILE, CPPFLAGS, CFLAGS, LDFLAGS, STATIC, BPF_CLANG and BPF_OBJECT in
# the environment: what the user gave make, or nothing. ARCH: another processor than this machine's; TRIPLE: the name that musl has for
# the one it is built for. Ends with a message and status 1 if a tool is missing.
#
# There are two kinds of toolchain. "debian" is clang, lld and Debian's musl, for this machine or for another: it makes the
# binaries of a release, the same bytes everywhere. "given" is any C compiler with its own libc.
set -u
output=$1
T=$(mktemp -d) || exit
trap 'rm -rf "$T"' EXIT
missing() {
	printf 'execsnoop cannot be built here: %s\n' "$@" >&2
	exit 1
}
have() { command -v "${1%% *}" >/dev/null 2>&1; }

# clang_for_bpf COMMAND: it is clang 14 or later, and compiles for BPF.
clang_for_bpf() {
	have "$1" && echo '#if __clang_major__ < 14
		#error
		#endif
		int x;' | $1 --target=bpfel -x c -c -o "$T/bpf.o" - 2>/dev/null
}

# links [FLAG]...: the compiler makes a program with these.
links() {
	echo 'int main(void) { return 0; }' | $CC $CPPFLAGS $CFLAGS "$@" $LDFLAGS -x c -o "$T/program" - 2>"$T/log"
}

# native_target: this machine's, as the compiler would name it.
native_target() {
	case ${CC##*/} in
	musl-gcc*) echo "$target" ;;
	*) for native in gcc cc clang; do ! have $native || { $native -dumpmachine; break; }; done ;;
	esac
}

# finds HEADER: the path of the compiler's own one, or nothing.
finds() {
	echo "#include <$1>" | $CC $CPPFLAGS $CFLAGS -E -x c - 2>/dev/null | sed -n "s|^# [0-9]* \"\(.*/$1\)\".*|\1|p" | head -n 1
}

# ---- the BPF program ----
if [ -z "$BPF_CLANG" ] && [ -z "$BPF_OBJECT" ]; then
	for BPF_CLANG in clang-19 clang clang-22 clang-21 clang-20 clang-18 clang-17 clang-16 clang-15 clang-14 ''; do
		[ -z "$BPF_CLANG" ] || ! clang_for_bpf "$BPF_CLANG" || break
	done
elif [ -z "$BPF_OBJECT" ]; then
	have "$BPF_CLANG" || missing "BPF_CLANG is \"$BPF_CLANG\", which is not installed"
	clang_for_bpf "$BPF_CLANG" || missing "BPF_CLANG is \"$BPF_CLANG\", which is no clang of version 14 or later with the target bpf"
elif ! [ -r "$BPF_OBJECT" ]; then
	missing "BPF_OBJECT is \"$BPF_OBJECT\", which cannot be read"
fi

# ---- the C compiler ----
kind=given include='' asm='' static='' links=''
[ "$STATIC" = no ] || static=-static
[ -z "$CC" ] && [ -n "$CROSS_COMPILE" ] && CC=${CROSS_COMPILE}gcc
lld=ld.lld${BPF_CLANG#clang}
if [ -n "$CC" ]; then
	have "$CC" || missing "the C compiler \"$CC\" is not installed"
elif [ -n "$ARCH" ]; then
	kind=debian
	[ -n "$BPF_CLANG" ] && have "$lld" || missing "for another processor it needs clang and lld of one version (packages clang-19, lld-19), or a compiler for it: CC=... or CROSS_COMPILE=..."
elif [ -n "$BPF_CLANG" ] && have "$lld" && [ -n "$TRIPLE" ] && [ -f "/usr/lib/$TRIPLE/libc.a" ] && [ -n "$static" ]; then
	kind=debian
elif have musl-gcc && [ -n "$static" ]; then
	CC=musl-gcc
else
	for CC in cc gcc clang ''; do [ -z "$CC" ] || ! have "$CC" || break; done
	[ -n "$CC" ] || missing "there is no C compiler (gcc, clang or musl-gcc)"
fi

if [ $kind = debian ]; then
	CC=$BPF_CLANG target=$TRIPLE order=
else
	if ! links $static; then
		sed 's/^/	/' "$T/log" >&2
		[ -z "$static" ] || ! links || missing "\"$CC\" makes no static program: install a static libc (Debian: musl-dev with musl-tools, or libc6-dev; Fedora: glibc-static or musl-gcc; Alpine: musl-dev), or give STATIC=no"
		missing "\"$CC\" makes no program${CFLAGS:+ with CFLAGS \"$CFLAGS\"}${LDFLAGS:+ and LDFLAGS \"$LDFLAGS\"}; is a libc with its headers installed?"
	fi
	target=$($CC -dumpmachine)
	case ${CC##*/} in musl-gcc*) target=$(echo "$target" | sed 's/gnu/musl/') ;; esac
	case $($CC $CFLAGS -dM -E -x c /dev/null | grep ' __BYTE_ORDER__ ') in
	*LITTLE*) order=bpfel ;;
	*) order=bpfeb ;;
	esac
	# The kernel's headers: the compiler's, or, for a libc that has none of its own (musl-gcc), this machine's.
	found=$(finds linux/perf_event.h)
	if [ -n "$found" ]; then
		include=${found%/linux/perf_event.h}
		asm=$(finds asm/types.h)
		asm=${asm%/asm/types.h}
	elif [ -f /usr/include/linux/perf_event.h ] && [ "$target" = "$(native_target)" ]; then
		include=/usr/include
		links=' -isystem $(BUILD)/include'
		for asm in "/usr/include/$(echo "$target" | sed 's/musl/gnu/')" /usr/include/*-linux-gnu /usr/include; do [ ! -f "$asm/asm/types.h" ] || break; done
	else
		missing "\"$CC\" does not find the kernel's headers (linux/perf_event.h): install them (Debian: linux-libc-dev; Alpine, Arch: linux-headers; Fedora: kernel-headers), or name their place in CPPFLAGS=-I..."
	fi
	[ -z "$found" ] || echo '#include <linux/bpf.h>
		int x = sizeof(((struct bpf_prog_info *)0)->recursion_misses);' | $CC $CPPFLAGS $CFLAGS -x c -c -o "$T/header.o" - 2>/dev/null ||
		missing "the kernel's headers that \"$CC\" finds ($include/linux) are too old: take those of Linux 5.15 or later"
fi

# ---- what is still missing ----
if [ -z "$BPF_CLANG$BPF_OBJECT" ] && [ -r "prebuilt/prog-$order.o.lz4" ]; then
	BPF_OBJECT=prebuilt/prog-$order.o.lz4
	echo "There is no clang for BPF: $BPF_OBJECT is taken." >&2
fi
[ -n "$BPF_CLANG$BPF_OBJECT" ] ||
	missing "there is no clang of version 14 or later with the target bpf, for the BPF program: install clang, or give BPF_CLANG=..., or take a compiled one: BPF_OBJECT=... (a release's source archive has them in prebuilt/)"
case $BPF_OBJECT in
*.lz4) ;;
*) have lz4 || missing "the tool lz4, which packs the BPF program, is not installed" ;;
esac

cat >"$T/new" <<END
KIND = $kind
CC = $CC
TARGET = $target
LLD = lld${BPF_CLANG#clang}
BPF_CLANG = $BPF_CLANG
BPF_OBJECT = $BPF_OBJECT
${order:+BPF_ORDER = $order}
STATIC_FLAG = $static
KERNEL_HEADERS = $include
ASM_HEADERS = $asm
HEADER_FLAGS =$links
# $CPPFLAGS $CFLAGS $LDFLAGS
END
cmp -s "$T/new" "$output" || cp "$T/new" "$output"
