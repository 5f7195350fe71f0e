#!/bin/sh
# The build: no warning, the same bytes wherever it is done, one static file.
# Usage: build.sh, in the project's directory.
set -eu
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
result() { if [ "$1" = 0 ]; then echo "ok $2"; else echo "not ok $2"; fi; }

for copy in one another/deeper; do
	mkdir -p "$T/$copy"
	cp Makefile ./*.c ./*.h ./*.S "$T/$copy"
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
