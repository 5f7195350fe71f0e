#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Packages of other architectures and suites of Debian, verified by apt, which leave the machine's own alone.
# Usage: debian.sh COMMAND ARGUMENT..., or sourced for its functions. What is fetched is kept in
# $XDG_CACHE_HOME/execsnoop.
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/execsnoop

# apt SUITE ARCHITECTURE COMMAND...: apt with lists of its own, from where this machine has its packages.
apt() {
	suite=$1 arch=$2
	shift 2
	dir=$CACHE/$suite-$arch
	if ! [ -f "$dir/sources" ]; then
		mkdir -p "$dir/lists/partial" "$dir/archives/partial"
		uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' \
			'Origin: Debian' | grep -v security | head -n 1)
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main" >"$dir/sources"
	fi
	command=$1
	shift
	"$command" -qq -o Dir::State::lists="$dir/lists" -o Dir::Cache::archives="$dir/archives" -o Dir::Cache::pkgcache= \
		-o Dir::Cache::srcpkgcache= -o Dir::State::status=/dev/null -o Dir::Etc::sourcelist="$dir/sources" \
		-o Dir::Etc::sourceparts=/dev/null -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
		-o Acquire::Check-Valid-Until=false "$@"
}

# newest SUITE ARCHITECTURE PATTERN: the name of the package with the highest name that matches.
newest() {
	mkdir -p "$CACHE"
	(flock 8 && apt "$1" "$2" apt-get update) 8>"$CACHE/packages.lock" && apt "$1" "$2" apt-cache pkgnames | grep -x "$3" | sort -V | tail -n 1
}

# unpack SUITE ARCHITECTURE DIRECTORY PACKAGE...: makes the directory, with all of the packages in it, or none. Two that want it at a
# time wait for each other.
unpack() {
	[ $# -ge 4 ] && mkdir -p "$CACHE" && (flock 8 && unpack_alone "$@") 8>"$CACHE/packages.lock"
}

unpack_alone() {
	unpack_suite=$1 unpack_arch=$2 to=$3
	shift 3
	[ ! -d "$to" ] || return 0
	trap 'rm -rf "$to.new" "$to.new.deb"' EXIT
	rm -rf "$to.new" "$to.new.deb"
	mkdir -p "$to.new.deb" "$to.new"
	echo "fetching $* ($unpack_arch)" >&2
	(cd "$to.new.deb" && { apt "$unpack_suite" "$unpack_arch" apt-get download "$@" 2>/dev/null || {
		apt "$unpack_suite" "$unpack_arch" apt-get update &&
			apt "$unpack_suite" "$unpack_arch" apt-get download "$@"; }; }) || return
	for deb in "$to.new.deb"/*.deb; do dpkg-deb -x "$deb" "$to.new" || return; done
	(cd "$to.new.deb" && ls ./*.deb) | sed 's|^./||' >"$to.new/packages"
	mv "$to.new" "$to"
}

case ${0##*/} in
debian.sh) set -u; "$@" ;;
esac
