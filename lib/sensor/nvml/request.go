//go:build cgo && linux

package nvml

/*
#cgo LDFLAGS: -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

// What one GPU is asked at each tick, and its answers. Of the functions those
// are NULL that are not called; the types are nvml.h's.
typedef struct {
	void *device;
	int (*get_fields)(void *device, int n, void *fields);
	int (*get_energy)(void *device, unsigned long long *millijoules);
	int (*get_power)(void *device, unsigned int *milliwatts);

	int n;
	void *fields;
	unsigned long long energy;
	unsigned int power;
	int of_fields, of_energy, of_power; // what the calls returned
} request;

void ipw_nvml_answer(void *p)
{
	request *r = p;
	if (r->get_fields)
		r->of_fields = r->get_fields(r->device, r->n, r->fields);
	if (r->get_energy)
		r->of_energy = r->get_energy(r->device, &r->energy);
	if (r->get_power)
		r->of_power = r->get_power(r->device, &r->power);
}

// The library was opened for all to see.
static request *new_request(int n, size_t size, int fields, int energy, int power)
{
	request *r = calloc(1, sizeof *r + n * size);
	r->n = n;
	r->fields = r + 1;
	if (fields)
		r->get_fields = dlsym(RTLD_DEFAULT, "nvmlDeviceGetFieldValues");
	if (energy)
		r->get_energy = dlsym(RTLD_DEFAULT, "nvmlDeviceGetTotalEnergyConsumption");
	if (power)
		r->get_power = dlsym(RTLD_DEFAULT, "nvmlDeviceGetPowerUsage");
	return r;
}
*/
import "C"

import (
	"reflect"
	"unsafe"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
)

// request is what a GPU is asked at each tick, in C's memory: the binding's own
// calls would cost more than all else that a tick does, see package quietcall.
type request struct{ c *C.request }

// newRequest keeps room for the fields, and returns them as they will be
// answered.
func newRequest(fields []nvml.FieldValue, energy, power bool) (request, []nvml.FieldValue) {
	n := len(fields)
	r := C.new_request(C.int(n), C.size_t(unsafe.Sizeof(nvml.FieldValue{})), truth(n > 0), truth(energy), truth(power))
	if n == 0 {
		return request{r}, nil
	}
	kept := unsafe.Slice((*nvml.FieldValue)(r.fields), n)
	copy(kept, fields)
	return request{r}, kept
}

func truth(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

// of names the GPU to ask: the binding's handle is the library's.
func (r request) of(dev nvml.Device) {
	r.c.device = reflect.ValueOf(dev).FieldByName("Handle").UnsafePointer()
}

func (r request) answer() { call(C.ipw_nvml_answer, unsafe.Pointer(r.c)) }

func (r request) fieldsReturn() nvml.Return { return nvml.Return(r.c.of_fields) }

func (r request) energy() (uint64, nvml.Return) {
	return uint64(r.c.energy), nvml.Return(r.c.of_energy)
}

func (r request) power() (uint64, nvml.Return) {
	return uint64(r.c.power), nvml.Return(r.c.of_power)
}

func (r request) free() { C.free(unsafe.Pointer(r.c)) }
