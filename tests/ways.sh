#!/bin/sh
# Every way in which a program can be executed, or not: executes, and compares the whole line. Usage:
# ways.sh EXECSNOOP DIRECTORY, as root. One tracer watches nearly all of it, since to end one takes
# longer than most cases.
# shellcheck disable=SC2317 # functions are called by case_ and watch, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
PROGRAMS=$(cd "$PROGRAMS" && pwd)
C=$PROGRAMS/call
PAGE=$("$C" page-size -)
ENAMETOOLONG=36 ELOOP=40
case $(uname -m) in mips*) ENAMETOOLONG=78 ELOOP=90 ;; esac

# watch FUNCTION [ARG]...: what it executes, in $out.
watch() {
	before=$(wc -l <"$watched")
	"$@" 2>/dev/null
	"$PROGRAMS/nothing" "$D"
	tries=0
	: >"$out"
	until tail -n "+$((before + 1))" "$watched" | grep -qF "$PROGRAMS/nothing\" \"$D\""; do
		nap
		tries=$((tries + 1))
		[ $tries -lt 500 ] || { fail "the tracer shows no more"; return; }
	done
	tail -n "+$((before + 1))" "$watched" >"$out"
}

# args RET NAME: the ARGS of the lines with that result and file name.
args() {
	RET=$1 NAME="\"$2\"" awk '
		i = index($0, " " ENVIRON["RET"] " " ENVIRON["NAME"]) { print substr($0, i + length(ENVIRON["RET"]) + 2) }
	' "$out"
}

# ids RET NAME: their UID, PID and PPID.
ids() {
	RET=$1 NAME="\"$2\"" awk '
		i = index($0, " " ENVIRON["RET"] " " ENVIRON["NAME"]) {
			n = split(substr($0, 1, i), column)
			print column[1], column[n - 1], column[n]
		}
	' "$out"
}

# args_of PID RET: the same of the process's lines, for those whose name may be unreadable.
args_of() {
	awk -v pid="$1" -v ret="$2" '$3 == pid && $5 == ret { print substr($0, index($0, " " ret " ") + length(ret) + 2) }' "$out"
}

# same FILE FILE WHAT: the first has what is expected, the second what is shown.
same() {
	cmp -s "$1" "$2" || fail "$3: expected $(head -c 400 "$1") but shown $(head -c 400 "$2"):" \
		"$(wc -c <"$1") and $(wc -c <"$2") bytes, $(cmp "$1" "$2" 2>&1)"
}

# shown RET NAME: the ARGS of the lines with that result and name are those of standard input, exactly.
shown() {
	cat >"$D/expected"
	args "$@" >"$D/shown"
	same "$D/expected" "$D/shown" "$1"
}

# shown_of PID RET
shown_of() {
	cat >"$D/expected"
	args_of "$@" >"$D/shown"
	same "$D/expected" "$D/shown" "$2"
}

skip() {
	echo "ok $1 # skip: $2"
}

# ---- ways in ----

# Two processes, one that succeeds and one that fails; $first and $second are their ids. Where they have
# a child that executes, its id is in the file child.
both_ways() {
	"$C" "$1" "$D/prog" 'a b' '' >"$D/child" &
	first=$!
	wait "$first"
	"$C" "$1" "$D/missing" c '' >"$D/failing_child" &
	second=$!
	wait "$second"
}

# A way that executes in the process itself.
in_place() {
	watch both_ways "$1"
	shown 0 "$D/prog" <<-END
		"$D/prog" "a b" ""
	END
	shown -2 "$D/missing" <<-END
		"$D/missing" "c" ""
	END
	is "$(ids 0 "$D/prog")" "0 $first $$"
	is "$(ids -2 "$D/missing")" "0 $second $$"
}

# A way that executes in a child.
in_child() {
	watch both_ways "$1"
	shown 0 "$D/prog" <<-END
		"$D/prog" "a b" ""
	END
	shown -2 "$D/missing" <<-END
		"$D/missing" "c" ""
	END
	is "$(ids 0 "$D/prog")" "0 $(cat "$D/child") $first"
	# posix_spawn(3) tells no id of a child that failed.
	is "$(ids -2 "$D/missing" | sed 's/ [0-9]* / /')" "0 $second"
	[ "$1" = spawn ] || is "$(ids -2 "$D/missing")" "0 $(cat "$D/failing_child") $second"
}

execve() { in_place execve; }
execveat_here() { in_place here; }
thread() { in_place thread; }
vfork() { in_child vfork; }
spawn() { in_child spawn; }
pid_namespace() { in_child pid-namespace; }
mount_namespace() { in_child mount-namespace; }

execveat() {
	acts() {
		"$C" execveat "$D/prog" "$D" x
		"$C" execveat "$D/missing" "$D" x
		"$C" no-directory dot "$D" x
		"$C" no-directory "$D/prog" absolute
	}
	watch acts
	shows 1 "  0 \"/dev/fd/[0-9]*/prog\" \"$D\" \"x\"\$"
	shows 1 " -2 \"/dev/fd/[0-9]*/missing\" \"$D\" \"x\"\$"
	shows 1 " -9 \"/dev/fd/99/dot\" \"$D\" \"x\"\$"
	shows 1 "  0 \"$D/prog\" \"absolute\"\$"
}

descriptor() {
	echo text >"$D/text"
	acts() {
		"$C" descriptor "$D/prog" "$D" x
		"$C" descriptor "$D/text" "$D" x
	}
	watch acts
	shows 1 "  0 \"/dev/fd/[0-9]*\" \"$D\" \"x\"\$"
	shows 1 " -13 \"/dev/fd/[0-9]*\" \"$D\" \"x\"\$"
}

memfd() {
	echo text >"$D/text"
	acts() {
		"$C" memfd "$D/prog" "$D" x
		"$C" memfd "$D/text" "$D" x
	}
	watch acts
	shows 1 "  0 \"/dev/fd/[0-9]*\" \"$D\" \"x\"\$"
	shows 1 " -8 \"/dev/fd/[0-9]*\" \"$D\" \"x\"\$"
}

three_times() {
	acts() {
		"$C" execve "$C" execve "$C" execve "$D/prog" "$D" &
		first=$!
		wait "$first"
	}
	watch acts
	awk -v pid="$first" '$3 == pid' "$out" | sed 's/.*  0 //' >"$D/shown"
	cat >"$D/expected" <<-END
		"$C" "execve" "$C" "execve" "$C" "execve" "$D/prog" "$D"
		"$C" "execve" "$C" "execve" "$D/prog" "$D"
		"$C" "execve" "$D/prog" "$D"
		"$D/prog" "$D"
	END
	same "$D/expected" "$D/shown" "$first"
}

after_setuid() {
	chmod 755 "$T" "$D"
	acts() {
		"$C" user "$D/prog" 4242 x
		"$C" user "$D/missing" 4242 y
	}
	watch acts
	is "$(ids 0 "$D/prog" | cut -d' ' -f1)" 4242
	is "$(ids -2 "$D/missing" | cut -d' ' -f1)" 4242
}

# ---- 32-bit programs ----

# failed_32 NAME TEXT: the line of a 32-bit call's failure, or that such cannot be seen, in these words.
failed_32() {
	if grep -q "$2" "$watched_err"; then
		is "$(grep -c "$2" "$watched_err")" 1
		is "$(args -2 "$1")" ""
	else
		shown -2 "$1" <<-END
			"$1" "c" ""
		END
		is "$(ids -2 "$1")" "0 $second $$"
	fi
}

by_32_bit() {
	[ -f "$PROGRAMS/exec32" ] || fail "$PROGRAMS/exec32 is missing"
	cp "$PROGRAMS/exec32" "$D/exec32"
	acts() {
		"$D/exec32" "$D/prog" 'a b' ''
		"$C" execve "$D/exec32" "$D/exec32" "$D/prog" 64-32-32-64
		"$D/exec32" "$D/missing" c '' &
		second=$!
		wait "$second"
		"$D/exec32"
	}
	watch acts
	shown 0 "$D/prog" <<-END
		"$D/prog" "a b" ""
		"$D/prog" "64-32-32-64"
	END
	shown 0 "$D/exec32" <<-END
		"$D/exec32" "$D/prog" "a b" ""
		"$D/exec32" "$D/exec32" "$D/prog" "64-32-32-64"
		"$D/exec32" "$D/prog" "64-32-32-64"
		"$D/exec32" "$D/missing" "c" ""
		"$D/exec32"
	END
	failed_32 "$D/missing" 'execs of 32-bit programs cannot be seen'
	# The list of those that cannot be read at once has pointers of 4 bytes, too.
	[ -z "$(args -2 "$D/missing")" ] || shown -2 /nowhere/32-bit <<-END
		"/nowhere/32-bit" "a b" "a b"
	END
	# Nor does a 64-bit program fail unseen that a 32-bit one has executed.
	watch "$PROGRAMS/exec32" "$C" execve "$D/missing-64" x
	shown -2 "$D/missing-64" <<-END
		"$D/missing-64" "x"
	END
}

by_int80() {
	watch both_ways int80
	shown 0 "$D/prog" <<-END
		"$D/prog" "a b" ""
	END
	is "$(ids 0 "$D/prog")" "0 $first $$"
	failed_32 "$D/missing" '\(of 32-bit\|by int 0x80 of 64-bit\) programs cannot be seen'
}

# ---- names ----

relative() {
	mkdir "$D/sub"
	ln -s prog "$D/link"
	ln -s nowhere "$D/dangling"
	cp "$D/prog" "$D/relative-name"
	acts() {
		(cd "$D/sub" && "$C" execve ../relative-name 1 && "$C" execve ../sub/../relative-name 2)
		(cd "$D" && "$C" execve relative-name 3 && "$C" execve relative-missing 4)
		"$C" execve "$D/link" 5
		"$C" execve "$D/dangling" 6
	}
	watch acts
	shown 0 ../relative-name <<-END
		"../relative-name" "1"
	END
	shown 0 ../sub/../relative-name <<-END
		"../sub/../relative-name" "2"
	END
	shown 0 relative-name <<-END
		"relative-name" "3"
	END
	shown -2 relative-missing <<-END
		"relative-missing" "4"
	END
	shown 0 "$D/link" <<-END
		"$D/link" "5"
	END
	shown -2 "$D/dangling" <<-END
		"$D/dangling" "6"
	END
}

# lengthened BYTES: a directory in $D whose name leaves at most 250 bytes for a name of so many in all.
lengthened() {
	long=$D
	while [ $((${#long} + 250)) -lt "$1" ]; do long=$long/$(printf %0200d 0); done
	mkdir -p "$long"
}

# The most that the kernel takes is 4095.
long_name() {
	for size in 4000 4095; do
		lengthened "$size"
		rest=$(printf "%0$((size - ${#long} - 2))d" 0)
		cp "$D/prog" "$long/p$rest"
		acts() {
			"$C" execve "$long/p$rest" x ''
			"$C" execve "$long/q$rest" x ''
		}
		watch acts
		is "$(printf %s "$long/p$rest" | wc -c)" "$size"
		shown 0 "$long/p$rest" <<-END
			"$long/p$rest" "x" ""
		END
		shown -2 "$long/q$rest" <<-END
			"$long/q$rest" "x" ""
		END
	done
}

# Names, and how they are printed.
odd_names() {
	"$1" 'sp  ace' 'sp  ace'
	"$1" '(par) en)' '(par) en)'
	"$1" 'quo"te' 'quo\"te'
	"$1" 'back\slash' 'back\\slash'
	# shellcheck disable=SC2016 # as it stands
	"$1" '-$x*' '-$x*'
	"$1" "$(printf 'by\377te')" 'by\xffte'
	"$1" 'new
line' 'new\nline'
}

execute_odd() {
	cp "$D/prog" "$D/$1"
	"$C" execve "$D/$1" "$1"
	"$C" execve "$D/no $1" "$1"
}

odd_shown() {
	shown 0 "$D/$2" <<-END
		"$D/$2" "$2"
	END
	shown -2 "$D/no $2" <<-END
		"$D/no $2" "$2"
	END
}

names() {
	watch odd_names execute_odd
	odd_names odd_shown
}

first_argument() {
	acts() {
		for f in prog missing; do
			"$C" argv "$D/$f" other x
			"$C" argv "$D/$f" '' x
			"$C" argv "$D/$f" ''
			"$C" argv "$D/$f"
			"$C" no-argv "$D/$f"
		done
	}
	watch acts
	for f in '0 prog' '-2 missing'; do
		shown "${f% *}" "$D/${f#* }" <<-END
			"$D/${f#* }" "x"
			"$D/${f#* }" "x"
			"$D/${f#* }"
			"$D/${f#* }"
			"$D/${f#* }"
		END
	done
}

# ---- arguments ----

empty_arguments() {
	acts() {
		for f in prog missing; do
			"$C" execve "$D/$f"
			"$C" execve "$D/$f" ''
			"$C" execve "$D/$f" '' a '' b '' ''
		done
	}
	watch acts
	for f in '0 prog' '-2 missing'; do
		shown "${f% *}" "$D/${f#* }" <<-END
			"$D/${f#* }"
			"$D/${f#* }" ""
			"$D/${f#* }" "" "a" "" "b" "" ""
		END
	done
}

# many NAME COUNT...: the lines that show `call many`.
many() {
	NAME=$1 awk '{
		for (n = 1; n <= NF; n++) {
			printf "\"%s\"", ENVIRON["NAME"]
			for (i = 1; i <= $n; i++) printf " \"a%09d\"", i
			print ""
		}
	}' <<-END
		$2
	END
}

many_arguments() {
	counts='1 19 20 21 60 61 300'
	acts() {
		for n in $counts; do
			"$C" many "$D/prog" "$n"
			"$C" many "$D/missing" "$n"
		done
	}
	watch acts
	many "$D/prog" "$counts" >"$D/many"
	shown 0 "$D/prog" <"$D/many"
	many "$D/missing" "$counts" >"$D/many"
	shown -2 "$D/missing" <"$D/many"
}

ten_thousand_arguments() {
	lives=$(few 10000) # to read them takes longer in a guest than it may
	acts() {
		"$C" many "$D/prog" 10000
		"$C" many-and-lives "$D/missing" "$lives" 500000
		"$C" many "$D/gone" 10000
	}
	watch acts
	many "$D/prog" 10000 >"$D/many"
	shown 0 "$D/prog" <"$D/many"
	many "$D/missing" "$lives" >"$D/many"
	shown -2 "$D/missing" <"$D/many"
	# Of a caller that has gone, the beginning, as far as the kernel side reads it; the end is marked.
	least=500
	since 4 17 || least=90
	args -2 "$D/gone" >"$D/shown"
	grep -q ' \.\.\.$' "$D/shown" || fail "the end is not marked"
	n=$(($(wc -w <"$D/shown") - 2))
	[ "$n" -ge $least ] || fail "$n arguments of a caller that has gone"
	many "$D/gone" "$n" >"$D/many"
	sed 's/ \.\.\.$//' "$D/shown" >"$D/begin"
	same "$D/many" "$D/begin" gone
}

# Both ways with arguments of these sizes.
of_sizes() {
	acts() {
		"$C" sizes "$D/prog" "$@"
		"$C" sizes "$D/missing" "$@"
	}
	watch acts "$@"
	"$C" print-sizes "$D/prog" "$@" >"$D/sizes"
	shown 0 "$D/prog" <"$D/sizes"
	"$C" print-sizes "$D/missing" "$@" >"$D/sizes"
	shown -2 "$D/missing" <"$D/sizes"
}

# 4095 and its multiples are what a string is read in, 128 KiB with the NUL the longest that there is.
long_arguments() {
	for size in 127 128 129 4094 4095 4096 8189 8190 8191 8192 131071; do of_sizes "$size"; done
}

# All lengths, and so all places in a word and in a buffer; then blocks of strings as large as one
# record (16 KiB), a byte less and more.
all_lengths() {
	# shellcheck disable=SC2046 # one argument each
	of_sizes $(seq 0 400)
	for block in 16383 16384 16385 32767 32768 32769; do
		of_sizes $((block - ${#D} - 7)) # argv[0] is D/prog and a NUL
	done
}

a_mebibyte() { of_sizes 131000 131000 131000 131000 131000 131000 131000 131000; }

# ---- memory that is not there ----

UNTOUCHED='n a s nas'

untouched() {
	acts() {
		for what in $UNTOUCHED; do
			"$C" untouched "$D/prog" "$what" one '' 'three and more'
			"$C" untouched "$D/missing" "${what}l" one '' 'three and more'
		done
	}
	watch acts
	for f in '0 prog' '-2 missing'; do
		shown "${f% *}" "$D/${f#* }" <<-END
			"$D/${f#* }" "one" "" "three and more"
			"$D/${f#* }" "one" "" "three and more"
			"$D/${f#* }" "one" "" "three and more"
			"$D/${f#* }" "one" "" "three and more"
		END
	done
}

untouched_and_gone() {
	pids=
	acts() {
		for what in $UNTOUCHED; do
			"$C" untouched "$D/missing" "$what" one two three &
			pids="$pids $!"
			wait $!
		done
	}
	watch acts
	# All, or as much as the argument list was readable; each as it is or said to be unreadable.
	u='<unreadable>'
	all=" (\"one\"|$u) (\"two\"|$u) (\"three\"|$u)"
	some="( (\"one\"|$u))?( (\"two\"|$u))? $u"
	for pid in $pids; do
		args_of "$pid" -2 >"$D/shown"
		grep -qE "^(\"$D/missing\"|$u)($all|$some)\$" "$D/shown" || fail "shown: $(cat "$D/shown")"
		is "$(wc -l <"$D/shown")" 1
	done
}

nowhere() {
	acts() {
		for what in argv string rest end kernel; do "$C" nowhere "$D/prog" "$what" a b; done
		"$C" nowhere "$D/prog" name a b &
		first=$!
		wait "$first"
	}
	watch acts
	shown -14 "$D/prog" <<-END
		"$D/prog" <unreadable>
		"$D/prog" <unreadable> "b"
		"$D/prog" "a" <unreadable>
		"$D/prog" <unreadable> "b"
		"$D/prog" <unreadable> "b"
	END
	shown_of "$first" -14 <<-END
		<unreadable> "a" "b"
	END
}

half_there() {
	watch "$C" half "$D/missing"
	printf '"%s" "%s" "end"\n' "$D/missing" "$(printf "%0$((2 * PAGE + 3808))d" 0 | tr 0 x)" >"$D/half"
	shown -2 "$D/missing" <"$D/half"
}

# The caller has ended, but its memory lives.
memory_that_lives() {
	acts() {
		"$C" untouched-vfork "$D/missing" vfork 'a b' ''
		"$C" untouched-leaderless "$D/missing" leaderless 'a b' ''
	}
	watch acts
	shown -2 "$D/missing" <<-END
		"$D/missing" "vfork" "a b" ""
		"$D/missing" "leaderless" "a b" ""
	END
}

# Nobody else's line waits for it.
memory_that_never_comes() {
	acts() {
		"$C" promised "$D/missing" &
		promised=$!
		sleep 0.3
		"$D/prog" meanwhile
	}
	watch acts
	shown 0 "$D/prog" <<-END
		"$D/prog" "meanwhile"
	END
	if kill -0 $promised 2>/dev/null; then
		# Before Linux 6.9 (alloc_bprm in fs/exec.c) the kernel copies argv before it looks for the file, and
		# waits itself.
		! since 6 9 || shown -2 "$D/missing" <<-END
			"$D/missing" <unreadable> "end"
		END
		kill -9 $promised
	fi
	wait $promised
	case $? in
	2) skipped="this kernel has no userfaultfd(2)" ;;
	137) ;;
	*) fail "it was not shown meanwhile" ;;
	esac
}

# Each of them is one line; those that a thread of their own process ended in the call are none.
racing() {
	acts() { for i in 1 2 3 4 5 6 7 8 9 10; do "$C" racing "$D/prog" $i; done; }
	watch acts
	for i in 1 2 3 4 5 6 7 8 9 10; do echo "\"$D/prog\" \"$i\""; done | shown 0 "$D/prog"
	# EAGAIN: another thread's exec came first; no line has a result that no call returns.
	n=$(awk -v p="$D/prog" 'index($0, p) && $5 < -133' "$out" | wc -l)
	is "$n" 0
}

# The process is killed in the call: what it was called with has gone by then.
impossible() {
	watch make_and_run_impossible "$C" 64
	shows 1 '^0  *impossible64  *[0-9]*  *[0-9]*  *\(?\|-[0-9]*\) <unreadable> <unreadable>$'
	if [ -f "$PROGRAMS/exec32" ] && "$C" execve "$PROGRAMS/exec32" "$PROGRAMS/nothing" 2>/dev/null; then
		watch make_and_run_impossible "$PROGRAMS/exec32" 32
		shows 1 '^0  *impossible32  *[0-9]*  *[0-9]*  *\(?\|-[0-9]*\) <unreadable> <unreadable>$'
	fi
}
make_and_run_impossible() {
	"$C" make-impossible "$1" "$D/impossible$2"
	(exec "$C" execve "$D/impossible$2" x)
}

rewritten() {
	n=$(few 300)
	watch "$C" rewriter "$C" "$D/got" "$n"
	args 0 "$C" | grep -F "\"$C\" \"dump\" \"$D/got\"" | sed 's/^"[^"]*" "[^"]*" "[^"]*" //' >"$D/shown"
	same "$D/got" "$D/shown" dump
	is "$(wc -l <"$D/got")" "$n"
	[ "$(sort -u "$D/got" | wc -l)" -gt 5 ] || fail "nothing was rewritten"
}

# ---- scripts ----

script() {
	printf '#!%s\n' "$D/prog" >"$D/plain"
	printf '#! %s -o %s \n' "$D/prog" "one option" >"$D/option"
	printf '#!%s -x\n' "$D/option" >"$D/nested"
	printf '#!%s\n' "$D/nested" >"$D/twice"
	printf '#!%s/nowhere\n' "$D" >"$D/lost"
	printf '#!%s\n' "$D/lost" >"$D/nested_lost"
	printf '#!%s\n' "$D/plain" >"$D/closed"
	printf '#!\n' >"$D/void"
	printf '#!%s\n' "$D/loop" >"$D/loop"
	chmod 755 "$D/plain" "$D/option" "$D/nested" "$D/twice" "$D/lost" "$D/nested_lost" "$D/void" "$D/loop"
	scripts="0/plain 0/option 0/nested 0/twice -2/lost -2/nested_lost -13/closed -8/void -$ELOOP/loop"
	acts() {
		for s in $scripts; do
			"$C" execve "$D/${s#*/}"
			"$C" argv "$D/${s#*/}" other 'a b' '' "$D/${s#*/}" "$D/prog" ''
		done
	}
	watch acts
	for s in $scripts; do
		shown "${s%/*}" "$D/${s#*/}" <<-END
			"$D/${s#*/}"
			"$D/${s#*/}" "a b" "" "$D/${s#*/}" "$D/prog" ""
		END
	done
}

# The script's name stands before its place, too.
# Where the "#!" line ends and the caller's arguments begin cannot be told then (README, Limits): the
# name may be shown once more, but nothing of the caller's may be missing.
script_with_its_name_as_option() {
	printf '#!%s %s\n' "$D/prog" "$D/script" >"$D/script"
	chmod 755 "$D/script"
	watch "$C" execve "$D/script" x
	shown 0 "$D/script" <<-END
		"$D/script" "$D/script" "x"
	END
}

script_by_descriptor() {
	printf '#!%s -o\n' "$D/prog" >"$D/script"
	chmod 755 "$D/script"
	acts() {
		"$C" execveat "$D/script" "$D" x
		"$C" descriptor "$D/script" "$D" y
	}
	watch acts
	shows 1 "  0 \"/dev/fd/[0-9]*/script\" \"$D\" \"x\"\$"
	shows 1 "  0 \"/dev/fd/[0-9]*\" \"$D\" \"y\"\$"
}

no_script() {
	watch "$C" argv "$D/prog" /some/other/path "$D/prog" x
	shown 0 "$D/prog" <<-END
		"$D/prog" "$D/prog" "x"
	END
}

# ---- failures ----

# fails RET NAME: "x" was its one argument.
fails() {
	shown "$1" "$2" <<-END
		"$2" "x"
	END
}

failures() {
	echo text >"$D/text"
	chmod +x "$D/text"
	: >"$D/noexec"
	mkdir "$D/dir"
	ln -s loop "$D/loop"
	component=$(printf %0256d 0)
	long=$(printf %05000d 0)
	names="missing prog/x noexec dir text loop $component $long"
	acts() {
		for name in $names; do "$C" execve "$D/$name" x; done
		"$C" execve '' "$D"
		"$C" no-follow "$D/loop" again
		(exec 9>>"$D/prog"; "$C" execve "$D/prog" x)
	}
	watch acts
	fails -2 "$D/missing"
	fails -20 "$D/prog/x"
	fails -13 "$D/noexec"
	fails -13 "$D/dir"
	fails -8 "$D/text"
	fails -$ENAMETOOLONG "$D/$component"
	fails -$ENAMETOOLONG "$D/$long"
	shown -$ELOOP "$D/loop" <<-END
		"$D/loop" "x"
		"$D/loop" "again"
	END
	shown -2 "" <<-END
		"" "$D"
	END
	# Linux 6.11 took that error away, and 6.13 brought it back.
	[ -n "$(args 0 "$D/prog")" ] || fails -26 "$D/prog"
}

# Longer than the tracer has room for: whole, or marked as cut.
cut_name() {
	long=$(printf %09000d 0)
	watch "$C" execve "$D/$long" x
	line=$(grep -F -- " -$ENAMETOOLONG \"$D/0000" "$out")
	case $line in
	*"\"$D/$long\" \"x\"" | *...*) ;;
	*) fail "of $((${#D} + 9001)) bytes a line of ${#line} is shown" ;;
	esac
}

too_big() {
	acts() {
		"$C" sizes "$D/prog" 3 $((32 * PAGE)) 5 # MAX_ARG_STRLEN
		# shellcheck disable=SC3045 # dash and BusyBox have it
		(ulimit -s 1024 && "$C" sizes "$D/prog" 131000 131000 131000)
	}
	watch acts
	{
		"$C" print-sizes "$D/prog" 3 $((32 * PAGE)) 5
		"$C" print-sizes "$D/prog" 131000 131000 131000
	} >"$D/sizes"
	shown -7 "$D/prog" <"$D/sizes"
}

along_the_path() {
	mkdir "$D/a" "$D/b"
	: >"$D/b/prog"
	acts() {
		PATH=$D/a:$D/b:$D/none:$D "$C" path prog x y &
		first=$!
		wait "$first"
	}
	watch acts
	awk -v pid="$first" '$3 == pid' "$out" | sed 's/^.* \([-0-9]* "[^ ]*" "x" "y"\)$/\1/' | tail -n 4 >"$D/shown"
	cat >"$D/expected" <<-END
		-2 "$D/a/prog" "x" "y"
		-13 "$D/b/prog" "x" "y"
		-2 "$D/none/prog" "x" "y"
		0 "$D/prog" "x" "y"
	END
	same "$D/expected" "$D/shown" path
}

# ---- what others make of the call ----

# The registers are as they were before the call, if seccomp(2) traps or kills it: that is no errno.
seccomp() {
	acts() { for how in trap trapat kill errno answer; do "$C" seccomp "$D/missing" $how x >"$D/$how"; done; }
	watch acts
	shown_of "$(cat "$D/errno")" -13 <<-END
		<unreadable> <unreadable>
	END
	case $(uname -m) in
	mips* | ppc*) hows='trap trapat kill' ;; # the answer is an errno there, for all that can be seen
	*) hows='trap trapat kill answer' ;;
	esac
	for how in $hows; do
		wrong=$(awk -v pid="$(cat "$D/$how")" '$3 == pid && $5 != "?"' "$out")
		[ -z "$wrong" ] || fail "$how: $wrong"
	done
	[ "$(uname -m)" != x86_64 ] || shown_of "$(cat "$D/trap")" '?' <<-END
		<unreadable> <unreadable>
	END
}

asking() {
	acts() {
		"$C" check "$D/missing" x
		"$C" check "$D/prog" x
	}
	watch acts
	shows 1 " -[0-9]* \"$D/missing\" \"x\" <AT_EXECVE_CHECK>\$"
	shows 0 "  0 \"$D/prog\""
}

# All are held in the call at once, then come back: none of them was killed.
denied() {
	start -x -q
	if ! "$C" denied "$D/prog" 30 >"$D/n" 2>/dev/null; then
		skipped="this kernel has no fanotify(7) that can deny"
		stop
		return
	fi
	for program in "$PROGRAMS/exec32"; do
		[ -f "$program" ] && "$program" "$PROGRAMS/nothing" 2>/dev/null && "$C" denied "$D/prog" 30 "$program" >"$D/n32"
	done
	sleep 0.2
	stop
	# From Linux 7.0 on the kernel may not have shown a call's entry: then its arguments are not known.
	n=$(grep -c -- " -1 \(\"$D/prog\" \"denied\"\|<unreadable> <unreadable>\)\$" "$out")
	lost=$(sed -n 's/^execsnoop: \([0-9]*\) execs were lost in all$/\1/p' "$err")
	wanted=30
	[ ! -s "$D/n32" ] || grep -q 'of 32-bit programs cannot be seen' "$err" || wanted=60
	[ "$n" -ge 20 ] && [ $((n + ${lost:-0})) -ge $wanted ] || fail "$n shown, ${lost:-0} lost, of $wanted"
	wrong=$(grep '  ? ' "$out")
	[ -z "$wrong" ] || fail "not killed: $(echo "$wrong" | head -n 3)"
}

# With a CLOCK_MONOTONIC of its own the tracer's times are the machine's all the same.
time_namespace() {
	"$C" time-namespace "$PROGRAMS/nothing" 100 2>/dev/null || { skipped="this kernel has none"; return; }
	real=$X
	for offset in 100000 -5; do
		printf '#!/bin/sh\nexec %s time-namespace %s %s "$@"\n' "$C" "$real" "$offset" >"$D/x"
		chmod 755 "$D/x"
		X=$D/x
		start -T -t -d 3
		sleep 1
		before=$(date +%H:%M:%S)
		"$D/prog" $offset
		after=$(date +%H:%M:%S)
		wait "$tracer"
		is $? 0
		tracer=
		line=$(grep -F " $D/prog $offset" "$out")
		# shellcheck disable=SC2086 # its columns
		set -- $line
		[ "$1" = "$before" ] || [ "$1" = "$after" ] || fail "$offset: the time is '$1', not $before"
		echo "$2" | grep -q '^[0-3]\.' || fail "$offset: after '$2' s"
	done
	X=$real
}

# ---- parents ----

# The last argument is what the process itself takes for its parent.
orphans() {
	acts() {
		for f in prog missing; do
			"$C" orphan "$D/$f" | cat # which ends when the orphan has
			"$C" adopted "$D/$f" &
			echo $! >"$D/adopter_of_$f"
			wait $!
		done
	}
	watch acts
	for f in '0 prog' '-2 missing'; do
		ids "${f% *}" "$D/${f#* }" | sed 's/.* //' >"$D/parents"
		args "${f% *}" "$D/${f#* }" | sed 's/.* "\(.*\)"/\1/' >"$D/asked"
		is "$(wc -l <"$D/asked")" 2
		same "$D/asked" "$D/parents" "${f#* }"
		is "$(tail -n 1 "$D/parents")" "$(cat "$D/adopter_of_${f#* }")"
	done
}

nothing_else_said() {
	tracer=$watcher err=$watched_err
	stop
	# shellcheck disable=SC2154 # stop sets it
	is "$status" 0
	quiet
}

parents_name() {
	cp "$C" "$D/we (i) rd)"
	acts() {
		# shellcheck disable=SC2288 # that is its name
		"$D/we (i) rd)" spawn "$D/prog" a >"$D/child"
		"$C" adopted "$D/prog"
		"$C" thread-forks "$D/prog" b
	}
	traced acts -M
	shows 1 "^prog  *[0-9]* *we\\\\x20(i)\\\\x20rd)  *[0-9]* *0 $D/prog a\$"
	shows 1 "^prog  *[0-9]* *call  *[0-9]* *0 $D/prog b\$" # not the name of the thread
	shows 1 "^prog  *[0-9]* *call  *[0-9]* *0 $D/prog [0-9]*\$"
}

# ---- many at once ----

across_cpus() {
	cp "$PROGRAMS/storm" "$D/storm"
	links=$(few 1500)
	acts() { "$D/storm" chain 2 "$links"; }
	traced acts
	grep -F " $D/storm link " "$out" | sed 's/.* link //' | awk -v links="$links" '
		{ if ($1 in last ? $2 != last[$1] - 1 : $2 != links) wrong++; last[$1] = $2 }
		END { for (w in last) if (last[w] != 1) wrong++; print NR, wrong + 0 }' >"$D/shown"
	is "$(cat "$D/shown")" "$((2 * links)) 0"
}

# Of the two on one CPU, one fails, which takes a while, and the other does not. Where programs can be preempted, the kernel counts the
# missed returns of the latter, too: what it says to be lost are failures that have no line.
beside_long_failures() {
	start -x --ring-size 4096
	taskset 1 "$PROGRAMS/storm" vfork 1 "$(few 2000)" "$D/prog" &
	succeeds=$! failed=0
	while kill -0 $succeeds 2>/dev/null; do
		taskset 1 "$C" many "$D/missing" 3000 2>/dev/null
		failed=$((failed + 1))
	done
	wait $succeeds
	stop
	shows "$(few 2000)" "  0 $D/prog storm "
	n=$(grep -c '^call .* -2 ' "$out")
	lost=$(sed -n 's/^execsnoop: \([0-9]*\) execs were lost in all$/\1/p' "$err")
	is "$n shown, ${lost:-0} lost" "$n shown, $((failed - n)) lost"
}

# What is shown and what is lost are all that was executed: storm's first exec is the one more.
all_accounted() {
	what=$1 each=$2
	shift 2
	chmod 755 "$T" "$D"
	cp "$PROGRAMS/storm" "$D/storm"
	start -u 4242 --ring-size 64 "$@"
	kill -STOP "$tracer"
	"$C" user "$D/storm" 4242 "$what" 2 "$each" "$D/$file"
	kill -CONT "$tracer"
	# It is said while the tracer runs.
	tries=0
	while ! grep -q '^execsnoop: lost [0-9]* execs ' "$err" && [ $tries -lt 40 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	[ $tries -lt 40 ] || fail "the loss was not said while it ran"
	sleep 2.2 # all of it
	said=$(sed -n 's/^execsnoop: lost \([0-9]*\) execs .*/\1/p' "$err" | awk '{ n += $1 } END { print n + 0 }')
	stop
	is "$status" 0
	n=$(sed -n 's/^execsnoop: \([0-9]*\) execs were lost in all$/\1/p' "$err")
	[ "${n:-0}" -gt 0 ] || fail "none was lost: $(head -c 300 "$err")"
	is "$said" "${n:-0}"
	is "$(($(grep -cF "$D/" "$out") + ${n:-0}))" $((2 * each + 1))
}
lost() { file=prog; all_accounted vfork "$(few 3000)"; }
lost_failures() { file=missing; all_accounted vfork "$(few 3000)" -x; }
# Of two records each at least: an exec is lost, or it is there, whole or marked and counted.
lost_long() {
	file=prog
	all_accounted long "$(few 300)" --max-args 0 --max-bytes 0
	n=$(sed -n 's/^execsnoop: \([0-9]*\) command lines were cut in all$/\1/p' "$err")
	is "$(grep -F "  0 $D/prog" "$out" | grep -c '\.\.\.$')" "${n:-0}"
	grep -F "  0 $D/prog" "$out" | grep -v '\.\.\.$' | awk -v want=40000 '
		length($NF) != want { wrong++ } END { print wrong + 0 }' >"$D/wrong"
	is "$(cat "$D/wrong")" 0
}

# A ring that is too small for one command line: each is cut, marked, and counted.
cut_lines() {
	start --max-args 0 --max-bytes 0 --ring-size 4
	"$C" user "$D/prog" 0 short
	for i in 1 2 3; do "$C" sizes "$D/prog" 100000 100000; sleep 0.1; done
	stop
	n=$(sed -n 's/^execsnoop: \([0-9]*\) command lines were cut in all$/\1/p' "$err")
	lost=$(sed -n 's/^execsnoop: \([0-9]*\) execs were lost in all$/\1/p' "$err")
	shown=$(grep -F "  0 $D/prog 0000" "$out" | grep -c '\.\.\.$')
	whole=$(grep -F "  0 $D/prog 0000" "$out" | grep -vc '\.\.\.$')
	is "${n:-0}" "$shown"
	[ $((shown + whole + ${lost:-0})) -ge 3 ] || fail "cut $shown, whole $whole, lost ${lost:-0}"
}

ring_sizes() {
	for size in 1 3 5 1000; do
		start --ring-size $size
		"$D/prog" $size
		stop
		shows 1 "$D/prog $size\$"
		want=$(awk -v n=$((size * 1024)) -v page="$PAGE" \
			'BEGIN { for (s = page; s < n; s *= 2); print s + page }')
		strace -qq -e trace=mmap -P 'anon_inode:[perf_event]' -o "$D/trace" "$X" -d 0.1 --ring-size $size >"$D/o"
		grep -q "mmap(NULL, $want, " "$D/trace" || fail "$size: $(head -n 1 "$D/trace"), not $want"
	done
	usage_error 'not a number of KiB' --ring-size 0
	usage_error 'not a number of KiB' --ring-size 1048577
	usage_error 'not a number of KiB' --ring-size 4k
}

# No system call has a tracepoint: seen with those of all calls, or by kprobes.
no_call_tracepoints() {
	if grep -q ' /sys/kernel/tracing ' /proc/self/mounts; then
		skipped="tracefs is mounted here"
		return
	fi
	printf '#!/bin/sh\nexec strace -D -f -qq -o %s -e inject=mount,fsopen:error=EPERM %s "$@"\n' "$D/trace" "$X" >"$D/x"
	chmod 755 "$D/x"
	real=$X X=$D/x
	acts() {
		"$C" execve "$D/missing" a 'b c' '' 2>/dev/null
		"$C" execveat "$D/missing" e 2>/dev/null
		"$C" many "$D/missing" 500
		"$D/prog" f
	}
	traced acts -x -q --max-args 0
	X=$real
	shows 1 " -2 \"$D/missing\" \"a\" \"b c\" \"\"\$"
	shows 1 " -2 \"/dev/fd/[0-9]*/missing\" \"e\"\$"
	shows 1 " -2 \"$D/missing\" \"a000000001\" .* \"a000000500\"\$"
	shows 1 "  0 \"$D/prog\" \"f\"\$"
	grep -q INJECTED "$D/trace" || fail "nothing was injected"
}

# Six at once leave each other room.
six_tracers() {
	others=
	for i in 1 2 3 4 5; do
		"$X" -x >"$D/other$i" 2>&1 &
		others="$others $!"
	done
	for i in 1 2 3 4 5; do
		tries=0
		while ! grep -q '^PCOMM' "$D/other$i" && [ $tries -lt 500 ]; do sleep 0.01; tries=$((tries + 1)); done
	done
	acts() { "$C" many "$D/missing" 500; }
	traced acts -x --max-args 0
	shows 1 " -2 $D/missing a000000001 .* a000000500\$"
	# shellcheck disable=SC2086 # numbers
	kill $others
	wait
	grep -l 'cannot attach' "$D"/other? && fail "not all could start"
}

# shellcheck disable=SC2034 # for start
watched=$T/watched watched_err=$T/watched_err D=$T failures=0
out=$watched err=$watched_err
start -x -q -U --max-args 0 --max-bytes 0 --ring-size 16384
[ $failures = 0 ] || { echo "not ok the tracer starts"; exit 1; }
watcher=$tracer
trap 'kill $watcher 2>/dev/null; remove_all' EXIT

case_ "shows execve" execve
case_ "shows execveat from a directory, from none and from a wrong one" execveat
case_ "shows execveat from the working directory" execveat_here
case_ "shows fexecve" descriptor
case_ "shows a program in a memfd" memfd
case_ "shows vfork and exec" vfork
case_ "shows posix_spawn" spawn
if "$C" pid-namespace "$PROGRAMS/nothing" >/dev/null 2>&1; then
	case_ "shows the first process of a pid namespace" pid_namespace
else
	skip "shows the first process of a pid namespace" "this kernel has none"
fi
case_ "shows a process in a mount namespace of its own" mount_namespace
case_ "shows one of several threads that execute at once" racing
case_ "shows an exec that fails when there is no way back" impossible
case_ "shows an exec by a thread under its process's id" thread
case_ "shows a process that executes four times, in order" three_times
case_ "shows the user after setuid" after_setuid
if ! [ -f "$PROGRAMS/exec32" ]; then
	skip "shows what 32-bit programs execute" "there are none on $(uname -m)"
elif ! "$C" execve "$PROGRAMS/exec32" "$PROGRAMS/nothing" 2>/dev/null; then
	skip "shows what 32-bit programs execute" "this kernel does not run them"
else
	case_ "shows what 32-bit programs execute, or says that it cannot" by_32_bit
	[ "$(uname -m)" != x86_64 ] || case_ "shows what is executed by int 0x80" by_int80
fi
case_ "shows names as they were given: relative, .., symlink" relative
case_ "shows names of 4,000 and 4,095 bytes" long_name
case_ "shows names with spaces, quotation marks, newlines, invalid UTF-8" names
case_ "shows no argv[0], whatever it is, nor the lack of it" first_argument
case_ "shows empty arguments, also last" empty_arguments
case_ "shows 1 to 300 arguments" many_arguments
case_ "shows 10,000 arguments, of a failure while its caller lives" ten_thousand_arguments
case_ "shows arguments of up to 131,071 bytes" long_arguments
case_ "shows arguments of all lengths" all_lengths
case_ "shows a command line of a mebibyte" a_mebibyte
case_ "shows what was not in memory yet" untouched
case_ "says what was not in memory and has gone" untouched_and_gone
case_ "shows a string of which the kernel had read a part" half_there
case_ "shows what has ended with its caller but lives in another's memory" memory_that_lives
case_ "does not wait for memory that never comes" memory_that_never_comes
case_ "says what is at a bad address" nowhere
case_ "shows what the program got, while another thread rewrites it" rewritten
case_ "shows scripts, and scripts of scripts, and their failures" script
case_ "shows all arguments of a script whose option is its own name" script_with_its_name_as_option
case_ "shows a script executed by descriptor" script_by_descriptor
if since 4 17; then
	case_ "takes no program for a script" no_script
else
	skip "takes no program for a script" "before Linux 4.17 it cannot know"
fi
case_ "shows each error" failures
case_ "marks a name of 9,000 bytes if it is cut" cut_name
case_ "shows what is too big" too_big
case_ "shows a search along the PATH in order" along_the_path
case_ "shows no errno where seccomp(2) made the result" seccomp
case_ "says that a call only asks" asking
case_ "shows the parent that an orphan has" orphans
case_ "says nothing on standard error but what -x must say" nothing_else_said

# With tracers of their own.
case_ "shows the parent process's name" parents_name
case_ "takes no call for killed whose return it has not seen" denied
case_ "shows the machine's times in a time namespace" time_namespace
case_ "keeps the order across CPUs" across_cpus
case_ "counts no call as lost that succeeded" beside_long_failures taskset
case_ "counts what is lost, and says it at once" lost
case_ "counts failed execs that are lost" lost_failures
case_ "counts execs of several records that are lost, marks those that are cut" lost_long
case_ "counts command lines that are cut" cut_lines
case_ "rounds the size of a ring" ring_sizes strace
case_ "shows failures while five others do" six_tracers
case_ "shows failures where their calls have no tracepoints" no_call_tracepoints strace
