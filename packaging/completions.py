#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes the completions of bash, zsh and fish from the table of options. Usage: completions.py DIRECTORY, in the project's
directory; `make completions` does it for packaging/completions/."""
import re
import sys

WORDS = {"argv0": "other always never", "color": "auto always never", "time-format": "hms iso",
         "source": "bpf perf proc sideband trace watch"}
# What an argument is, by its name in the help: in bash's compgen, in zsh's _arguments, in fish.
KINDS = {"FILE": ("-f", "_files", "__fish_complete_path"), "PATH": ("-f", "_files", "__fish_complete_path"),
         "PID|FILE": ("-f", "_files", "__fish_complete_path"), "USER": ("-u", "_users", "__fish_complete_users"),
         "PID": ("-W \"$(cd /proc && echo [0-9]*)\"", "_pids", "__fish_complete_pids")}

rows = re.findall(r'ROW\((?:\'(.)\'|0), "([a-z0-9-]+)", (?:"(.*?)"|NULL),? *"(.*?)",', open("run/command_line.c").read())
HEAD = "SPDX-License-Identifier: GPL-2.0-only\n# Written by packaging/completions.py from run/command_line.c.\n"


def again(help_text):
    """Whether the option can be given more than once."""
    return help_text.endswith(" *")


def bash():
    cases = ""
    for letter, name, argument, _ in rows:
        if argument:
            pattern = f"--{name}" + (f" | -{letter}" if letter else "")
            reply = f'-W "{WORDS[name]}"' if name in WORDS else KINDS.get(argument, ("",))[0]
            cases += f"\t{pattern}) " + (f'mapfile -t COMPREPLY < <(compgen {reply} -- "$word") ;;\n' if reply else "COMPREPLY=() ;;\n")
    options = " ".join([f"-{letter}" for letter, *_ in rows if letter] + [f"--{name}" for _, name, *_ in rows])
    return f"""# {HEAD}
_execsnoop() {{
	local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} i
	for ((i = 1; i < COMP_CWORD; i++)); do
		[ "${{COMP_WORDS[i]}}" = -- ] || continue
		mapfile -t COMPREPLY < <(compgen -$([ $i = $((COMP_CWORD - 1)) ] && echo c || echo f) -- "$word")
		return
	done
	case $before in
{cases}	*) mapfile -t COMPREPLY < <(compgen -W "{options} --" -- "$word") ;;
	esac
}}
complete -o filenames -F _execsnoop execsnoop
"""


def zsh():
    def quote(text):
        return re.sub(r"([\[\]:'])", lambda m: "'\\''" if m[1] == "'" else "\\" + m[1], text)

    lines = ""
    for letter, name, argument, text in rows:
        text = quote(text.removesuffix(" *"))
        value = ""
        if argument:
            action = f"({WORDS[name]})" if name in WORDS else KINDS.get(argument, ("", " "))[1]
            value = f":{quote(argument)}:{action}"
        for form in ([f"-{letter}"] if letter else []) + [f"--{name}"]:
            one = "*" if again(rows_by_name[name]) else f"(-{letter} --{name})" if letter else ""
            lines += f"\t'{one}{form}{'=' if argument and form.startswith('--') else ''}[{text}]{value}' \\\n"
    return f"#compdef execsnoop\n# {HEAD}\n_arguments -S -s \\\n{lines}\t'*::command:_normal'\n"


def fish():
    lines = ""
    for letter, name, argument, text in rows:
        text = text.removesuffix(" *").replace("\\", "\\\\").replace("'", "\\'")
        value = ""
        if argument:
            words = f"'{WORDS[name]}'" if name in WORDS else f"'({KINDS[argument][2]})'" if argument in KINDS else ""
            value = " -x" + (f" -a {words}" if words else "")
        lines += f"complete -c execsnoop -l {name}" + (f" -s {letter}" if letter else "") + f" -d '{text}'{value}\n"
    return f"# {HEAD}\n{lines}"


rows_by_name = {name: text for _, name, _, text in rows}
for file, text in (("execsnoop.bash", bash()), ("_execsnoop", zsh()), ("execsnoop.fish", fish())):
    with open(f"{sys.argv[1]}/{file}", "w") as out:
        out.write(text)
