#!/bin/sh
# Runs every command of README.md that begins with a prompt: "# ./execsnoop …" (as root, ended after a
# second) and "$ make …". Usage: readme.sh, in the project's directory.
set -u
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
sed -n 's/^    # \(\.\/execsnoop.*\)/\1/p' README.md >"$T/commands"
count=$(wc -l <"$T/commands")
while IFS= read -r command; do
	# </dev/null: the loop reads the commands from its standard input
	timeout -s INT --preserve-status 1 sh -c "exec $command" </dev/null >"$T/out" 2>"$T/err"
	status=$?
	if [ $status = 0 ] && [ -s "$T/out" ]; then
		echo "ok README: $command"
	else
		sed 's/^/# /' "$T/err"
		echo "not ok README: $command (exit status $status)"
	fi
done <"$T/commands"
if [ "$count" -ge 5 ]; then echo "ok README shows commands"; else echo "not ok README shows commands ($count)"; fi

make run ARGS="-d 0.2" >"$T/out" 2>&1
if grep -q '^PCOMM *PID *PPID *RET ARGS' "$T/out"; then
	echo "ok README: make run"
else
	tail -n 5 "$T/out" | sed 's/^/# /'
	echo "not ok README: make run"
fi
# Every option of the help stands in the README, and none that is not in the help.
for option in $(./execsnoop --help | grep -oE -- '--[a-z-]+' | sort -u); do
	grep -q -- "\`.*$option" README.md || { echo "# not in README.md: $option"; missing=1; }
done
if [ -z "${missing:-}" ]; then echo "ok README names every option"; else echo "not ok README names every option"; fi
