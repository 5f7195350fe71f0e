#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The path of the file that runs, and the working directory. Usage: paths.sh EXECSNOOP DIRECTORY, as root.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
PROGRAMS=$(cd "$PROGRAMS" && pwd)
C=$PROGRAMS/call

# traced_paths FUNCTION: what it executes, with paths and arguments.
traced_paths() { traced "$1" -J --fields exe,cwd,argv; }

# runs EXE CWD ARGUMENT: one program with that last argument has these (basic regular expressions).
runs() { shows 1 "^{\"exe\":\"$1\",\"cwd\":\"$2\",\"argv\":\\[.*\"$3\"\\].*}\$"; }

names() {
	mkdir -p "$D/sub/below"
	ln -s prog "$D/link"
	ln -s sub "$D/other"
	printf '#!/bin/sh\n:\n' >"$D/script"
	chmod 755 "$D/script"
	acts() {
		(cd "$D/sub" && ../prog relative)
		(cd "$D/sub/below" && ../.././sub/../prog dots)
		(cd / && "$D/link" link)
		(cd "$D/other/below" && "$D/other/../prog" through)
		(cd / && "$D/prog" root)
		(cd / && "$D/script" script)
	}
	traced_paths acts
	runs "$D/prog" "$D/sub" relative
	runs "$D/prog" "$D/sub/below" dots
	runs "$D/prog" / link
	runs "$D/prog" "$D/sub/below" through
	runs "$D/prog" / root
	runs "$(readlink -f /bin/sh)" / script
	traced acts --print-exe --print-cwd
	shows 1 "^prog .* $D/sub  *$D/prog  *0 ../prog relative\$"
}

gone() {
	mkdir "$D/dir"
	acts() {
		(cd "$D/dir" && rmdir "$D/dir" && "$D/prog" directory)
		cp "$D/prog" "$D/copy"
		(exec 3<"$D/copy" && rm "$D/copy" && cd / && exec /proc/self/fd/3 file)
		(cd / && "$C" memfd "$D/prog" memory)
	}
	traced_paths acts
	runs "$D/prog" "$D/dir (deleted)" directory
	runs "$D/copy (deleted)" / file
	runs '/memfd:bytes (deleted)' / memory
}

# in_mounts COMMANDS: in a mount namespace of its own.
in_mounts() { unshare -m sh -c "mount --make-rprivate / 2>/dev/null; $1"; }

mounts() {
	mkdir "$D/from" "$D/to" "$D/low" "$D/up" "$D/work" "$D/merged"
	cp "$D/prog" "$D/from/prog"
	cp "$D/prog" "$D/low/prog"
	: >"$D/file"
	acts() {
		in_mounts "mount --bind $D/from $D/to && cd $D/to && $D/to/prog bind; :"
		in_mounts "mount --bind $D/prog $D/file && cd / && $D/file file; :"
		in_mounts "mount -t tmpfs none $D/to && mkdir $D/to/in && mount --bind $D/from $D/to/in && cd $D/to/in && ./prog nested; :"
		in_mounts "mount -t overlay -o lowerdir=$D/low,upperdir=$D/up,workdir=$D/work none $D/merged 2>$D/no_overlay &&
			cd $D/merged && ./prog overlay; :"
	}
	traced_paths acts
	runs "$D/to/prog" "$D/to" bind
	runs "$D/file" / file
	runs "$D/to/in/prog" "$D/to/in" nested
	[ -s "$D/no_overlay" ] || runs "$D/merged/prog" "$D/merged" overlay
}

# As runtimes of containers do it.
pivoted() {
	mkdir "$D/new"
	acts() {
		in_mounts "mount -t tmpfs none $D/new && cp $D/prog $D/new/prog && mkdir $D/new/old && cd $D/new &&
			pivot_root . old 2>$D/refused && exec ./prog pivoted"
	}
	traced_paths acts
	[ ! -s "$D/refused" ] || { skipped="the root directory is initramfs's"; return; }
	runs /prog / pivoted
}

roots() {
	mkdir -p "$D/root/dir"
	cp "$D/prog" "$D/root/prog"
	acts() { (cd / && chroot "$D/root" /prog changed); }
	traced_paths acts
	runs "$D/root/prog" "$D/root" changed
}

# 300 directories, on a mount of their own: of 64 names all are told, of more the last.
deep() {
	acts() {
		in_mounts "mount -t tmpfs none $D/base || exit
			cp $D/prog $D/base/prog
			cd $D/base
			i=\$(echo $D/base | tr -cd / | wc -c)
			while [ \$i -lt 300 ]; do
				i=\$((i + 1))
				mkdir d\$i
				cd d\$i
				case \$i in 63 | 64 | 65 | 300) ln $D/base/prog here; ./here deep\$i ;; esac
			done"
	}
	mkdir "$D/base"
	traced_paths acts
	runs "$D/base/d.*/d62/d63/here" "$D/base/d.*/d62/d63" deep63
	runs '\.\.\./.*/d64/here' "$D/base/d.*/d63/d64" deep64
	runs '\.\.\./.*/d65/here' '\.\.\./.*/d64/d65' deep65
	runs '\.\.\./d238/.*/d299/d300/here' '\.\.\./d237/d238/.*/d299/d300' deep300
}

bytes() {
	name=$(printf 'a\nb "c" \\ \377')
	mkdir "$D/$name"
	cp "$D/prog" "$D/$name/prog"
	acts() { (cd "$D/$name" && ./prog bytes); }
	traced acts -J --fields exe,cwd,argv
	line=$(grep '"bytes"\]' "$out")
	is "$(printf '%s\n' "$line" | sed 's/.*"exe_base64":"\([^"]*\)".*/\1/' | base64 -d)" "$D/$name/prog"
	is "$(printf '%s\n' "$line" | sed 's/.*"cwd_base64":"\([^"]*\)".*/\1/' | base64 -d)" "$D/$name"
	shows 1 'a\\nb \\"c\\" \\\\ '
}

# Each of many that return at once, and long ones, whose arguments come in other records.
many() {
	n=20000
	[ "${FEW:-1}" = 1 ] || n=$(few 2000)
	start -J --fields exe,argv
	"$PROGRAMS/storm" vfork 2 "$n" "$D/prog" >/dev/null
	"$PROGRAMS/storm" long 2 "$(few 50)" "$D/prog" >/dev/null
	sleep 0.2
	stop
	all=$((2 * n + 2 * $(few 50)))
	right=$(grep -c "^{\"exe\":\"$D/prog\",\"argv\":\\[\"$D/prog\"\|^{\"exe\":\"$D/prog\",\"argv\":\\[\"storm\"" "$out")
	lost=$(sed -n 's/^execsnoop: \([0-9]*\) execs* w[a-z]* lost in all$/\1/p' "$err")
	# A tracer whose own file is on a part of a file system.
	mkdir "$D/own" "$D/there"
	cp "$X" "$D/own/tracer"
	in_mounts "mount --bind $D/own $D/there && $D/there/tracer -J --fields exe,argv -- $D/prog bound" >"$D/bound" 2>&1
	has "$D/bound" "^{\"exe\":\"$D/prog\",\"argv\":\\[\"$D/prog\",\"bound\"\\]}"
	[ "$right" -le $all ] && [ $((right + ${lost:-0})) -ge $all ] || fail "$right right, ${lost:-0} lost, of $all: $(grep -v "\"exe\":\"$D/prog\"" "$out" | grep storm | head -n 2 | cut -c1-200)"
}

if ! since 4 11; then
	echo "ok tells paths # skip: this needs Linux 4.11"
	exit
fi
case_ "tells the file and the directory, by whatever name" names
case_ "tells what is in no directory any more" gone
case_ "tells paths across mounts" mounts unshare
case_ "tells paths in another root" pivoted unshare pivot_root
case_ "tells a path from outside a chroot" roots chroot
case_ "tells the last 64 names of a long path" deep unshare
case_ "tells names of any bytes" bytes base64
case_ "tells the path of each program in a storm" many
