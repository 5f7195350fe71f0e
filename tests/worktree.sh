# SPDX-License-Identifier: GPL-2.0-only
# worktree_commit: prints the name of a commit of all files that git does not ignore, as they are now. No branch has it, and the
# index stays as it is, so several tests may do so at a time. 1: this is no git clone.
worktree_commit() (
	index=$(mktemp -u)
	trap 'rm -f "$index"' EXIT
	export GIT_INDEX_FILE="$index"
	set -- -c safe.directory='*' -c user.name=test -c user.email=test@example.org
	git "$@" add -A && git "$@" commit-tree -m test "$(git "$@" write-tree)"
)
