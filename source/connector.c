/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/connector.h>
#include <linux/netlink.h>
#include <string.h>

#include "source/connector.h"

/* struct proc_event, as far as all kernels have it. */
struct event {
	uint32_t what, cpu;
	uint64_t time; /* CLOCK_MONOTONIC, ns */
	uint32_t ids[4]; /* fork: parent's thread and process, child's thread and process; others: thread, process, … */
};

bool connector_parse(const char *bytes, size_t length, struct connector_event *event)
{
	struct nlmsghdr netlink;
	struct cn_msg connector;
	struct event e;

	if (length < sizeof(netlink) + sizeof(connector) + sizeof(e))
		return false;
	memcpy(&netlink, bytes, sizeof(netlink));
	memcpy(&connector, bytes + NLMSG_HDRLEN, sizeof(connector));
	memcpy(&e, bytes + NLMSG_HDRLEN + sizeof(connector), sizeof(e));
	if (netlink.nlmsg_len < sizeof(netlink) + sizeof(connector) + sizeof(e) || netlink.nlmsg_type != NLMSG_DONE ||
	    connector.id.idx != CN_IDX_PROC || connector.id.val != CN_VAL_PROC || connector.len < sizeof(e))
		return false;
	*event = (struct connector_event){e.what, e.cpu, connector.seq, e.time, {e.ids[0], e.ids[1], e.ids[2], e.ids[3]}};
	return true;
}
