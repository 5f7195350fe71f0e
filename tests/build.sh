#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The build: no warning, the same bytes wherever it is done, one static file.
# Usage: build.sh, in the project's directory.
set -eu
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
result() { if [ "$1" = 0 ]; then echo "ok $2"; else echo "not ok $2"; fi; }

for copy in one another/deeper; do
	mkdir -p "$T/$copy"
	cp -r Makefile README.md CHANGELOG.md LICENSE ./*.c ./*.h bpf kernel source reader show run lib docs packaging "$T/$copy"
	make -C "$T/$copy" >"$T/log" 2>"$T/warnings" || cat "$T/log"
	[ -s "$T/warnings" ] && quiet=1 || quiet=0
	sed 's/^/# /' "$T/warnings"
done
result $quiet "builds without a warning"
cmp "$T/one/execsnoop" "$T/another/deeper/execsnoop" >/dev/null && same=0 || same=1
result $same "two builds give the same bytes"

file=$(readelf -ld "$T/one/execsnoop")
case $file in
*INTERP* | *NEEDED*) static=1 ;;
*) static=0 ;;
esac
result $static "the binary needs no library and no interpreter"

make -C "$T/one" install DESTDIR="$T/root" PREFIX=/usr >"$T/log" 2>&1 || sed 's/^/# /' "$T/log"
[ -x "$T/root/usr/sbin/execsnoop" ] && [ -f "$T/root/usr/share/man/man8/execsnoop.8" ] && installed=0 || installed=1
for named in $(mandoc -T ascii docs/execsnoop.8 | sed 's/.\x08//g' | grep -oE 'share/doc/execsnoop/[a-zA-Z.]*[a-z]' | sort -u); do
	[ -f "$T/root/usr/$named" ] || { echo "# not installed: $named"; installed=1; }
done
result $installed "make install puts binary, man page and what that refers to where they belong"

mandoc -T lint docs/execsnoop.8 >"$T/lint" && plain=0 || plain=1
sed 's/^/# /' "$T/lint"
result $plain "the man page is well-formed"
undescribed=0
man=$(mandoc -T ascii docs/execsnoop.8 | sed 's/.\x08//g')
for option in $("$T/one/execsnoop" --help | grep -oE -- '--[a-z][a-z0-9-]*' | sort -u); do
	case $man in
	*"$option"*) ;;
	*) echo "# not in docs/execsnoop.8: $option"; undescribed=1 ;;
	esac
done
result $undescribed "the man page describes every option"

# ---- for other architectures ----

for arch in arm64 armhf armel i386 s390x ppc64el mipsel mips64el riscv64 loong64; do
	if ! make -s ARCH=$arch "build/$arch/root" >"$T/log" 2>&1; then
		echo "ok make dist # skip: the packages of $arch cannot be had: $(grep -m 1 '^E:' "$T/log")"
		exit
	fi
done
if make -s dist >"$T/log" 2>&1 && [ "$(ls dist | wc -l)" = 12 ] && (cd dist && sha256sum --quiet -c SHA256SUMS); then
	made=0
else
	tail -n 5 "$T/log" | sed 's/^/# /'
	made=1
fi
result $made "make dist builds eleven binaries and their checksums"
wrong=0
while read -r arch class machine; do
	# shellcheck disable=SC2046 # words
	set -- $arch $(readelf -h "dist/execsnoop-$arch" | sed -n 's/^ *Class: *//p; s/^ *Machine: *\([^ ]*\).*/\1/p')
	[ "$2 $3" = "$class $machine" ] || { echo "# $arch: $2 $3"; wrong=1; }
	case $(readelf -ld "dist/execsnoop-$arch") in *INTERP* | *NEEDED*) echo "# $arch: not static"; wrong=1 ;; esac
	echo "# $arch: $(wc -c <"dist/execsnoop-$arch") bytes"
done <<-'END'
	amd64 ELF64 Advanced
	arm64 ELF64 AArch64
	armel ELF32 ARM
	armhf ELF32 ARM
	i386 ELF32 Intel
	loong64 ELF64 LoongArch
	mips64el ELF64 MIPS
	mipsel ELF32 MIPS
	ppc64el ELF64 PowerPC64
	riscv64 ELF64 RISC-V
	s390x ELF64 IBM
END
result $wrong "each is static, and for its architecture"

# In another directory, from the same packages.
same=0
for arch in s390x armhf; do
	mkdir -p "$T/another/deeper/build/$arch"
	ln -s "$PWD/build/$arch/root" "$T/another/deeper/build/$arch/root"
	make -s -C "$T/another/deeper" ARCH=$arch COMMIT="$(git describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null)" >"$T/log" 2>&1 || sed 's/^/# /' "$T/log"
	cmp "dist/execsnoop-$arch" "$T/another/deeper/build/$arch/execsnoop" || same=1
done
result $same "two cross-builds give the same bytes"
