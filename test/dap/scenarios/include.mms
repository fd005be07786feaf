#pragma mmscope machine arch=x86_64 ram=32M
#include "include/pages.h"

struct page *page = take(1); // taken
give(page, 1);
