// Several statements on a line.
#pragma mmscope machine arch=x86_64 ram=64M slab=slub
int n = 0, m = 0;
int twice(int x) {
  n++; return 2 * x; // twice
}
n = 1; m = twice(n); n = 3; // three
for (int i = 0; i < 3; i++) { n += i; m -= i; } // loop
n = 9; // last
