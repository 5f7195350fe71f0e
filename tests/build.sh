#!/bin/sh
# The build: no warning, the same bytes wherever it is done, one static file.
# Usage: build.sh, in the project's directory.
set -eu
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
result() { if [ "$1" = 0 ]; then echo "ok $2"; else echo "not ok $2"; fi; }

for copy in one another/deeper; do
	mkdir -p "$T/$copy"
	cp Makefile ./*.8 ./*.c ./*.h ./*.S "$T/$copy"
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
result $installed "make install puts binary and man page where they belong"

mandoc -T lint execsnoop.8 >"$T/lint" && plain=0 || plain=1
sed 's/^/# /' "$T/lint"
result $plain "the man page is well-formed"
undescribed=0
man=$(mandoc -T ascii execsnoop.8 | sed 's/.\x08//g')
for option in $("$T/one/execsnoop" --help | grep -oE -- '--[a-z-]+' | sort -u); do
	case $man in
	*"$option"*) ;;
	*) echo "# not in execsnoop.8: $option"; undescribed=1 ;;
	esac
done
result $undescribed "the man page describes every option"
