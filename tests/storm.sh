#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Storms: as many execs as the machine can make, on all CPUs. None may be missing, and a chain of execs
# that goes from CPU to CPU must come out in its order. Usage: storm.sh EXECSNOOP DIRECTORY, as root.
. "$(dirname "$0")/harness.sh"

# Execs of each worker; a guest is slow.
STORM=${STORM:-10000}

# The uid keeps what else the machine executes out of the count of losses.
setup() {
	chmod 755 "$T" "$D"
	cp "$PROGRAMS/storm" "$D/storm"
	chmod 755 "$D/storm" "$D/prog"
}

chain() { "$PROGRAMS/call" user "$D/storm" 4242 chain 2 $((3 * STORM)); }

order() {
	setup
	traced chain -u 4242
	for worker in 0 1; do
		awk -v worker=$worker -v n=$((3 * STORM)) '
			$(NF - 3) == "link" && $(NF - 2) == worker {
				if ($(NF - 1) != n - seen) wrong++
				seen++
			}
			END { print seen + 0, wrong + 0 }' "$out" >"$D/count"
		[ "$(cat "$D/count")" = "$((3 * STORM)) 0" ] ||
			fail "worker $worker: seen, out of order: $(cat "$D/count")"
	done
}

storm() { "$PROGRAMS/call" user "$D/storm" 4242 vfork 4 $STORM "$D/prog"; }

none_missing() {
	setup
	traced storm -u 4242
	shows $((4 * STORM)) "  0 $D/prog storm [0-3] [0-9]* x\$"
}

case_ "keeps the order of $((6 * STORM)) execs that go from CPU to CPU" order
case_ "misses none of $((4 * STORM)) execs made as fast as four workers can" none_missing
