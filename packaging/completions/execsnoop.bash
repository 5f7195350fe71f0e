# SPDX-License-Identifier: GPL-2.0-only
# Written by packaging/completions.py from run/command_line.c.

_execsnoop() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} i
	for ((i = 1; i < COMP_CWORD; i++)); do
		[ "${COMP_WORDS[i]}" = -- ] || continue
		mapfile -t COMPREPLY < <(compgen -$([ $i = $((COMP_CWORD - 1)) ] && echo c || echo f) -- "$word")
		return
	done
	case $before in
	--name | -n) COMPREPLY=() ;;
	--not-name) COMPREPLY=() ;;
	--line | -l) COMPREPLY=() ;;
	--not-line) COMPREPLY=() ;;
	--uid | -u) mapfile -t COMPREPLY < <(compgen -u -- "$word") ;;
	--not-uid) mapfile -t COMPREPLY < <(compgen -u -- "$word") ;;
	--pid | -p) mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [0-9]*)" -- "$word") ;;
	--ppid | -P) mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [0-9]*)" -- "$word") ;;
	--cgroup | -c) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	--mntns) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	--cgroupmap) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	--mntnsmap) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	--user) mapfile -t COMPREPLY < <(compgen -u -- "$word") ;;
	--duration | -d) COMPREPLY=() ;;
	--count) COMPREPLY=() ;;
	--ancestors) COMPREPLY=() ;;
	--env) COMPREPLY=() ;;
	--argv0) mapfile -t COMPREPLY < <(compgen -W "other always never" -- "$word") ;;
	--max-args) COMPREPLY=() ;;
	--max-bytes) COMPREPLY=() ;;
	--time-format) mapfile -t COMPREPLY < <(compgen -W "hms iso" -- "$word") ;;
	--color) mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$word") ;;
	--fields) COMPREPLY=() ;;
	--output | -o) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	--max-size) COMPREPLY=() ;;
	--keep) COMPREPLY=() ;;
	--timeline) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	--source) mapfile -t COMPREPLY < <(compgen -W "bpf perf proc sideband trace watch" -- "$word") ;;
	--ring-size) COMPREPLY=() ;;
	*) mapfile -t COMPREPLY < <(compgen -W "-x -n -l -u -p -P -c -d -T -t -U -C -M -q -J -o -V -h --fails --exits --name --not-name --line --not-line --uid --not-uid --pid --ppid --cgroup --mntns --cgroupmap --mntnsmap --user --duration --count --time --timestamp --print-uid --names --print-euid --print-cpu --print-pcomm --print-tty --print-exe --print-cwd --print-mntns --print-cgroup --print-cgroup-path --ancestors --tree --quote --env --argv0 --max-args --max-bytes --time-format --color --json --fields --output --append --quiet --max-size --keep --timeline --source --ring-size --check --verbose --no-sandbox --ebpf --version --help --" -- "$word") ;;
	esac
}
complete -o filenames -F _execsnoop execsnoop
