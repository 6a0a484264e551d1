package nvml

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// device is what CUDA's list of visible devices can name a GPU by.
type device struct {
	name, uuid, pci string
	mig             []string // UUIDs of its MIG devices
}

// The variables that say what programs may see.
const (
	visibleEnv = "CUDA_VISIBLE_DEVICES"
	orderEnv   = "CUDA_DEVICE_ORDER"
	byPCI      = "PCI_BUS_ID"
)

// visible tells which GPUs CUDA lets programs see: those of the list, up to the
// first entry that names none ("0,2,-1,1" is 0 and 2). An entry is a number in
// CUDA's order, the beginning of a UUID that only one GPU has, or a MIG device,
// which makes its GPU visible.
//
// CUDA counts by PCI bus if order says so. Else it puts the fastest first, by a
// rule that it does not tell: with GPUs of one model that is the bus again, with
// several it is not known, and ok is false if the list has a number.
// (CUDA C++ Programming Guide, "CUDA Environment Variables")
func visible(list, order string, devices []device) (seen []bool, ok bool) {
	seen = make([]bool, len(devices))
	counted := inOrder(devices)
	known := order == byPCI || !slices.ContainsFunc(devices, func(d device) bool { return d.name != devices[0].name })
	for entry := range strings.SplitSeq(list, ",") {
		i := -1
		switch entry = strings.TrimSpace(entry); {
		case strings.HasPrefix(entry, "MIG-"):
			i = findMIG(entry, devices)
		case strings.HasPrefix(entry, "GPU-"):
			i = findOne(entry, devices, func(d device) []string { return []string{d.uuid} })
		default:
			if n, err := strconv.Atoi(entry); err == nil && n >= 0 && n < len(devices) {
				if !known {
					return nil, false
				}
				i = counted[n]
			}
		}
		if i < 0 {
			break
		}
		seen[i] = true
	}
	return seen, true
}

// inOrder are the indices of the devices as their bus has them.
func inOrder(devices []device) []int {
	order := make([]int, len(devices))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(strings.ToLower(devices[a].pci), strings.ToLower(devices[b].pci))
	})
	return order
}

// findMIG finds the GPU of a MIG device: "MIG-" and its own UUID, or with older
// drivers "MIG-", the GPU's UUID and two numbers.
func findMIG(entry string, devices []device) int {
	if gpu, _, old := strings.Cut(strings.TrimPrefix(entry, "MIG-"), "/"); old {
		return findOne(gpu, devices, func(d device) []string { return []string{d.uuid} })
	}
	return findOne(entry, devices, func(d device) []string { return d.mig })
}

// findOne finds the only device with a name that begins so, −1 if there is none
// or more than one.
func findOne(begin string, devices []device, names func(device) []string) int {
	found := -1
	for i, d := range devices {
		if slices.ContainsFunc(names(d), func(n string) bool { return strings.HasPrefix(n, begin) }) {
			if found >= 0 {
				return -1
			}
			found = i
		}
	}
	return found
}

// hidden says of each device why it is not to be recorded, "" if it is; and a
// remark if that could not be told.
func hidden(env func(string) (string, bool), devices []device) (why []string, remark string) {
	why = make([]string, len(devices))
	if env == nil || len(devices) == 0 {
		return why, ""
	}
	list, set := env(visibleEnv)
	if !set {
		return why, ""
	}
	order, _ := env(orderEnv)
	seen, ok := visible(list, order, devices)
	if !ok {
		return why, visibleEnv + "=" + list + " counts in an order that only CUDA knows, because these GPUs are of several models: all are recorded (export " + orderEnv + "=" + byPCI + ", or name them by UUID)"
	}
	for i := range why {
		if !seen[i] {
			why[i] = visibleEnv + "=" + list + " hides it; --only records it all the same"
		}
	}
	return why, ""
}
