#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The build: no warning, the same bytes wherever it is done, with other compilers, and what it says where one is missing.
# Usage: build.sh, in the project's directory.
set -eu
T=$(mktemp -d) || exit
trap 'rm -rf "$T"' EXIT
unset MAKEFLAGS MAKELEVEL
result() { if [ "$1" = 0 ]; then echo "ok $2"; else echo "not ok $2"; fi; }
jobs=$(nproc)
. tests/worktree.sh

# The project's files as they are now, without what was built.
quiet=0
for copy in one another/deeper; do
	mkdir -p "$T/$copy/tests"
	cp -r Makefile README.md CHANGELOG.md LICENSE ./*.c ./*.h bpf kernel source reader show run lib docs packaging "$T/$copy"
	cp tests/tests.mk "$T/$copy/tests"
	make -j"$jobs" -C "$T/$copy" >"$T/log" 2>"$T/warnings" || cat "$T/log"
	[ ! -s "$T/warnings" ] || quiet=1
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

touch "$T/before"
sleep 0.1
said=$(make -C "$T/one" 2>&1)
case $said in *'Nothing to be done'*) again=0 ;; *) again=1 && echo "# $said" ;; esac
[ -z "$(find "$T/one" -type f -newer "$T/before")" ] || { echo "# $(find "$T/one" -type f -newer "$T/before")"; again=1; }
result $again "builds nothing again where nothing has changed"
make -j"$jobs" -C "$T/one" CFLAGS=-O1 >"$T/log" 2>&1 || cat "$T/log"
[ "$(grep -c -- ' -std=c11 .* -O1 ' "$T/log")" = "$(ls main.c loader.c elf.c kernel/*.c source/*.c reader/*.c show/*.c run/*.c lib/*.c | wc -l)" ] && new=0 || new=1
grep -qE -- ' -std=c11 .* -(Os|O2) ' "$T/log" && new=1
result $new "builds all of it anew with other flags, and with those alone"

make -s -j"$jobs" -C "$T/one" CC=gcc CFLAGS=-O1 >"$T/log" 2>&1 && cp "$T/one/execsnoop" "$T/tried" || cat "$T/log"
make -C "$T/one" install-binary DESTDIR="$T/with a space" >"$T/log" 2>&1 && cmp "$T/tried" "$T/with a space/usr/local/sbin/execsnoop" >>"$T/log" &&
	! grep -q -- ' -c -o ' "$T/log" && kept=0 || kept=1
[ $kept = 0 ] || tail -n 3 "$T/log" | sed 's/^/# /'
result $kept "make install takes what was built, by whichever compiler"
make -s -j"$jobs" -C "$T/one" clean all >"$T/log" 2>&1 && cmp "$T/one/execsnoop" "$T/another/deeper/execsnoop" >>"$T/log" && anew=0 || anew=1
[ $anew = 0 ] || tail -n 3 "$T/log" | sed 's/^/# /'
result $anew "make clean all builds all of it"
if CC=gcc CROSS_COMPILE=nosuch- make -s -C "$T/one" dist ARCHES="$(dpkg --print-architecture)" >"$T/log" 2>&1 &&
	cmp "$T/one/dist/execsnoop-$(dpkg --print-architecture)" "$T/another/deeper/execsnoop" >>"$T/log" &&
	! make -s -C "$T/one" dist CC=gcc ARCHES=armhf >>"$T/log" 2>&1 && grep -q 'do not give it one' "$T/log"; then own=0; else own=1; fi
[ $own = 0 ] || tail -n 3 "$T/log" | sed 's/^/# /'
result $own "make dist has a compiler of its own, whatever the environment says"

# ---- what is installed ----

make -C "$T/one" install DESTDIR="$T/root" PREFIX=/usr >"$T/log" 2>&1 || sed 's/^/# /' "$T/log"
[ -x "$T/root/usr/sbin/execsnoop" ] && [ -f "$T/root/usr/share/man/man8/execsnoop.8" ] && installed=0 || installed=1
for named in $(mandoc -T ascii docs/execsnoop.8 | sed 's/.\x08//g' | grep -oE 'share/doc/execsnoop/[a-zA-Z.]*[a-z]' | sort -u); do
	[ -f "$T/root/usr/$named" ] || { echo "# not installed: $named"; installed=1; }
done
result $installed "make install puts binary, man page and what that refers to where they belong"
make -C "$T/one" install DESTDIR="$T/named" sbindir=/bin mandir=/man datadir=/d PROGRAM_SUFFIX=-static >"$T/log" 2>&1 || sed 's/^/# /' "$T/log"
named=0
while read -r file text; do
	grep -qxF -- "$text" "$T/named$file" || { echo "# $file has no line \"$text\""; named=1; }
done <<-'END'
	/man/man8/execsnoop-static.8 execsnoop-static \- show every program that a Linux machine executes
	/d/bash-completion/completions/execsnoop-static complete -o filenames -F _execsnoop execsnoop-static
	/d/zsh/site-functions/_execsnoop-static #compdef execsnoop-static
	/d/fish/vendor_completions.d/execsnoop-static.fish complete -c execsnoop-static -l exits -d 'also process exits'
END
[ -x "$T/named/bin/execsnoop-static" ] && [ -f "$T/named/d/doc/execsnoop-static/README.md" ] &&
	[ -z "$(find "$T/named" -name 'execsnoop' -o -name 'execsnoop.*' -path '*fish*')" ] || named=1
result $named "make install takes other directories, and another name"

mandoc -T lint docs/execsnoop.8 >"$T/lint" && plain=0 || plain=1
sed 's/^/# /' "$T/lint"
result $plain "the man page is well-formed"
undescribed=0
man=$(mandoc -T ascii docs/execsnoop.8 | sed 's/.\x08//g')
for option in $("$T/one/execsnoop" --help | grep -oE -- '--[a-z][a-z0-9-]*' | sort -u); do
	case $man in
	*"$option"*) ;;
	*) echo "# not in docs/execsnoop.8: $option"; undescribed=1 ;;
	esac
done
result $undescribed "the man page describes every option"

# ---- other compilers ----

# shows: the binary shows an exec by BPF.
shows() { "$T/built/execsnoop" --source bpf -o - -- /bin/echo "$1" 2>&1 | grep -q "^echo .* 0 /bin/echo $1$"; }
# compiled NAME VARIABLE...: with these it builds, and the binary traces; the log is in $T/log.
compiled() {
	name=$1
	shift
	rm -rf "$T/built"
	mkdir "$T/built"
	make -j"$jobs" BUILD="$T/built" BINARY="$T/built/execsnoop" "$@" >"$T/log" 2>&1 && shows hello && built=0 || built=1
	"$T/built/execsnoop" -u no_such_user >>"$T/log" 2>&1 && built=1
	grep -q 'nor a user in /etc/passwd' "$T/log" || built=1
	[ "$built" = 0 ] || tail -n 5 "$T/log" | sed 's/^/# /'
	result $built "$name"
}
compiled "builds with musl-gcc, and clang 14 for BPF" CC=musl-gcc BPF_CLANG=clang-14
warned=0
if grep -i -A 3 'warning' "$T/log" >"$T/warnings"; then sed 's/^/# /' "$T/warnings"; warned=1; fi
result $warned "musl-gcc and clang 14 warn of nothing"
build/tests/floor_test "$T/built/prog.o" >"$T/log" && loads=0 || loads=1
grep -v '^ok' "$T/log" | sed 's/^/# /'
result $loads "clang 14 makes programs that Linux 4.8 takes"
cp "$T/built/prog.o" "$T/built/prog.o.lz4" "$T"
compiled "builds with gcc and a static glibc" CC=gcc CFLAGS=-O2
compiled "builds with gcc and a dynamic glibc, if asked to, and a prebuilt BPF program" CC=gcc STATIC=no BPF_OBJECT="$T/prog.o"
case $(readelf -ld "$T/built/execsnoop") in *NEEDED*libc.so*) dynamic=0 ;; *) dynamic=1 ;; esac
"$T/built/execsnoop" --version | grep -q ', one dynamic binary for ' || dynamic=1
result $dynamic "STATIC=no makes a dynamic program"

# A system that has only these tools.
mkdir "$T/bin"
for tool in sh make gcc cc as ld mkdir rm cp cmp printf sed grep cat nproc uname mktemp head tail awk touch ln install git dirname env expr cut sort; do
	at=$(command -v $tool) && ln -sf "$at" "$T/bin/$tool"
done
# says TEXT VARIABLE...: there, make ends with an error and these words.
says() {
	text=$1
	shift
	rm -rf "$T/built"
	mkdir "$T/built"
	if PATH=$T/bin make BUILD="$T/built" BINARY="$T/built/execsnoop" "$@" >"$T/log" 2>&1 || ! grep -q -- "$text" "$T/log"; then
		echo "# $*: $(tail -n 3 "$T/log")"
		told=1
	fi
}
told=0
says 'there is no clang of version 14 or later'
says '"nosuch", which is not installed' BPF_CLANG=nosuch
says '"gcc", which is no clang of version 14' BPF_CLANG=gcc
says 'the tool lz4' BPF_OBJECT="$T/prog.o"
says 'which cannot be read' BPF_OBJECT=/nosuch.o
says 'the C compiler "nosuch-gcc" is not installed' CROSS_COMPILE=nosuch-
says 'makes no program with CFLAGS "-Os -fnosuch"' CFLAGS='-Os -fnosuch' BPF_OBJECT="$T/prog.o.lz4"
rm "$T/bin/gcc" "$T/bin/cc"
says 'there is no C compiler' BPF_OBJECT="$T/prog.o.lz4"
ln -s "$(command -v gcc)" "$T/bin/gcc"
says 'clang and lld of one version' ARCH="$([ "$(uname -m)" = x86_64 ] && echo arm64 || echo amd64)"
result $told "says exactly what is missing"
PATH=$T/bin compiled "builds without clang and lz4 from a packed BPF program" BPF_OBJECT="$T/prog.o.lz4"

# ---- a release ----

if ! git -c safe.directory="*" rev-parse --git-dir >/dev/null 2>&1; then
	echo "ok make release # skip: this is no git clone"
	exit
fi
ignored=$(git -c safe.directory="*" ls-files --others --ignored --exclude-standard --directory | grep -vxE 'build/|dist/|execsnoop' || :)
[ -z "$ignored" ] && whole=0 || { echo "# $ignored"; whole=1; }
result $whole "git ignores what is built, and no file of the project"
revision=$(worktree_commit)
make -s release REV=nosuch DIST="$T/none" >"$T/log" 2>&1 && refused=1 || refused=0
grep -q 'there is no "nosuch" here: make the tag' "$T/log" || refused=1
result $refused "make release wants a commit that is there"
if make -s release REV="$revision" DIST="$T/dist" >"$T/log" 2>&1 && [ "$(ls "$T/dist" | grep -c '^execsnoop-[a-z0-9]*$')" = 11 ] &&
	(cd "$T/dist" && sha256sum --quiet -c SHA256SUMS) && ! grep -i warning "$T/log" >"$T/warnings"; then
	made=0
elif grep -q '^E: ' "$T/log"; then
	echo "ok make release # skip: a package cannot be had: $(grep -m 1 '^E:' "$T/log")"
	exit
else
	tail -n 5 "$T/log" "$T/warnings" | sed 's/^/# /'
	made=1
fi
result $made "make release builds eleven binaries without a warning, and their checksums"
wrong=0
while read -r arch class machine; do
	# shellcheck disable=SC2046 # words
	set -- $arch $(readelf -h "$T/dist/execsnoop-$arch" | sed -n 's/^ *Class: *//p; s/^ *Machine: *\([^ ]*\).*/\1/p')
	[ "$2 $3" = "$class $machine" ] || { echo "# $arch: $2 $3"; wrong=1; }
	case $(readelf -ld "$T/dist/execsnoop-$arch") in *INTERP* | *NEEDED*) echo "# $arch: not static"; wrong=1 ;; esac
	echo "# $arch: $(wc -c <"$T/dist/execsnoop-$arch") bytes"
done <<-'END'
	amd64 ELF64 Advanced
	arm64 ELF64 AArch64
	armel ELF32 ARM
	armhf ELF32 ARM
	i386 ELF32 Intel
	loong64 ELF64 LoongArch
	mips64el ELF64 MIPS
	mipsel ELF32 MIPS
	ppc64el ELF64 PowerPC64
	riscv64 ELF64 RISC-V
	s390x ELF64 IBM
END
result $wrong "each is static, and for its architecture"

# Of the commit, whatever else lies in the directory; in a directory of another name each time.
mkdir "$T/tmp"
TMPDIR=$T/tmp make -s release REV="$revision" DIST="$T/again" ARCHES='amd64 s390x armhf' >"$T/log" 2>&1 || sed 's/^/# /' "$T/log"
same=0
for file in execsnoop-amd64 execsnoop-s390x execsnoop-armhf "$(cd "$T/dist" && ls ./*.tar.gz)" recipes; do
	diff -r "$T/dist/$file" "$T/again/$file" >"$T/log" 2>&1 || { echo "# $file: $(head -n 3 "$T/log")"; same=1; }
done
result $same "the archive, the recipes and three binaries of a release are the same bytes twice"

# The source archive, on a system that has neither clang nor lz4 nor git.
rm -f "$T/bin/git"
mkdir "$T/unpacked"
tar -xzf "$T/dist/"*.tar.gz -C "$T/unpacked" --strip-components=1
(cd "$T/unpacked" && PATH=$T/bin make) >"$T/log" 2>&1 && "$T/unpacked/execsnoop" --version >"$T/version" || tail -n 5 "$T/log" | sed 's/^/# /'
grep -q 'prebuilt/prog-bpfel.o.lz4 is taken' "$T/log" && grep -q "commit $(git -c safe.directory="*" rev-parse --short=12 "$revision")" "$T/version" && from=0 || from=1
result $from "the source archive builds without clang, lz4 and git, and knows its commit"
[ "$(make -s version)" = "$(sed -n 's/^execsnoop \([^,]*\),.*/\1/p' "$T/version")" ] && grep -q "^## $(make -s version)" CHANGELOG.md && one=0 || one=1
result $one "the version is that of the Makefile, and in CHANGELOG.md"

/usr/bin/python3 - "$T/dist" <<'END' && bill=0 || bill=1
import hashlib, json, os, sys
directory = sys.argv[1]
bill = json.load(open(next(os.path.join(directory, f) for f in os.listdir(directory) if f.endswith(".spdx.json"))))
known = {p["SPDXID"] for p in bill["packages"] + bill["files"]} | {"SPDXRef-DOCUMENT"}
def right(path, sums):
    data = open(os.path.join(directory, path), "rb").read()
    return all(hashlib.new(s["algorithm"].lower(), data).hexdigest() == s["checksumValue"] for s in sums)
assert len(known) == len(bill["packages"]) + len(bill["files"]) + 1, "an identifier stands twice"
assert all({r["spdxElementId"], r["relatedSpdxElement"]} <= known for r in bill["relationships"]), "a relation to nothing"
assert len(bill["files"]) == 11 and all(right(f["fileName"], f["checksums"]) for f in bill["files"]), "a wrong checksum"
assert right(bill["packages"][0]["packageFileName"], bill["packages"][0]["checksums"]), "the archive's checksum"
for f in bill["files"]:
    linked = {r["relatedSpdxElement"].split("-")[2] for r in bill["relationships"] if r["spdxElementId"] == f["SPDXID"]
              and r["relationshipType"] == "STATIC_LINK"}
    assert linked == {"musl", "libgcc"}, (f["fileName"], linked)
END
result $bill "the bill of materials names each file, by its checksum, and each library in it"
