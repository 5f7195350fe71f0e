# SPDX-License-Identifier: GPL-2.0-only
# Written by packaging/completions.py from run/command_line.c.

complete -c execsnoop -l fails -s x -d 'also failed execs'
complete -c execsnoop -l exits -d 'also process exits'
complete -c execsnoop -l name -s n -d 'only where the command\'s name (15 bytes) matches' -x
complete -c execsnoop -l not-name -d 'only where it does not' -x
complete -c execsnoop -l line -s l -d 'only where the file name and arguments match' -x
complete -c execsnoop -l not-line -d 'only where they do not' -x
complete -c execsnoop -l uid -s u -d 'only by this user, a name or a number' -x -a '(__fish_complete_users)'
complete -c execsnoop -l not-uid -d 'only by other users' -x -a '(__fish_complete_users)'
complete -c execsnoop -l pid -s p -d 'only by this process and its descendants' -x -a '(__fish_complete_pids)'
complete -c execsnoop -l ppid -s P -d 'only by children of this process' -x -a '(__fish_complete_pids)'
complete -c execsnoop -l cgroup -s c -d 'only in this cgroup v2 directory and below it' -x -a '(__fish_complete_path)'
complete -c execsnoop -l mntns -d 'only in the mount namespace of PID, or FILE' -x -a '(__fish_complete_path)'
complete -c execsnoop -l cgroupmap -d 'only cgroups whose id is in this pinned BPF map' -x -a '(__fish_complete_path)'
complete -c execsnoop -l mntnsmap -d 'only mount namespaces in this pinned BPF map' -x -a '(__fish_complete_path)'
complete -c execsnoop -l user -d 'run COMMAND as this user' -x -a '(__fish_complete_users)'
complete -c execsnoop -l duration -s d -d 'end after this time' -x
complete -c execsnoop -l count -d 'end after N execs' -x
complete -c execsnoop -l time -s T -d 'time of day'
complete -c execsnoop -l timestamp -s t -d 'seconds from start'
complete -c execsnoop -l print-uid -s U -d 'user\'s id'
complete -c execsnoop -l names -d 'user\'s name'
complete -c execsnoop -l print-euid -d 'effective user id'
complete -c execsnoop -l print-cpu -s C -d 'CPU'
complete -c execsnoop -l print-pcomm -s M -d 'parent\'s name'
complete -c execsnoop -l print-tty -d 'terminal'
complete -c execsnoop -l print-exe -d 'file that runs'
complete -c execsnoop -l print-cwd -d 'working directory'
complete -c execsnoop -l print-mntns -d 'mount namespace'
complete -c execsnoop -l print-cgroup -d 'cgroup\'s id'
complete -c execsnoop -l print-cgroup-path -d 'cgroup\'s path'
complete -c execsnoop -l ancestors -d 'parent, its parent, and so on: N of them, up to 32' -x
complete -c execsnoop -l tree -d 'indent by descent'
complete -c execsnoop -l quote -s q -d 'quote arguments'
complete -c execsnoop -l env -d 'show this environment variable' -x
complete -c execsnoop -l argv0 -d 'argv[0], too: other (than the file), always, never' -x -a 'other always never'
complete -c execsnoop -l max-args -d 'show N arguments at most (20; with -J all); 0: all' -x
complete -c execsnoop -l max-bytes -d 'show N bytes of them (32K; with -J 256K); 0: all' -x
complete -c execsnoop -l time-format -d 'show the time as hms, or as iso (UTC, RFC 3339)' -x -a 'hms iso'
complete -c execsnoop -l color -d 'auto (at a terminal), always, never' -x -a 'auto always never'
complete -c execsnoop -l json -s J -d 'JSON Lines instead of columns'
complete -c execsnoop -l fields -d 'of JSON, only these keys (pid,argv), or all' -x
complete -c execsnoop -l output -s o -d 'to this file; to standard output if it is -' -x -a '(__fish_complete_path)'
complete -c execsnoop -l append -d 'keep what it has'
complete -c execsnoop -l quiet -d 'no summary'
complete -c execsnoop -l max-size -d 'begin a new FILE when it has this size, like 64M' -x
complete -c execsnoop -l keep -d 'keep N old files, FILE.1 to FILE.N (1)' -x
complete -c execsnoop -l timeline -d 'also write execs and ends for ui.perfetto.dev' -x -a '(__fish_complete_path)'
complete -c execsnoop -l source -d 'bpf, perf, proc, sideband, trace or watch (the best)' -x -a 'bpf perf proc sideband trace watch'
complete -c execsnoop -l ring-size -d 'each CPU\'s ring buffer (64 to 4096, by memory)' -x
complete -c execsnoop -l check -d 'what works here'
complete -c execsnoop -l verbose -d 'all that it asks'
complete -c execsnoop -l no-sandbox -d 'keep all power'
complete -c execsnoop -l ebpf -d 'show BPF programs'
complete -c execsnoop -l version -s V -d 'show the version'
complete -c execsnoop -l help -s h -d 'show this help'
