int a = ;
struct page *p = alloc_pagess(GFP_KERNEL);
