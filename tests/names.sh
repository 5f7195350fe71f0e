#!/bin/sh
# Which keys JSON has.
# Usage: names.sh EXECSNOOP DIRECTORY, as root.
# shellcheck disable=SC2317 # functions are called by case_, which shellcheck cannot see
. "$(dirname "$0")/harness.sh"
. "$(dirname "$0")/choose.sh"

chosen_keys() {
	acts() { "$D/prog" x; }
	traced acts -J --fields argv,pid
	shows 1 "^{\"pid\":[0-9]*,\"argv\":\[\"$D/prog\",\"x\"\]}\$"
	traced acts -J --fields uid,filename,ret
	shows 1 "^{\"uid\":0,\"ret\":0,\"filename\":\"$D/prog\"}\$"
	traced acts -J --fields all
	shows 1 "^{\"time\":.*,\"uid\":0,\"gid\":0,.*,\"argv\":\[\"$D/prog\",\"x\"\],\"source\":\"[a-z]*\"}\$"
}

refused_keys() {
	usage_error 'execsnoop: --fields: "nonsense" is no key of JSON; they are time, pid, .*, source, or all$' -J --fields pid,nonsense
	usage_error '"" is no key' -J --fields pid,
	usage_error '"error" is no key' -J --fields error
	usage_error -- '--fields chooses among the keys of --json' --fields pid
}

case_ "--fields prints the keys that are chosen, and no others" chosen_keys
case_ "--fields refuses what is no key, and says what is" refused_keys
