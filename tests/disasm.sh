#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Compares --ebpf with llvm-objdump's reading of the same object.
# Usage: disasm.sh EXECSNOOP PROG_O OBJDUMP
set -eu
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
result() { if [ "$1" = 0 ]; then echo "ok $2"; else echo "not ok $2"; fi; }

# Index, bytes, text. A linked ld_imm64 has other bytes than the object's: its register remains.
"$1" --ebpf >"$T/ours.full"
sed -n -e 's/^ *\([0-9]*\):\t[^\t]*\t\(r[0-9] = \).*# .*/\1 linked \2/p;t' \
	-e 's/^ *\([0-9]*\):\t/\1 /p' -e 's/^\([a-z_]*\):$/program \1/p' "$T/ours.full" |
	tr '\t' ' ' >"$T/ours"
# With -r the relocation stands in a line of its own behind the instruction.
"$3" -d -r "$2" | awk -F '\t' '
	function flush() { if (line != "") print line; line = "" }
	/^Disassembly of section / { flush(); sub(/:$/, ""); sub(/.* /, ""); print "program " $0; next }
	/R_BPF_64_64/ { split(line, w, " "); sub(/ .*/, "", line); line = line " linked " reg " = "; next }
	/^ *[0-9]+:\t/ {
		flush(); index_ = $1; gsub(/[ :]/, "", index_)
		text = $3; sub(/ <[a-z].*/, "", text); reg = text; sub(/ .*/, "", reg)
		line = index_ " " $2 " " text
	}
	END { flush() }' >"$T/theirs"
diff "$T/theirs" "$T/ours" >"$T/diff" && same=0 || same=1
head -n 20 "$T/diff" | sed 's/^/# /'
[ "$(wc -l <"$T/theirs")" -gt 1000 ] || same=1
result $same "--ebpf prints what llvm-objdump reads in the object"

"$1" --ebpf -u 1000 >"$T/uid"
grep -q "= 0x3e9 ll	# uid_filter" "$T/uid" && same=0 || same=1
result $same "--ebpf prints the linked value of an option"
