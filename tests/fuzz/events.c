/* SPDX-License-Identifier: GPL-2.0-only */
/* The input of the sources without BPF: records of perf events, messages of the proc connector and of taskstats, /proc/PID/stat,
 * and what comes through the pipe. The first byte chooses. */
#include <stdlib.h>
#include <string.h>

#include "kernel/ttys.h"
#include "source/connector.h"
#include "source/image.h"
#include "source/pipe.h"
#include "source/sample.h"
#include "source/taskstats.h"

static void check_text(const char *text, const void *data, size_t size)
{
	if (text < (const char *)data || text + strlen(text) >= (const char *)data + size)
		abort();
}

static void try_sample(void *data, size_t size, bool stack)
{
	struct perf_event_header header = {.size = (uint16_t)size};
	struct perf_record record;
	struct image image;
	const char *args, *name;
	size_t length;

	/* The size is the ring's business. */
	if (size >= sizeof(header))
		memcpy((char *)data + offsetof(struct perf_event_header, size), &header.size, sizeof(header.size));
	if (!sample_parse(data, size, stack, &record))
		return;
	if (record.text)
		check_text(record.text, data, size);
	if (record.type != PERF_RECORD_SAMPLE)
		return;
	length = sample_filename(&record, 8, &name);
	if (name && (name[length] || name < (const char *)data || name + length >= (const char *)data + size))
		abort();
	if (sample_arguments(&record, &args, &length, &image) &&
	    (args < record.stack || args + length > record.stack + record.stack_size || (length && args[length - 1])))
		abort();
}

static void try_stat(const char *text)
{
	struct process_stat stat;

	if (process_parse_stat(text, &stat) && stat.comm[EXEC_COMM - 1])
		abort();
}

/* Drivers of terminals, and a name by them. */
static void try_ttys(const char *text, size_t size)
{
	struct ttys ttys;
	char name[TTY_NAME];

	ttys_parse(&ttys, text);
	ttys_name(&ttys, (uint32_t)size * 2654435761U, name);
	for (size_t i = 0; i < ttys.count; i++)
		ttys_name(&ttys, ttys.drivers[i].major << 8 | (ttys.drivers[i].last & 0xff), name);
	ttys_from_kernel(text, size, name);
}

static void try_pipe(const char *data, size_t size)
{
	struct pipe_head head;

	if (size < sizeof(head))
		return;
	memcpy(&head, data, sizeof(head));
	if (pipe_is_sound(&head, data, size) && sizeof(head) + head.name_length + 1 + head.args_length + head.exe_length + head.cwd_length + head.variables_length +
						 head.chain_count * sizeof(struct exec_ancestor) > size)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct connector_event event;
	struct taskstats_end end;
	char *bytes;

	if (!size)
		return 0;
	/* Exactly as long, so that a byte too many is seen. */
	bytes = malloc(size);
	memcpy(bytes, data + 1, size - 1);
	bytes[size - 1] = '\0';
	switch (*data % 7) {
	case 0:
	case 1:
		bytes = realloc(bytes, size - 1 ? size - 1 : 1);
		try_sample(bytes, size - 1, *data % 7);
		break;
	case 2:
		connector_parse(bytes, size - 1, &event);
		break;
	case 5:
		if (taskstats_parse(bytes, size - 1, 28, &end) && end.comm[EXEC_COMM - 1])
			abort();
		break;
	case 6:
		try_ttys(bytes, size - 1);
		break;
	case 3:
		try_stat(bytes);
		break;
	default:
		try_pipe(bytes, size - 1);
	}
	free(bytes);
	return 0;
}
