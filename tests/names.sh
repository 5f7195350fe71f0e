#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Names beside numbers: of users, of cgroups and of the containers that they are; and which keys JSON has.
# Usage: names.sh EXECSNOOP DIRECTORY, as root.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
. "$(dirname "$0")/choose.sh"

ID1=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
ID2=aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffff0000000011111111

# Whether this kernel tells a program its cgroup's id, and finds the cgroup by it.
has_paths() {
	since 4 18 || { skipped="before Linux 4.18 BPF programs are not told the cgroup's id"; return 1; }
	timeout -s KILL 60 "$X" --source watch --print-cgroup-path -d 0.1 >"$D/paths" 2>&1 </dev/null
	! grep -q "no cgroup's path is known" "$D/paths" || { skipped="$(sed -n 's/.*path is known: //p' "$D/paths")"; return 1; }
}

# executes CGROUP WORD: executes $D/prog there.
executes() { in_cgroup "$1" "$D/prog" "$2"; }

# json_of WORD: the JSON of $D/prog's exec with that argument.
json_of() { grep "\"argv\":\[\"[^\"]*\",\"$1\"\]" "$out"; }

# ---- which keys ----

chosen_keys() {
	acts() { "$D/prog" x; }
	traced acts -J --fields argv,pid
	shows 1 "^{\"pid\":[0-9]*,\"argv\":\[\"$D/prog\",\"x\"\]}\$"
	traced acts -J --fields uid,filename,ret
	shows 1 "^{\"uid\":0,\"ret\":0,\"filename\":\"$D/prog\"}\$"
	start -J --fields all # where paths cannot be had, that is said
	acts
	stop
	shows 1 "^{\"time\":.*,\"uid\":0,\"user\":\"[a-z]*\",\"gid\":0,.*,\"cgroup_path\":.*,\"container\":.*,\"argv\":\[\"$D/prog\",\"x\"\],\"source\":\"[a-z]*\"}\$"
	traced acts -J
	shows 0 '"user":\|"cgroup_path":\|"container":'
}

refused_keys() {
	usage_error 'execsnoop: --fields: "nonsense" is no key of JSON; they are time, pid, .*, source, or all$' -J --fields pid,nonsense
	usage_error '"" is no key' -J --fields pid,
	usage_error '"error" is no key' -J --fields error
	usage_error -- '--fields chooses among the keys of --json' --fields pid
}

# ---- cgroups ----

paths() {
	has_paths || return
	one=$(new_cgroup one)
	mkdir "$one/below"
	start --print-cgroup-path
	heads "PCOMM            PID    PPID   CGROUP_PATH                    RET ARGS"
	executes "$CG" root
	executes "$one" one
	executes "$one/below" below
	executes "$one" again
	stop
	rmdir "$one/below" "$one"
	shows 1 "^prog  *[0-9]*  *[0-9]*  */  *0 $D/prog root\$"
	shows 1 "^prog  *[0-9]*  *[0-9]*  */${U}one  *0 $D/prog one\$"
	shows 1 "^prog  *[0-9]*  *[0-9]*  */${U}one/below  *0 $D/prog below\$"
	shows 1 "^prog  *[0-9]*  *[0-9]*  */${U}one  *0 $D/prog again\$"
	quiet
}

# Linux takes no newline in such a name, and all else.
hostile_paths() {
	has_paths || return
	one=$(new_cgroup one)
	name=$(printf 'a b\t\033[2J"\\\377 (deleted)')
	mkdir "$one/$name" "$one/.. "
	acts() {
		executes "$one/$name" hostile
		executes "$one/.. " dots
	}
	traced acts --print-cgroup-path
	shows 1 "  */${U}one/a\\\\x20b\\\\t\\\\x1b\\[2J\\\\\"\\\\\\\\\\\\xff\\\\x20(deleted)  *0 $D/prog hostile\$"
	shows 1 "  */${U}one/\.\.\\\\x20  *0 $D/prog dots\$"
	traced acts -J --fields cgroup_path,argv
	rmdir "$one/$name" "$one/.. " "$one"
	base64=$(json_of hostile | sed -n 's/.*"cgroup_path_base64":"\([^"]*\)".*/\1/p')
	is "$(echo "$base64" | base64 -d)" "/${U}one/$name"
	case "$(json_of hostile)" in
	"{\"cgroup_path\":\"/${U}one/a b\\t\\u001b[2J\\\"\\\\$(printf '\357\277\275') (deleted)\",\"cgroup_path_base64\":"*) ;;
	*) fail "JSON: $(json_of hostile)" ;;
	esac
}

# What has gone before it was asked for. Nothing is taken out of the rings meanwhile.
gone() {
	has_paths || return
	one=$(new_cgroup one)
	mkdir "$one/stays" "$one/goes"
	start -J --fields cgroup_path,container,argv
	kill -STOP "$tracer"
	executes "$one/stays" stays
	executes "$one/goes" goes
	rmdir "$one/goes"
	mkdir "$one/goes" # another one by its name
	kill -CONT "$tracer"
	stop
	rmdir "$one/stays" "$one/goes" "$one"
	is "$(json_of stays)" "{\"cgroup_path\":\"/${U}one/stays\",\"container\":null,\"argv\":[\"$D/prog\",\"stays\"]}"
	is "$(json_of goes)" "{\"cgroup_path\":null,\"container\":null,\"argv\":[\"$D/prog\",\"goes\"]}"
	quiet
}

in_one_process() {
	has_paths || return
	one=$(new_cgroup one)
	start --print-cgroup-path --no-sandbox
	executes "$one" alone
	stop
	rmdir "$one"
	shows 1 "  */${U}one  *0 $D/prog alone\$"
	quiet
}

# A program that lives in the cgroup $one: $lives.
start_living() {
	cp "$PROGRAMS/live" "$D/prog"
	# shellcheck disable=SC2016 # the inner shell's
	sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$one" "$D/prog" 1000 &
	lives=$!
	tries=0
	# It has that file before its exec is traced; when it sleeps, that is over.
	until { [ "$(readlink /proc/$lives/exe)" = "$D/prog" ] && grep -q '^State:.S' /proc/$lives/status; } || [ $tries -ge 1000 ]; do
		nap
		tries=$((tries + 1))
	done
}

# its_path JSON: when the line of what lives is there, this is its path.
its_path() {
	tries=0
	until json_of 1000 >"$D/line" || [ $tries -ge 1000 ]; do nap; tries=$((tries + 1)); done
	kill $lives
	wait $lives 2>/dev/null
	stop
	is "$(cat "$D/line")" "{\"cgroup_path\":$1,\"argv\":[\"$D/prog\",\"1000\"]}"
}

# powerless: the tracer has no CAP_DAC_READ_SEARCH, 2, so it opens no cgroup by its id.
powerless() {
	mask=$(sed -n 's/^CapEff:	//p' /proc/self/status)
	locked=$(ulimit -l | sed 's/unlimited/65536/')
	printf '#!/bin/sh\nexec %s "$@"\n' "$C confined $X 0 $(printf %x $((0x$mask & ~4))) $locked" >"$D/as"
	chmod 755 "$D/as"
	real=$X X=$D/as
	start -J --fields cgroup_path,argv
	X=$real
}

without_power() {
	has_paths || return
	one=$(new_cgroup one)
	powerless
	start_living
	its_path "\"/${U}one\""
	rmdir "$one"
}

moved() {
	has_paths || return
	one=$(new_cgroup one)
	two=$(new_cgroup two)
	powerless
	kill -STOP "$tracer"
	start_living
	echo $lives >"$two/cgroup.procs"
	kill -CONT "$tracer"
	its_path null
	rmdir "$one" "$two"
}

by_watch() {
	has_paths || return
	one=$(new_cgroup one)
	start --source watch -J --fields cgroup_path,argv
	start_living
	its_path "\"/${U}one\""
	rmdir "$one"
}

# CAP_DAC_READ_SEARCH is 2; the helper has it only if paths are asked for.
power() {
	has_paths || return
	for option in --print-cgroup --print-cgroup-path; do
		start $option
		tries=0
		until helper=$(pgrep -P "$tracer") && grep -q '^Seccomp:	2$' "/proc/$helper/status" || [ $tries -ge 1000 ]; do
			nap
			tries=$((tries + 1))
		done
		last=$(sed -n 's/^CapEff:	.*\(.\)$/\1/p' "/proc/$helper/status")
		stop
		is "$option $last" "$option $([ $option = --print-cgroup ] && echo 0 || echo 4)"
	done
}

containers() {
	has_paths || return
	one=$(new_cgroup one)
	mkdir -p "$one/docker/$ID1/docker/$ID2/x" "$one/libpod-conmon-$ID1.scope" "$one/system.slice/docker-$ID1.scope/init.scope"
	start -J --fields container,argv
	executes "$one/docker/$ID1" outer
	executes "$one/docker/$ID1/docker/$ID2/x" inner
	executes "$one/libpod-conmon-$ID1.scope" monitor
	executes "$one/system.slice/docker-$ID1.scope/init.scope" scope
	stop
	find "$one" -depth -type d -exec rmdir {} \;
	is "$(json_of outer)" "{\"container\":\"$ID1\",\"argv\":[\"$D/prog\",\"outer\"]}"
	is "$(json_of inner)" "{\"container\":\"$ID2\",\"argv\":[\"$D/prog\",\"inner\"]}"
	is "$(json_of monitor)" "{\"container\":null,\"argv\":[\"$D/prog\",\"monitor\"]}"
	is "$(json_of scope)" "{\"container\":\"$ID1\",\"argv\":[\"$D/prog\",\"scope\"]}"
	quiet
}

# ---- users ----

# with_passwd: the tracer sees $D/passwd as /etc/passwd.
with_passwd() {
	unshare -m true 2>/dev/null || { skipped="no mount namespace can be made here (in a chroot?)"; return 1; }
	cat >"$D/as" <<-END
		#!/bin/sh
		exec unshare -m sh -c 'mount --bind $D/passwd /etc/passwd; exec $X "\$@"' x "\$@"
	END
	chmod 755 "$D/as"
	real=$X X=$D/as
}

as_users() {
	"$D/prog" root
	"$C" user "$D/prog" 4242 named
	"$C" user "$D/prog" 4343 nameless
}

user_names() {
	chmod 755 "$T" "$D"
	printf 'root:x:0:0::/:/bin/sh\n\nnonsense\nb \033\377:x:4242:1::/:\nsecond:x:4242:1::/:' >"$D/passwd"
	with_passwd || return
	traced as_users --names
	heads "USER         PCOMM            PID    PPID   RET ARGS"
	shows 1 "^root  *prog .* 0 $D/prog root\$"
	shows 1 "^b\\\\x20\\\\x1b\\\\xff  *prog .* 0 $D/prog named\$"
	shows 1 "^4343  *prog .* 0 $D/prog nameless\$"
	traced as_users -J --fields user,argv
	X=$real
	is "$(json_of root)" "{\"user\":\"root\",\"argv\":[\"$D/prog\",\"root\"]}"
	is "$(json_of named)" "{\"user\":\"b \\u001b$(printf '\357\277\275')\",\"user_base64\":\"YiAb/w==\",\"argv\":[\"$D/prog\",\"named\"]}"
	is "$(json_of nameless)" "{\"user\":null,\"argv\":[\"$D/prog\",\"nameless\"]}"
}

# Of 100,000 users; of 5 MiB without a newline; of nothing.
large_passwd() {
	chmod 755 "$T" "$D"
	awk 'BEGIN { for (i = 0; i < 100000; i++) printf "u%d:x:%d:0::/:\n", i, i }' >"$D/passwd"
	with_passwd || return
	start --names
	as_users
	stop
	shows 1 "^u4242  *prog .* 0 $D/prog named\$"
	has "$err" "^execsnoop: warning: not all users' names are known: /etc/passwd: it has more than 65536 users\$"
	head -c 5242880 /dev/zero | tr '\0' x >"$D/passwd"
	start --names
	as_users
	stop
	shows 1 "^4242  *prog .* 0 $D/prog named\$"
	has "$err" 'passwd: it has more than 4 MiB$'
	: >"$D/passwd"
	start --names
	as_users
	stop
	shows 1 "^0  *prog .* 0 $D/prog root\$"
	has "$err" 'passwd: it is empty, or no file$'
	start
	as_users
	stop
	X=$real
	quiet
}

case_ "--fields prints the keys that are chosen, and no others" chosen_keys
case_ "--fields refuses what is no key, and says what is" refused_keys
case_ "--print-cgroup-path prints the path in the hierarchy" paths
case_ "a cgroup's name can hold anything, and is printed so that it harms nothing" hostile_paths base64
case_ "a cgroup that has gone has no path, nor that of another by its name" gone
case_ "cgroups have paths with all in one process, too" in_one_process
case_ "where no cgroup may be opened by its id, its path is that of a process that lives" without_power
case_ "but not one that the process is in by now" moved
case_ "cgroups have paths without BPF, too" by_watch
case_ "the helper keeps the power to find cgroups only if it has to" power pgrep
case_ "a container is named by its innermost cgroup" containers
case_ "--names shows users by their names, whatever these are" user_names unshare
case_ "a large file of users does no harm" large_passwd unshare
