#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Calls that fail, in all ways, scripts, and memory that is not there: compares the whole line. Usage: calls.sh EXECSNOOP DIRECTORY, as root.
# shellcheck disable=SC2317 # functions are called by case_ and watch, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
. "$(dirname "$0")/watch.sh"

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
		case $s in 0/*) other= ;; *) other=' ["other"]' ;; esac # the kernel puts the interpreter in its place
		shown "${s%/*}" "$D/${s#*/}" <<-END
			"$D/${s#*/}"
			"$D/${s#*/}"$other "a b" "" "$D/${s#*/}" "$D/prog" ""
		END
	done
}

# The script's name stands before its place, too.
# Where the "#!" line ends and the caller's arguments begin cannot be told then (docs/limits.md): the
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
		"$D/prog" ["/some/other/path"] "$D/prog" "x"
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

case_ "shows one of several threads that execute at once" racing
case_ "shows an exec that fails when there is no way back" impossible
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
