#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Makes a release of a commit, or its source archive alone: the same bytes each time. In a git clone.
# Usage: release.sh archive|release REVISION VERSION DIRECTORY, with URL in the environment: where the files will be, and ARCHES:
# the processors.
set -eu
# Variables of this make, and of the environment, are not for that of the archive.
unset MAKEFLAGS MAKELEVEL CC CROSS_COMPILE BPF_CLANG BPF_OBJECT
goal=$1 revision=$2 version=$3 directory=$4
name=execsnoop-$version
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
git() { command git -c safe.directory='*' "$@"; }
fail() { echo "$goal: $*" >&2; exit 1; }

git rev-parse --git-dir >/dev/null 2>&1 || fail "this is no git clone"
commit=$(git rev-parse --verify --quiet "$revision^{commit}") ||
	fail "there is no \"$revision\" here: make the tag (git tag $revision), or give another commit (REV=HEAD)"
SOURCE_DATE_EPOCH=$(git show -s --format=%ct "$commit")
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC0

# The tree of the commit, and the compiled BPF programs, for those who have no clang.
git -c core.abbrev=12 archive --prefix="$name/" "$commit" | tar -xf - -C "$T"
stands=$(make -s -C "$T/$name" version)
[ "$stands" = "$version" ] || fail "the Makefile of \"$revision\" says version $stands, not $version"
mkdir "$T/$name/prebuilt"
for order in el eb; do
	make -s -C "$T/$name" BUILD=build/bpf BPF_ORDER=bpf$order build/bpf/prog.o.lz4
	for form in o o.lz4; do mv "$T/$name/build/bpf/prog.$form" "$T/$name/prebuilt/prog-bpf$order.$form"; done
done
rm -rf "$T/$name/build"
mkdir -p "$directory"
tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --format=ustar -cf "$T/$name.tar" -C "$T" "$name"
gzip -9n "$T/$name.tar"
if [ "$goal" = archive ]; then
	mv "$T/$name.tar.gz" "$directory"
	exit
fi

# All else is made from the archive.
make --no-print-directory -s -C "$T/$name" dist ARCHES="$ARCHES" >&2
(cd "$T/$name" && /usr/bin/python3 packaging/sbom.py "$version" "$commit" "$SOURCE_DATE_EPOCH" "$URL" "$T/$name.tar.gz" dist) >"$T/$name.spdx.json"
(cd "$T/$name" && sh packaging/recipes.sh "$T/$name.tar.gz" "$version" "$URL" "$T/recipes")
[ ! -d "$directory" ] || [ -z "$(ls -A "$directory")" ] || [ -e "$directory/SHA256SUMS" ] ||
	fail "$directory has other things in it: give another directory (DIST=...)"
rm -rf "$directory"
mkdir -p "$directory"
mv "$T/$name/dist"/execsnoop-* "$T/$name.tar.gz" "$T/$name.spdx.json" "$T/recipes" "$directory"
cd "$directory"
find . -type f ! -name SHA256SUMS | LC_ALL=C sort | sed 's|^\./||' | xargs sha256sum >SHA256SUMS
