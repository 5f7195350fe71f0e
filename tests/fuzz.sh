#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Fuzzes the parsers. Usage: fuzz.sh DIRECTORY [SECONDS]: the fuzzers in the directory, each with so many inputs, or for so long.
# Each begins with the corpus tests/fuzz/corpus/NAME. What it finds on the way stays in DIRECTORY/corpus-NAME, and an input that
# makes it fail beside it.
set -u
directory=$1
while read -r name inputs; do
	mkdir -p "$directory/corpus-$name"
	if [ $# -gt 1 ]; then limit=-max_total_time=$2; else limit=-runs=$inputs; fi
	if ASAN_OPTIONS=detect_leaks=1 "$directory/$name" "$limit" -seed=1 -close_fd_mask=2 -max_len=4096 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$directory/$name-" "$directory/corpus-$name" "tests/fuzz/corpus/$name" >"$directory/$name.log" 2>&1; then
		echo "ok fuzzing $name, $(sed -n 's/^stat::number_of_executed_units: //p' "$directory/$name.log") inputs"
	else
		tail -n 30 "$directory/$name.log" | sed 's/^/# /'
		echo "not ok fuzzing $name"
	fi
done <<END
elf 200000
lz4 400000
records 300000
tracefs 300000
proc 300000
events 300000
zone 300000
escape 300000
options 50000
names 300000
END
