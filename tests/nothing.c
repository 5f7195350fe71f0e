/* Does nothing, at once: what the tests execute. */
int main(void)
{
	return 0;
}
