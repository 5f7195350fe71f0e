#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Installs the Debian packages named that are missing: as root through apt, otherwise it says which. It shows apt's output only if apt fails.
set -eu
missing=
for p in "$@"; do
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null || { echo "This needs Debian, or these packages of it:$missing" >&2; exit 1; }
if [ "$(id -u)" != 0 ]; then
	echo "Missing packages:$missing" >&2
	echo "Install them as root: apt-get install --no-install-recommends$missing" >&2
	exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
logged() { DEBIAN_FRONTEND=noninteractive "$@" >"$log" 2>&1 </dev/null || { cat "$log"; echo "Failed: $*"; exit 1; } >&2; }
echo "Installing:$missing" >&2
logged apt-get update
# shellcheck disable=SC2086 # a list of names
{
	LC_ALL=C apt-get install --assume-no --no-install-recommends $missing 2>/dev/null |
		sed -n 's/^Need to get /It is to fetch /p; s/^After this operation, \(.*\) of additional disk space will be used/It takes \1 of the disk/p' >&2
	logged apt-get install -y --no-install-recommends $missing
}
