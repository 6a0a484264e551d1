/* What no sampler can go below: floor INTERVAL_US TICKS FILE... sleeps and reads
 * the files, and prints the CPU seconds that took.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long us = atol(argv[1]), ticks = atol(argv[2]);
	int files[16], n = 0;
	for (int i = 3; i < argc && n < 16; i++)
		if ((files[n++] = open(argv[i], O_RDONLY)) < 0)
			return 1;
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	for (long i = 0; i < ticks; i++) {
		char text[64];
		at.tv_nsec += 1000 * us;
		at.tv_sec += at.tv_nsec / 1000000000;
		at.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		for (int k = 0; k < n; k++)
			if (pread(files[k], text, sizeof text, 0) < 0)
				return 1;
	}
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	printf("%.6f\n", u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
}
