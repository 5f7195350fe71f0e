/* SPDX-License-Identifier: GPL-2.0-only */
/* The rings' records: each byte string with a length before it is a record of the one ring or the other. All that is put
 * together from it is printed in both forms. */
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "show/print.h"
#include "source/records.h"

#define SIZE 65536

static struct ring rings[2];
static struct records records;
static struct output out;
static struct form text = {.max_args = 20, .quote = true, .tree = true, .print_pcomm = true}, json = {.json = true, .max_bytes = 1000};
static struct printer printers[2];

static void set_up(void)
{
	struct error err;

	for (int i = 0; i < 2; i++) {
		int fd = memfd_create("ring", 0);

		if (ftruncate(fd, sysconf(_SC_PAGESIZE) + SIZE) || ring_map(&rings[i], fd, SIZE, &err))
			abort();
	}
	if (records_init(&records, 1, 1, -1, 0) || output_init(&out, open("/dev/null", O_WRONLY)))
		abort();
	records_add(&records, &rings[0], &rings[1], 0);
	print_init(&printers[0], &text, &out, &(struct print_setup){.source = "bpf"});
	print_init(&printers[1], &json, &out, &(struct print_setup){.source = "bpf"});
}

static void put(struct ring *ring, const uint8_t *bytes, size_t size)
{
	struct perf_event_mmap_page *page = ring->page;
	uint32_t raw = (uint32_t)size;
	struct perf_event_header header = {.type = PERF_RECORD_SAMPLE, .size = (uint16_t)((sizeof(header) + sizeof(raw) + size + 7) & ~7UL)};
	uint8_t record[4096 + 32] = {0};

	memcpy(record, &header, sizeof(header));
	memcpy(record + sizeof(header), &raw, sizeof(raw));
	memcpy(record + sizeof(header) + sizeof(raw), bytes, size);
	for (size_t i = 0; i < header.size; i++)
		((uint8_t *)ring->data)[(page->data_head + i) & (SIZE - 1)] = record[i];
	page->data_head += header.size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct exec exec;

	if (!records.lanes)
		set_up();
	while (size > 2) {
		size_t length = data[0] | (data[1] & 15U) << 8;
		int ring = data[1] >> 7;

		data += 2;
		size -= 2;
		length = length < size ? length : size;
		if (length < 4096)
			put(&rings[ring], data, length);
		data += length;
		size -= length;
	}
	merge_update(&records.merge);
	for (unsigned int n = 0; merge_next(&records.merge, true, &exec); n++)
		print_exec(&printers[n & 1], &exec);
	out.used = out.complete = out.start = 0;
	return 0;
}
