/* SPDX-License-Identifier: GPL-2.0-only */
/* Does nothing, at once: what the tests execute. */
int main(void)
{
	return 0;
}
