#pragma mmscope machine arch=x86_64 ram=64M cmdline="debug_vm=on"
struct page *p = alloc_page(GFP_KERNEL);
__free_page(p);
int n = 0;
__free_page(p); // twice
