// What is evaluated here may take long: a string of 64 MiB. The other task has one long statement.
#pragma mmscope machine arch=x86_64 ram=256M slab=slub
char *p = vmalloc(64 << 20);
int n = 0;
int other = 0;
task writer {
  other = memchr_inv(p, 1, 64 << 20) != NULL;
  other++;
}
memset(p, 1, 64 << 20);
p[(64 << 20) - 1] = 0; // filled
n = 1; // first
n = 2; // second
schedule(); // yields
n = 3; // third
n = 4; // fourth
while (1)
  n++; // again
