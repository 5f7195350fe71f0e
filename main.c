/* SPDX-License-Identifier: GPL-2.0-only */
/* execsnoop: shows every program that a Linux machine executes.
 *
 * An exec on its way: BPF programs send records (bpf/) -> rings, records, parts (source/) -> struct exec, in order (reader/)
 * -> filter, session (run/) -> text or JSON, output (show/). tests/house.py checks this map, and who includes whom.
 *
 * prog.bpf.c             the BPF object: all programs
 *   bpf/common.bpf.h     settings, helpers, maps, filters, fields of all execs
 *   bpf/settings.h       list of settings, for both sides
 *   bpf/maps.h           list of maps, for both sides
 *   bpf/record.h         records that the programs send
 *   bpf/user.h           rule for addresses of programs, for both sides
 *   bpf/facts.bpf.h      more of the process
 *   bpf/more.bpf.h       what follows an exec's first record
 *   bpf/chain.bpf.h      ancestors
 *   bpf/variables.bpf.h  variables of the environment
 *   bpf/path.bpf.h       paths of file and working directory
 *   bpf/exec.bpf.h       successful execs
 *   bpf/call.bpf.h       failed calls
 *   bpf/thread.bpf.h     threads that begin and end
 *   bpf/peek.bpf.h       kernel memory, for learning
 *   bpf/stack.bpf.h      the same for Linux 4.8 to 4.10
 *   bpf/embed.S          the object, packed
 * elf.c                  reads the object, links programs
 * loader.c               bpf(2), perf_event_open(2)
 *
 * kernel/features.c      table of what the kernel can do
 * kernel/layout.c        learns offsets from copies of kernel memory
 * kernel/states.c        learns more from processes in known states
 * kernel/places.c        places that have a known value
 * kernel/peek.c          gets the copies
 * kernel/peeker.c        asks for them
 * kernel/models.c        makes the processes
 * kernel/paths.c         learns directories and mounts
 * kernel/walker.c        makes them
 * kernel/abi.c           how each architecture takes execve(2)
 * kernel/user.c          where user space ends, by architecture
 * kernel/tracefs.c       tracepoints' numbers and fields
 * kernel/kprobes.c       kprobes by tracefs
 * kernel/mounts.c        tracefs, sysfs and proc, mounted or not
 * kernel/cpulist.c       lists of CPUs
 * kernel/namespaces.c    mount namespaces by number
 * kernel/cgroups.c       cgroups by id
 * kernel/audit_arch.h    its name for seccomp(2)
 * kernel/process_status.c  /proc/PID/status
 * kernel/ttys.c          names of terminals
 * kernel/chunk.c         memory that was read in halves
 *
 * source/source.h        what a source of execs can be asked to do
 * source/request.h       what it is asked for
 * source/sources.c       all sources, the best first
 * source/bpf.c           the source by BPF programs: start and end
 * source/tracer.c        its state, and its lanes
 * source/plan.c          what a program is linked with; maps and programs by name
 * source/learn.c         what the kernel is, for the links
 * source/attach.c        programs to tracepoints
 * source/execs.c         attaches what sees successful execs
 * source/failures.c      attaches what sees failed calls
 * source/follow.c        attaches what follows -p and a command
 * source/members.c       the threads that are followed
 * source/filter_maps.c   maps of the kernel-side filters
 * source/cpus.c          rings of CPUs that come and go
 * source/records.c       records out of the rings
 * source/parts.c         an exec out of its records
 * source/more.c          ancestors, paths, variables of an exec
 * source/path.c          a path out of its names
 * source/counts.c        counts, and losses
 * source/collector.h     state of a process that collects execs without BPF
 * source/collector_source.c  a source by such a process, from outside
 * source/collect.c       the loop of that process
 * source/events.c        forks, execs, ends: what each becomes
 * source/processes.c     the processes that live
 * source/sightings.c     execs until it is certain whose strings were read
 * source/details.c       more of a process, from /proc
 * source/image.c         strings of a program image, from /proc
 * source/catchers.c      threads that read them before a program can end
 * source/ids.c           users and parents, by which all sources and the reader filter
 * source/passes.c        filters
 * source/pipe.c          execs to the reader
 * source/perf.c          by perf events: tracepoint with stack, or records of processes
 * source/perf_events.c   the events and rings
 * source/perf_thread.c   what wakes the threads
 * source/sample.c        records of perf events
 * source/proc.c          by the proc connector
 * source/connector.c     its messages
 * source/taskstats.c     names of what has ended
 * source/trace.c         by ptrace(2)
 * source/calls.c         its failed calls
 * source/watch.c         by looking at /proc
 *
 * reader/exec.c          struct exec, its arguments
 * reader/merge.c         execs of all lanes in order
 * reader/assembly.c      buffer for one exec's strings
 * reader/lives.c         processes that have executed
 * reader/ring.c          a perf ring
 * reader/remote.c        memory of processes, read from outside
 * reader/parents.h       a way to ask for a parent
 *
 * run/command_line.c     the table of options
 * run/values.c           their values
 * run/options.h          what they say
 * run/run.c              help, check, programs or trace
 * run/session.c          the loop of a trace
 * run/filter.c           --name, --line
 * run/said.c             messages of losses
 * run/command.c          -- COMMAND
 * run/signals.c          signals that ask to end
 * run/helper.c           two processes or three: the reader's side
 * run/server.c           the helper's side
 * run/opener.c           begins files anew
 * run/sandbox.c          the power that all give up
 * run/choose.c           which source
 * run/check.c            --check
 * run/disasm.c           --ebpf
 *
 * show/form.h            which fields
 * show/printer.h         state of the printer
 * show/print.c           one exec, one line
 * show/fields.c          which fields are asked for
 * show/field.h           their table
 * show/columns.c         as columns
 * show/keys.c            as JSON's keys
 * show/strings.c         file name and arguments as JSON
 * show/users.c           names of users
 * show/cgroup_paths.c    paths of cgroups that were asked for
 * show/chain.c           ancestors
 * show/container.c       containers that they name
 * show/text.c            as text
 * show/json.c            as JSON
 * show/tree.c            --tree
 * show/escape.c          text that cannot harm a terminal
 * show/utf8.c            characters
 * show/unprintable.h     table of characters, from Unicode
 * show/end.c             the end of a process
 * show/timeline.c        --timeline
 * show/errname.c         names of errors
 * show/signame.c         names of signals
 * show/tz.c              time zones
 * show/output.c          lines on their way, without waiting
 * show/stream.c          where they go
 * show/rotate.c          files that are begun anew
 *
 * lib/error.c            one error, told once
 * lib/say.c              messages
 * lib/format.c           a small printf
 * lib/files.c            small files
 * lib/timestamp.c        clocks
 * lib/passing.c          messages with descriptors
 * lib/accounts.c         users and groups of /etc
 * lib/lz4.c              unpacks the object
 * lib/wctype.c           what musl's regex needs */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/say.h"
#include "run/command_line.h"
#include "run/run.h"
#include "run/signals.h"

int main(int argc, char **argv)
{
	struct inherited inherited;
	struct options options;
	struct error err = {0};
	enum hangup hangup;
	bool ignored;
	int ret, fd;

	/* Or a map would get the number of a standard stream that is closed, and the lines. What is
	 * written here fails. */
	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	close(fd);
	if (getuid() != geteuid() || getgid() != getegid()) {
		say("it is installed setuid, which would give every user what root sees and writes; use sudo(8) or "
		    "chmod u-s");
		return 1;
	}
	say_open();
	ret = options_parse(&options, argc, argv);
	if (!ret) {
		inherited_note(&inherited);
		ignored = inherited.actions[0].sa_handler == SIG_IGN;
		if (options.output)
			hangup = ignored ? HANGUP_ONLY_REOPENS : HANGUP_REOPENS;
		else
			hangup = ignored ? HANGUP_IGNORED : HANGUP_ENDS;
		signals_handle(!options.help && !options.version && !options.ebpf, hangup);
		if (run(&options, argv, &inherited, &ret, &err)) {
			if (err.log)
				say_as_it_is(err.log);
			say("%s", err.text);
			ret = ret ? ret : 1;
		}
		free(err.log);
	}
	options_free(&options);
	return ret;
}
