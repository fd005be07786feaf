// A program: main() is called because nothing else is.
#pragma mmscope machine arch=x86_64 ram=64M

static int twice(int n)
{
	return 2 * n;
}

int main(void)
{
	int a = twice(2); // first
	a = twice(a); // second
	return a - 8;
}
