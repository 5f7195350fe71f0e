#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Fills in the recipes of distributions: the version, the source archive's address and its checksums.
# Usage: recipes.sh ARCHIVE VERSION URL OUTPUT, in the project's directory. URL is the directory that ARCHIVE will be had from.
set -eu
archive=$1 version=$2 url=$3 output=$4
fail() { echo "recipes.sh: $*" >&2; exit 1; }

[ "${archive##*/}" = "execsnoop-$version.tar.gz" ] || fail "$archive is not named execsnoop-$version.tar.gz"
sha256=$(sha256sum <"$archive" | cut -d ' ' -f 1)
sha512=$(sha512sum <"$archive" | cut -d ' ' -f 1)
# Nix has base64 of the sum's bytes. In a format, printf makes a byte of each octal number.
octal=$(echo "$sha256" | fold -w 2 | while read -r byte; do printf '\\%03o' "0x$byte"; done)
# shellcheck disable=SC2059 # the format is the data
base64=$(printf "$octal" | base64)
case ${#sha256}:${#sha512}:${#base64} in 64:128:44) ;; *) fail "$archive has no checksums" ;; esac

# literal TEXT: as the right side of sed's s|||.
literal() { printf '%s\n' "$1" | sed 's/[\\&|]/\\&/g'; }
version=$(literal "$version")
fill="s|@VERSION@|$version|g; s|@URL@|$(literal "${url%/}")|g; s|@SHA256@|$sha256|g; s|@SHA512@|$sha512|g
	s|@SHA256_BASE64@|$(literal "$base64")|g"

find packaging/recipes -type f | while read -r template; do
	file=$output/$(echo "${template#packaging/recipes/}" | sed "$fill")
	mkdir -p "${file%/*}"
	cp "$template" "$file" # for its mode
	sed "$fill" "$template" >"$file"
	left=$(grep -noE '@[A-Z][A-Z0-9_]*@' "$file") || continue
	fail "nothing is known for $file:$(echo "$left" | head -n 1)"
done
