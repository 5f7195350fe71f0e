#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The completions are those of the table of options, and the shells take them. Usage: completions.sh EXECSNOOP, in the project's
# directory.
set -u
X=$1
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
result() { if [ "$1" = 0 ]; then echo "ok $2"; else echo "not ok $2"; fi; }

mkdir "$T/made"
python3 packaging/completions.py "$T/made" && diff -r "$T/made" packaging/completions | head -n 5 | sed 's/^/# /' >"$T/diff"
[ ! -s "$T/diff" ]
result $? "the completions are made from the table of options (make completions)"
sed -n p "$T/diff"

"$X" --help | grep -oE -- '(^| )--?[a-zA-Z][a-z0-9-]*' | tr -d ' ' | sort -u >"$T/help"
# complete WORD...: what bash offers for the last word.
complete() {
	# shellcheck disable=SC2016 # bash expands it
	bash -c '. packaging/completions/execsnoop.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _execsnoop; printf "%s\n" "${COMPREPLY[@]}"' - "$@"
}
complete execsnoop - | grep -v '^--$' | sort -u | diff "$T/help" - >"$T/diff"
result $? "bash: they are the options of the help"
sed 's/^/# /' "$T/diff"
[ "$(complete execsnoop --source p | tr '\n' ' ')" = 'perf proc ' ] && [ "$(complete execsnoop -u roo)" = root ] &&
	[ "$(complete execsnoop --color al)" = always ] && [ "$(complete execsnoop -o /etc/hostnam)" = /etc/hostname ] &&
	complete execsnoop -x -- sle | grep -qx sleep && complete execsnoop -x -- ls /etc/hostnam | grep -qx /etc/hostname
result $? "bash: values of options, commands and their files are completed"

if command -v fish >/dev/null; then
	HOME=$T fish -c 'source packaging/completions/execsnoop.fish; complete -C "execsnoop --"' | cut -f 1 | grep '^--' | sort -u >"$T/fish"
	grep '^--' "$T/help" | diff - "$T/fish" >"$T/diff"
	result $? "fish: they are the options of the help"
	sed 's/^/# /' "$T/diff"
	[ "$(HOME=$T fish -c 'source packaging/completions/execsnoop.fish; complete -C "execsnoop --source pe"' | cut -f 1)" = perf ]
	result $? "fish: values of options are completed"
else
	echo "ok fish: they are the options of the help # skip: no fish here"
fi
if command -v zsh >/dev/null; then
	zsh -n packaging/completions/_execsnoop
	result $? "zsh: the file is well-formed"
	# What _arguments is given, in the place of a completion.
	zsh -c '_arguments() { print -l -- "$@" }; . packaging/completions/_execsnoop' | sed -n "s/^\((.*)\)*\**\(--*[a-zA-Z][a-z0-9-]*\)=*\[.*/\2/p" | sort -u |
		diff "$T/help" - >"$T/diff"
	result $? "zsh: they are the options of the help"
	sed 's/^/# /' "$T/diff"
else
	echo "ok zsh: they are the options of the help # skip: no zsh here"
fi
