/* Prints the offsets that the product learns on this machine, for tests/btf.sh. */
#include <stdio.h>

#include "kernel/layout.h"
#include "source/bpf.h"

int main(int argc, char **argv)
{
	const struct request request = {0};
	const struct layout *l;
	struct source *source;
	struct error err = {0};

	if (argc > 1) /* the exec that the learner looks at, of this very program */
		return 0;
	source = bpf_open(&request, &err);
	if (!source || source->ops->start(source, argv, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	l = bpf_layout(source);
	printf("task_struct.tgid %u\ntask_struct.real_parent %u\ntask_struct.comm %u\n", l->task_tgid,
	       l->task_real_parent, l->task_comm);
	printf("task_struct.mm %u\nmm_struct.arg_start %u\ntask_struct.nsproxy %u\n", l->task_mm,
	       l->mm_arg_start, l->task_nsproxy);
	printf("nsproxy.mnt_ns %u\nmnt_namespace.ns.inum %u\n", l->nsproxy_mnt_ns, l->mnt_ns_inum);
	printf("linux_binprm.filename %u\n", l->bprm_filename);
	return 0;
}
