// Calls that take long, each of them one statement.
#pragma mmscope machine arch=x86_64 ram=256M slab=slub
int spin(int turns) {
  int sum = 0;
  for (int i = 0; i < turns; i++)
    sum += i;
  return sum;
}
char *p = vmalloc(64 << 20);
unsigned char n = 0;
memset(p, 7, 64 << 20); // once
int same = memcmp(p, p + (32 << 20), 32 << 20); // compare
while (1)
  memset(p, n++, 64 << 20); // again
