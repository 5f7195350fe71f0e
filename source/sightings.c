/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "source/sightings.h"

static void forget_details(struct sightings *all, struct sighting *s)
{
	all->bytes -= details_bytes(&s->details);
	details_forget(&s->details);
}

/* Its strings are nobody's, or may be another's. */
static void forget_strings(struct sightings *all, struct sighting *s)
{
	all->bytes -= s->strings.args_length;
	s->strings.args_length = 0;
	s->strings.args = TEXT_UNREADABLE;
	forget_details(all, s);
	if (s->named)
		return;
	free(s->strings.bytes);
	s->strings = (struct image_strings){.name = TEXT_UNREADABLE, .args = TEXT_UNREADABLE};
}

/* Whether its strings are surely older than what the process executed next. own: those of the next one are its own. */
static bool is_before(const struct sightings *all, const struct sighting *s, const struct sighting *next, bool own)
{
	/* The next image had no arguments before its event. */
	if (all->early || !s->read_at)
		return s->read_until < next->exec.time;
	if (s->read_until + DECIDE_NS < next->exec.time)
		return true;
	/* The next image may have been there before its event, but is not the one that was read. */
	return own && s->read_until < next->exec.time && image_is_known(&s->image) && image_is_known(&next->image) &&
	       !image_is_same(&s->image, &next->image);
}

/* Decides it, and so the one before it. */
static void decide(struct sightings *all, struct sighting *s, bool own)
{
	uint64_t limit = s && s->next_exec ? s->next_exec->exec.time : UINT64_MAX; /* of the next exec */

	while (s) {
		struct sighting *before = s->before, *next = s->next_exec;
		bool before_is_own;

		own = s->certain || (own && s->read_at);
		before_is_own = before && is_before(all, before, s, own);
		if (before)
			before->next_exec = NULL;
		if (next)
			next->before = NULL;
		if (s->process && s->process->pending == s)
			s->process->pending = NULL;
		s->process = NULL;
		s->before = s->next_exec = NULL;
		if (s->details_until >= limit) /* whatever is certain of its strings */
			forget_details(all, s);
		if (!own)
			forget_strings(all, s);
		limit = s->exec.time;
		s = before;
		own = before_is_own;
	}
}

struct sighting *sightings_add(struct sightings *all, struct process *process, const struct exec *exec)
{
	struct sighting *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->exec = *exec;
	s->strings = (struct image_strings){.name = TEXT_UNREADABLE, .args = TEXT_UNREADABLE};
	s->process = process;
	if (process) {
		s->before = process->pending;
		if (s->before)
			s->before->next_exec = s;
		process->pending = s;
	}
	if (all->last)
		all->last->next = s;
	else
		all->first = s;
	all->last = s;
	if (!all->unasked)
		all->unasked = s;
	return s;
}

/* Whether what has been read along with the strings is as surely its own as these are. */
static bool takes_details(const struct sighting *s, const struct reading *reading, bool own)
{
	return s->process && own && !s->details.known && reading->details.known && (s->has_image || (reading->read && !s->read_at));
}

void sightings_fill(struct sightings *all, struct sighting *s, struct reading *reading)
{
	/* It began behind the event, or it is another one's. */
	bool own = s->has_image ? image_is_same(&s->image, &reading->stat.image) : all->stands || reading->at >= s->exec.time;

	if (takes_details(s, reading, own)) {
		s->details = reading->details;
		s->details_until = reading->until;
		all->bytes += details_bytes(&s->details);
		reading->details = (struct details){0};
	}
	if (!s->process || s->read_at || s->certain || !reading->read || !own ||
	    (s->named && reading->strings.name == TEXT_UNREADABLE)) {
		reading_free(reading);
		return;
	}
	details_forget(&reading->details);
	free(s->strings.bytes);
	s->named = false;
	s->certain = s->has_image;
	s->read_at = reading->at;
	s->read_until = reading->until;
	s->strings = reading->strings;
	s->image = reading->stat.image;
	all->bytes += s->strings.args_length;
}

void sighting_name(struct sighting *s, const char *comm)
{
	memset(s->exec.comm, 0, sizeof(s->exec.comm));
	memcpy(s->exec.comm, comm, strnlen(comm, sizeof(s->exec.comm) - 1));
	s->exec.known |= *comm ? EXEC_NAMED : 0U;
}

/* Its strings are its own if they were read while it lived. */
void sightings_end(struct sightings *all, struct process *process, uint64_t time)
{
	struct sighting *s = process->pending;

	if (s)
		decide(all, s, s->read_at <= time);
}

/* When it need not wait any more. One that has a next exec waits for what that one turns out to be. */
static uint64_t due(const struct sighting *s)
{
	if (s->look_again && !s->read_at)
		return s->look_again + DECIDE_NS;
	return (s->read_at ? s->read_until : s->exec.time) + (s->next_exec ? 2 : 1) * DECIDE_NS;
}

uint64_t sighting_next_look(const struct sighting *s)
{
	if (!s->process || s->read_at || s->certain || s->next_exec)
		return UINT64_MAX;
	return s->look_again ? s->look_again : s->exec.time + DECIDE_NS;
}

struct sighting *sightings_take(struct sightings *all, uint64_t time, bool at_once)
{
	struct sighting *s = all->first;

	if (!s || (s->process && due(s) >= time && !at_once && all->bytes <= SIGHTINGS_BYTES))
		return NULL;
	if (s->process && s->next_exec)
		decide(all, s, is_before(all, s, s->next_exec, false));
	else if (s->process)
		decide(all, s, due(s) < time || at_once);
	all->first = s->next;
	if (!s->next)
		all->last = NULL;
	if (all->unasked == s)
		all->unasked = s->next;
	all->bytes -= s->strings.args_length + details_bytes(&s->details);
	return s;
}

void sighting_free(struct sighting *s)
{
	free(s->strings.bytes);
	details_forget(&s->details);
	free(s->chain);
	free(s);
}

uint64_t sightings_wait(const struct sightings *all, uint64_t time)
{
	const struct sighting *s = all->first;
	uint64_t at;

	if (!s)
		return UINT64_MAX;
	at = sighting_next_look(s);
	if (s->process && due(s) < at)
		at = due(s);
	return s->process && at > time ? at - time : 0;
}
