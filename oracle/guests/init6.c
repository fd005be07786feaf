// sixth /init: the mode advise, pages that are paged out without swap, maps of a pool that move.
#include "later.h"

#include "huge.h"
#include "migr.h"
#include "thpmigr.h"
#include "hugetlb.h"
#include "advise.h"

int main(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/tmp", 0777);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, 0);
	mount("sys", "/sys", "sysfs", 0, 0);
	mount("tmp", "/tmp", "tmpfs", 0, 0);
	mount("dev", "/dev", "devtmpfs", 0, 0);
	int c = open("/dev/console", O_RDWR);
	if (c >= 0) {
		dup2(c, 0);
		dup2(c, 1);
		dup2(c, 2);
	}
	int fd = open("/proc/cmdline", O_RDONLY);
	int n = read(fd, cmdline, sizeof cmdline - 1);
	cmdline[n > 0 ? n : 0] = 0;
	close(fd);
	orcfd = open("/proc/mmoracle", O_WRONLY);
	putfd = open("/proc/mmoracle_put", O_WRONLY);
	for (char *p = cmdline; (p = strstr(p, "mmo.w=")); p++) {
		char path[128], val[64];
		if (sscanf(p + 6, "%127[^: ]:%63[^ \n]", path, val) == 2)
			wr(path, val);
	}
	rs = arg("mmo.seed=", 1) * 2654435761u | 1;
	put("mode advise\n");
	usleep(300000);
	orc("probes");
	orc("kstop");
	usleep(200000);
	advise();
	putdmesg("dmesg");
	bye();
}
