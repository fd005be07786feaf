#pragma mmscope machine arch=x86_64 ram=64M slab=slab cmdline="slab_nomerge"
#include "include/objects.h"
