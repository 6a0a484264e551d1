/* A libnvidia-ml.so that says what a script tells it to, for tests.
 *
 * FAKE_NVML names the script; it is read at each nvmlInit_v2. A line is a key
 * and values; each call of the function behind a key takes the next value, the
 * last one stays for ever. A value is a number, "max" (the sentinel, all ones),
 * "error:N" (the call returns N), or "stairs:PERIOD_US:STEP:START": START, and
 * STEP more each period. Behind any of these, "*COUNT" repeats it, and "@MS"
 * makes the whole line go by the clock: a value counts from MS milliseconds
 * after nvmlInit_v2 on. "file:PATH" is what stands in that file at each call.
 *
 *   init error:9
 *   driver 550.90.07
 *   gpu                      begins the next GPU; its keys follow
 *   name NVIDIA Fake GPU
 *   uuid GPU-0000
 *   handle error:4           nvmlDeviceGetHandleByIndex_v2
 *   capability 9 0
 *   energy 1000 1500*3 error:15 20
 *   instant, average, usage  milliwatts: fields 186 and 185, nvmlDeviceGetPowerUsage
 *   moduleinstant, moduleaverage, memoryinstant, memoryaverage
 *                            the same fields in the scopes of module and memory
 *   util, temp, limit
 *   memory USED TOTAL
 *   clocks GRAPHICS MEMORY MAX_GRAPHICS MAX_MEMORY
 *   pci DOMAIN BUS DEVICE    hexadecimal
 *   serial 1650522003820
 *   mig UUID...              the GPU is cut into these
 *   processes PID...         or file:PATH, which holds them
 *
 * A key that is not there is not supported (3). The energy counter is told by
 * nvmlDeviceGetTotalEnergyConsumption and, with "energyfield 1", as field 83
 * too. Compiled with -DOLD the library has only what an old driver has.
 *
 * What is declared here is NVML's public binary interface.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6 };
enum { KEYS = 17, VALUES = 4096, GPUS = 16 };

typedef struct { char file[256]; int used, timed, n, at; struct { long long number, period, step, from; int error; } v[VALUES]; } series;
typedef struct gpu { char name[96], uuid[96], serial[30], processes[256]; unsigned int pci[3], migs; int has_pci, has_processes; struct gpu *mig[8]; series key[KEYS]; } gpu;
typedef gpu *device;

static const char *keys[KEYS] = {"handle", "capability", "energy", "energyfield", "instant", "average", "usage", "util", "temp", "limit", "memory", "init", "clocks", "moduleinstant", "moduleaverage", "memoryinstant", "memoryaverage"};
enum { HANDLE, CAPABILITY, ENERGY, ENERGYFIELD, INSTANT, AVERAGE, USAGE, UTIL, TEMP, LIMIT, MEMORY, INIT, CLOCKS, MODULEINSTANT, MODULEAVERAGE, MEMORYINSTANT, MEMORYAVERAGE };

static gpu gpus[GPUS];
static int count, running;
static char driver[81];
static struct timespec began;
static gpu global; /* its INIT series; it survives nvmlShutdown, to be stepped through */

static void read_value(series *s, const char *text)
{
	long long number = 0, period = 0, step = 0, times = 1;
	int error = 0;
	const char *star = strchr(text, '*'), *from = strchr(text, '@');
	s->used = 1;
	if (!strncmp(text, "file:", 5)) {
		snprintf(s->file, sizeof s->file, "%s", text + 5);
		return;
	}
	if (star)
		times = atoll(star + 1);
	if (from)
		s->timed = 1;
	if (!strncmp(text, "error:", 6))
		error = atoi(text + 6);
	else if (!strncmp(text, "stairs:", 7))
		sscanf(text + 7, "%lld:%lld:%lld", &period, &step, &number);
	else if (!strncmp(text, "max", 3))
		number = -1;
	else
		number = atoll(text);
	while (times-- > 0 && s->n < VALUES) {
		s->v[s->n].number = number;
		s->v[s->n].period = period;
		s->v[s->n].step = step;
		s->v[s->n].from = from ? 1000 * atoll(from + 1) : 0;
		s->v[s->n++].error = error;
	}
}

/* from_file takes a series' only value from its file. */
static void from_file(series *s)
{
	char text[64] = "error:999", path[sizeof s->file];
	FILE *f = fopen(s->file, "r");
	if (f) {
		if (fscanf(f, "%63s", text) != 1)
			strcpy(text, "error:999");
		fclose(f);
	}
	memcpy(path, s->file, sizeof path);
	s->n = s->at = 0;
	read_value(s, text);
	memcpy(s->file, path, sizeof path);
}

/* add_migs makes a device of each UUID. */
static void add_migs(gpu *g, char *uuids)
{
	for (char *u = strtok(uuids, " \t"); u && g->migs < 8; u = strtok(NULL, " \t")) {
		gpu *m = calloc(1, sizeof *m);
		snprintf(m->uuid, sizeof m->uuid, "%s", u);
		g->mig[g->migs++] = m;
	}
}

static void read_script(void)
{
	static char line[65536];
	const char *path = getenv("FAKE_NVML");
	FILE *f = path ? fopen(path, "r") : NULL;
	gpu *g = &global;
	int init_at = global.key[INIT].at;
	memset(gpus, 0, count * sizeof gpus[0]); /* and not what was never used: it is large */
	memset(&global, 0, sizeof global);
	count = 0;
	while (f && fgets(line, sizeof line, f)) {
		char *key = strtok(line, " \t\n");
		if (!key || key[0] == '#')
			continue;
		if (!strcmp(key, "gpu") && count < GPUS) {
			g = &gpus[count++];
			continue;
		}
		char *rest = strtok(NULL, "\n");
		if (!rest)
			rest = "";
		if (!strcmp(key, "driver"))
			snprintf(driver, sizeof driver, "%s", rest);
		else if (!strcmp(key, "name"))
			snprintf(g->name, sizeof g->name, "%s", rest);
		else if (!strcmp(key, "uuid"))
			snprintf(g->uuid, sizeof g->uuid, "%s", rest);
		else if (!strcmp(key, "serial"))
			snprintf(g->serial, sizeof g->serial, "%s", rest);
		else if (!strcmp(key, "pci"))
			g->has_pci = sscanf(rest, "%x %x %x", &g->pci[0], &g->pci[1], &g->pci[2]) == 3;
		else if (!strcmp(key, "mig"))
			add_migs(g, rest);
		else if (!strcmp(key, "processes")) {
			g->has_processes = 1;
			snprintf(g->processes, sizeof g->processes, "%s", rest);
		} else
			for (int k = 0; k < KEYS; k++)
				if (!strcmp(key, keys[k]))
					for (char *v = strtok(rest, " \t"); v; v = strtok(NULL, " \t"))
						read_value(&g->key[k], v);
	}
	if (f)
		fclose(f);
	global.key[INIT].at = init_at;
	clock_gettime(CLOCK_MONOTONIC, &began);
}

static long long elapsed(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - began.tv_sec) * 1000000LL + (now.tv_nsec - began.tv_nsec) / 1000;
}

/* next takes a series' next value. */
static int next(series *s, unsigned long long *out)
{
	if (!running)
		return UNINITIALIZED;
	if (!s->used)
		return NOT_SUPPORTED;
	if (s->file[0])
		from_file(s);
	long long us = elapsed();
	int i = s->at;
	if (s->timed)
		for (i = s->n - 1; i > 0 && s->v[i].from > us; i--)
			;
	else if (s->at < s->n - 1)
		s->at++;
	*out = s->v[i].number;
	if (s->v[i].period > 0)
		*out += us / s->v[i].period * s->v[i].step;
	return s->v[i].error;
}

static int next_uint(series *s, unsigned int *out)
{
	unsigned long long v = 0;
	int ret = next(s, &v);
	*out = (unsigned int)v;
	return ret;
}

int nvmlInit_v2(void)
{
	unsigned long long v;
	read_script();
	running = 1;
	if (global.key[INIT].used) {
		int ret = next(&global.key[INIT], &v);
		running = ret == SUCCESS;
		return ret;
	}
	return SUCCESS;
}

int nvmlShutdown(void)
{
	running = 0;
	return SUCCESS;
}

const char *nvmlErrorString(int ret)
{
	switch (ret) {
	case 3: return "Not Supported";
	case 4: return "Insufficient Permissions";
	case 9: return "Driver Not Loaded";
	case 15: return "GPU is lost";
	}
	return "Unknown Error";
}

int nvmlSystemGetDriverVersion(char *version, unsigned int length)
{
	snprintf(version, length, "%s", driver);
	return SUCCESS;
}

int nvmlDeviceGetCount_v2(unsigned int *n)
{
	*n = count;
	return running ? SUCCESS : UNINITIALIZED;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, device *out)
{
	unsigned long long v;
	if (!running)
		return UNINITIALIZED;
	if (index >= (unsigned)count)
		return INVALID_ARGUMENT;
	*out = &gpus[index];
	return gpus[index].key[HANDLE].used ? next(&gpus[index].key[HANDLE], &v) : SUCCESS;
}

int nvmlDeviceGetHandleByUUID(const char *uuid, device *out)
{
	if (!running)
		return UNINITIALIZED;
	for (int i = 0; i < count; i++)
		if (!strcmp(gpus[i].uuid, uuid)) {
			*out = &gpus[i];
			return SUCCESS;
		}
	return NOT_FOUND;
}

int nvmlDeviceGetName(device d, char *name, unsigned int length)
{
	snprintf(name, length, "%s", d->name);
	return SUCCESS;
}

int nvmlDeviceGetUUID(device d, char *uuid, unsigned int length)
{
	snprintf(uuid, length, "%s", d->uuid);
	return SUCCESS;
}

int nvmlDeviceGetPowerUsage(device d, unsigned int *mw) { return next_uint(&d->key[USAGE], mw); }
int nvmlDeviceGetEnforcedPowerLimit(device d, unsigned int *mw) { return next_uint(&d->key[LIMIT], mw); }
int nvmlDeviceGetTemperature(device d, int sensor, unsigned int *t) { (void)sensor; return next_uint(&d->key[TEMP], t); }

int nvmlDeviceGetUtilizationRates(device d, unsigned int *rates)
{
	rates[1] = 0;
	return next_uint(&d->key[UTIL], &rates[0]);
}

int nvmlDeviceGetCudaComputeCapability(device d, int *major, int *minor)
{
	unsigned int v;
	int ret = next_uint(&d->key[CAPABILITY], &v);
	*major = v;
	ret = next_uint(&d->key[CAPABILITY], &v);
	*minor = v;
	d->key[CAPABILITY].at = 0;
	return ret;
}

int nvmlDeviceGetMemoryInfo(device d, unsigned long long *total_free_used)
{
	unsigned long long used = 0;
	series *s = &d->key[MEMORY];
	int ret = next(s, &used);
	total_free_used[0] = s->used ? s->v[s->n - 1].number : 0;
	total_free_used[1] = total_free_used[0] - used;
	total_free_used[2] = used;
	s->at = 0;
	return ret;
}

#ifndef OLD

int nvmlDeviceGetTotalEnergyConsumption(device d, unsigned long long *mj) { return next(&d->key[ENERGY], mj); }

struct memory_v2 { unsigned int version; unsigned long long total, reserved, free, used; };

int nvmlDeviceGetMemoryInfo_v2(device d, struct memory_v2 *m)
{
	unsigned long long v[3];
	int ret = nvmlDeviceGetMemoryInfo(d, v);
	m->total = v[0], m->reserved = 0, m->free = v[1], m->used = v[2];
	return ret;
}

struct field {
	unsigned int id, scope;
	long long timestamp, latency;
	unsigned int type;
	int ret;
	union { double d; unsigned int u; unsigned long long ull; } value;
};

int nvmlDeviceGetFieldValues(device d, int n, struct field *f)
{
	if (!running)
		return UNINITIALIZED;
	for (int i = 0; i < n; i++) {
		unsigned long long v = 0;
		memset(&f[i].value, 0x5a, sizeof f[i].value); /* undefined where ret is not success */
		if (f[i].scope > 0) {
			int k = f[i].scope == 1 ? MODULEINSTANT : MEMORYINSTANT;
			f[i].ret = f[i].scope > 2 || f[i].id < 185 || f[i].id > 186 ? NOT_SUPPORTED : next(&d->key[k + (f[i].id == 185)], &v);
			f[i].type = 1;
			f[i].value.u = (unsigned int)v;
			continue;
		}
		switch (f[i].id) {
		case 83:
			f[i].ret = d->key[ENERGYFIELD].used ? next(&d->key[ENERGY], &v) : NOT_SUPPORTED;
			f[i].type = 3;
			f[i].value.ull = v;
			continue;
		case 185: f[i].ret = next(&d->key[AVERAGE], &v); break;
		case 186: f[i].ret = next(&d->key[INSTANT], &v); break;
		default: f[i].ret = NOT_SUPPORTED; continue;
		}
		f[i].type = 1;
		f[i].value.u = (unsigned int)v; /* the upper half stays garbage */
	}
	return SUCCESS;
}

/* clock_of takes one of the four clocks. */
static int clock_of(device d, int i, unsigned int *mhz)
{
	series *s = &d->key[CLOCKS];
	if (!running || i < 0 || i >= s->n)
		return NOT_SUPPORTED;
	*mhz = s->v[i].number;
	return s->v[i].error;
}

/* The types are graphics 0, SM 1 and memory 2. */
int nvmlDeviceGetClockInfo(device d, int type, unsigned int *mhz) { return clock_of(d, type / 2, mhz); }
int nvmlDeviceGetMaxClockInfo(device d, int type, unsigned int *mhz) { return clock_of(d, 2 + type / 2, mhz); }

int nvmlDeviceGetSerial(device d, char *serial, unsigned int length)
{
	snprintf(serial, length, "%s", d->serial);
	return d->serial[0] ? SUCCESS : NOT_SUPPORTED;
}

struct pci { char legacy[16]; unsigned int domain, bus, device, id, subsystem; char busid[32]; };

int nvmlDeviceGetPciInfo_v3(device d, struct pci *p)
{
	memset(p, 0, sizeof *p);
	p->domain = d->pci[0], p->bus = d->pci[1], p->device = d->pci[2];
	snprintf(p->busid, sizeof p->busid, "%08X:%02X:%02X.0", p->domain, p->bus, p->device);
	return d->has_pci ? SUCCESS : NOT_SUPPORTED;
}

int nvmlDeviceGetMigMode(device d, unsigned int *current, unsigned int *pending)
{
	*current = *pending = d->migs > 0;
	return SUCCESS;
}

int nvmlDeviceGetMaxMigDeviceCount(device d, unsigned int *n)
{
	*n = d->migs > 0 ? 7 : 0;
	return SUCCESS;
}

int nvmlDeviceGetMigDeviceHandleByIndex(device d, unsigned int i, device *out)
{
	if (i >= d->migs)
		return NOT_FOUND;
	*out = d->mig[i];
	return SUCCESS;
}

struct process { unsigned int pid; unsigned long long memory; unsigned int gi, ci; };

int nvmlDeviceGetComputeRunningProcesses_v3(device d, unsigned int *n, struct process *out)
{
	unsigned int room = *n, pid;
	char text[4096] = "", *from = d->processes;
	if (!running || !d->has_processes)
		return running ? NOT_SUPPORTED : UNINITIALIZED;
	if (!strncmp(from, "file:", 5)) {
		FILE *f = fopen(from + 5, "r");
		if (f) {
			text[fread(text, 1, sizeof text - 1, f)] = 0;
			fclose(f);
		}
		from = text;
	}
	*n = 0;
	for (int used; sscanf(from, "%u%n", &pid, &used) == 1; from += used, ++*n)
		if (*n < room)
			out[*n] = (struct process){pid, ~0ULL, ~0U, ~0U};
	return *n > room ? 7 /* insufficient size */ : SUCCESS;
}

#endif
