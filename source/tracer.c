/* SPDX-License-Identifier: GPL-2.0-only */
#include "source/tracer.h"

int tracer_lane(const struct tracer *t, enum lane_kind kind, int cpu)
{
	return t->preempted ? (int)kind * t->cpus + cpu : cpu;
}

int tracer_lanes(const struct tracer *t)
{
	return !t->preempted ? t->cpus : t->base.request->fails ? LANE_KINDS * t->cpus : LANE_ENTER_EXECVE * t->cpus;
}

int tracer_rings(const struct tracer *t)
{
	const struct request *r = t->base.request;

	return !t->preempted ? t->cpus : (r->fails ? LANE_FORK : r->exits ? LANE_FAIL : LANE_END) * t->cpus;
}
