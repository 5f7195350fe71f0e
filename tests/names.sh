#!/bin/sh
# Names beside numbers: of users; and which keys JSON has.
# Usage: names.sh EXECSNOOP DIRECTORY, as root.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
. "$(dirname "$0")/choose.sh"

# json_of WORD: the JSON of $D/prog's exec with that argument.
json_of() { grep "\"argv\":\[\"[^\"]*\",\"$1\"\]" "$out"; }

# ---- which keys ----

chosen_keys() {
	acts() { "$D/prog" x; }
	traced acts -J --fields argv,pid
	shows 1 "^{\"pid\":[0-9]*,\"argv\":\[\"$D/prog\",\"x\"\]}\$"
	traced acts -J --fields uid,filename,ret
	shows 1 "^{\"uid\":0,\"ret\":0,\"filename\":\"$D/prog\"}\$"
	start -J --fields all
	acts
	stop
	shows 1 "^{\"time\":.*,\"uid\":0,\"user\":\"[a-z]*\",\"gid\":0,.*,\"argv\":\[\"$D/prog\",\"x\"\],\"source\":\"[a-z]*\"}\$"
	traced acts -J
	shows 0 '"user":'
}

refused_keys() {
	usage_error 'execsnoop: --fields: "nonsense" is no key of JSON; they are time, pid, .*, source, or all$' -J --fields pid,nonsense
	usage_error '"" is no key' -J --fields pid,
	usage_error '"error" is no key' -J --fields error
	usage_error -- '--fields chooses among the keys of --json' --fields pid
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
case_ "--names shows users by their names, whatever these are" user_names unshare
case_ "a large file of users does no harm" large_passwd unshare
