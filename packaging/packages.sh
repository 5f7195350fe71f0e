#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Installs the Debian packages named that are missing: as root through apt, otherwise it says which.
set -eu
missing=
for p in "$@"; do
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "Missing packages:$missing" >&2
	echo "Install them as root: apt-get install --no-install-recommends$missing" >&2
	exit 1
fi
echo "Installing:$missing" >&2
apt-get update
# shellcheck disable=SC2086 # a list of names
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
