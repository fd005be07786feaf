#pragma mmscope machine arch=x86_64 ram=64M slab=slub cmdline="slab_nomerge slub_max_order=0"
#include "include/objects.h"
