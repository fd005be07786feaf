// Runs until it is stopped.
#pragma mmscope machine arch=x86_64 ram=64M slab=slub
unsigned long n = 0;
while (1) {
  n = n + 1; // turn
  if (n == 1000000000)
    break;
}
