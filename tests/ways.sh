#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Every way in which a program can be executed, with all names and arguments: compares the whole line. Usage: ways.sh EXECSNOOP DIRECTORY, as root.
# shellcheck disable=SC2317 # functions are called by case_ and watch, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
. "$(dirname "$0")/watch.sh"

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
	shows 1 "  0 \"/dev/fd/[0-9]*\" \[\"$D/prog\"\] \"$D\" \"x\"\$"
	shows 1 " -13 \"/dev/fd/[0-9]*\" \[\"$D/text\"\] \"$D\" \"x\"\$"
}

memfd() {
	echo text >"$D/text"
	acts() {
		"$C" memfd "$D/prog" "$D" x
		"$C" memfd "$D/text" "$D" x
	}
	watch acts
	shows 1 "  0 \"/dev/fd/[0-9]*\" \[\"$D/prog\"\] \"$D\" \"x\"\$"
	shows 1 " -8 \"/dev/fd/[0-9]*\" \[\"$D/text\"\] \"$D\" \"x\"\$"
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
	# Too rare to be said at each start.
	if "$X" --check -x 2>/dev/null | grep -q '^  failed execs, 32-bit (.*; those by int 0x80 of 64-bit programs are not seen: '; then
		is "$(args -2 "$D/missing")" ""
		grep -q 'int 0x80' "$watched_err" && fail "said: $(cat "$watched_err")"
	else
		failed_32 "$D/missing" 'of 32-bit programs cannot be seen'
	fi
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
	# From Linux 5.18 on (and where that was taken over) a program that gets none has an empty one.
	none=$(grep -cF "0 \"$D/prog\" [\"\"]" "$out")
	[ "$none" = 4 ] && none=' [""]' || none=
	shown 0 "$D/prog" <<-END
		"$D/prog" ["other"] "x"
		"$D/prog" [""] "x"
		"$D/prog" [""]
		"$D/prog"$none
		"$D/prog"$none
	END
	shown -2 "$D/missing" <<-END
		"$D/missing" ["other"] "x"
		"$D/missing" [""] "x"
		"$D/missing" [""]
		"$D/missing"
		"$D/missing"
	END
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
	lives=10000
	[ -z "${FEW:-}" ] || lives=1000 # to read more from the caller takes longer in a guest than it may
	acts() {
		"$C" many "$D/prog" 10000
		"$C" many-and-lives "$D/missing" "$lives" 500000
		"$C" many "$D/gone" 10000
	}
	# The caller is read for 50 ms at most, which a machine that is held up may not be enough for.
	many "$D/missing" "$lives" >"$D/missing_args"
	for try in 1 2 3; do
		watch acts
		args -2 "$D/missing" >"$D/shown"
		! cmp -s "$D/missing_args" "$D/shown" || break
	done
	shown -2 "$D/missing" <"$D/missing_args"
	many "$D/prog" 10000 >"$D/many"
	shown 0 "$D/prog" <"$D/many"
	# Of a caller that has gone, the beginning, as far as the kernel side reads it; the end is marked.
	least=500
	since 4 17 || least=80
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

# The array of a failed call's arguments is read in parts, which end where a page does.
at_the_end_of_a_page() {
	sizes='4000 4000 4000 4000 4000 4000 4000 4000 4000 4000 4000 4000 4000 4000 4000 4000 4000 4000 4000 4000'
	for slots in 1 2 5 8 11 14 16 17; do
		# shellcheck disable=SC2086 # numbers
		acts() { "$C" slots "$D/missing" $slots $sizes; }
		watch acts
		# shellcheck disable=SC2086
		"$C" print-sizes "$D/missing" $sizes >"$D/sizes"
		shown -2 "$D/missing" <"$D/sizes"
	done
}

a_mebibyte() { of_sizes 131000 131000 131000 131000 131000 131000 131000 131000; }

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
case_ "shows argv[0] if it is another name, and no lack of it" first_argument
case_ "shows empty arguments, also last" empty_arguments
case_ "shows 1 to 300 arguments" many_arguments
case_ "shows 10,000 arguments, of a failure while its caller lives" ten_thousand_arguments
case_ "shows arguments of up to 131,071 bytes" long_arguments
case_ "shows arguments of all lengths" all_lengths
case_ "shows arguments wherever in a page their array begins" at_the_end_of_a_page
case_ "shows a command line of a mebibyte" a_mebibyte
case_ "says nothing on standard error but what -x must say" nothing_else_said
