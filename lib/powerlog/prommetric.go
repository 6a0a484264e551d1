package powerlog

import (
	"cmp"
	"net"
	"path"
	"slices"
	"strings"

	"ipw/lib/power"
)

// metric is what a series tells of a domain.
type metric struct {
	domain Domain
	field  field
	unit   scale
	addend string
	power  string // of a powerField
	window int64
}

// metricOf knows the metrics of dcgm-exporter, node_exporter and Kepler. Not ok
// is one of something else, or of less than a machine: a pod, a process.
func metricOf(labels map[string]string) (m metric, ok bool) {
	name := labels["__name__"]
	switch {
	case strings.HasPrefix(name, "DCGM_FI_DEV_"):
		return dcgmMetric(strings.TrimPrefix(name, "DCGM_FI_DEV_"), labels)
	case strings.HasPrefix(name, "node_rapl_"):
		return raplMetric(strings.TrimPrefix(name, "node_rapl_"), labels)
	case strings.HasPrefix(name, "kepler_"):
		return keplerMetric(strings.TrimPrefix(name, "kepler_"), labels)
	}
	return m, false
}

// dcgmMetric is a field of dcgm-exporter 2 to 4. Instances of MIG and pods come
// as further series of their GPU, with its figures.
func dcgmMetric(name string, labels map[string]string) (m metric, ok bool) {
	gpu := labels["gpu"]
	if !isNumber(gpu) {
		return m, false
	}
	m.domain.Domain = power.Domain{ID: "gpu:" + gpu, Kind: power.GPU, Source: "dcgm", Name: labels["modelName"], UUID: labels["UUID"], Energy: power.None, Power: power.None}
	switch name {
	case "TOTAL_ENERGY_CONSUMPTION":
		m.field, m.unit = energyField, units["mJ"]
	case "POWER_USAGE": // DCGM's field 155 is NVML's mean of a second
		m.field, m.unit, m.power, m.window = powerField, units["W"], power.Averaged, nvmlWindow
	case "POWER_USAGE_INSTANT":
		m.field, m.unit, m.power = powerField, units["W"], power.Instant
		m.domain.PartOf = m.domain.ID
		m.domain.ID += "/instant"
	case "GPU_UTIL":
		m.field, m.unit = utilField, scale{true, 4, 1} // percent
	case "FB_USED":
		m.field, m.unit = memoryField, scale{true, 0, 1 << 20} // MiB
	case "GPU_TEMP":
		m.field, m.unit = tempField, scale{true, 3, 1}
	default:
		return m, false
	}
	return m, true
}

// raplMetric is a zone of node_exporter: node_rapl_package_joules_total with
// the labels index and path, or, with its flag rapl.enable-zone-label,
// node_rapl_joules_total with rapl_zone besides. Its counters are the kernel's
// and wrap; where, it does not tell.
func raplMetric(name string, labels map[string]string) (m metric, ok bool) {
	zone, ok := strings.CutSuffix(name, "joules_total")
	if !ok {
		return m, false
	}
	if zone = strings.TrimSuffix(zone, "_"); zone == "" {
		zone = labels["rapl_zone"]
	}
	return zoneMetric(zone, labels, "node_exporter")
}

// zoneMetric is a counter of joules of a zone of powercap.
func zoneMetric(zone string, labels map[string]string, source string) (m metric, ok bool) {
	zone, number, _ := strings.Cut(strings.ReplaceAll(zone, "_", "-"), "-") // package-0, package_0
	pkg, mmio := packageOf(labels["path"])
	if pkg == "" {
		pkg = labels["index"]
	}
	if !isNumber(pkg) {
		pkg = number
	}
	if !isNumber(pkg) {
		pkg = "0"
	}
	d, ok := raplZone(zone, pkg)
	if !ok {
		return m, false
	}
	if mmio {
		if d.PartOf = "cpu:" + pkg; d.ID == d.PartOf {
			d.ID += "/mmio"
		} else {
			d.ID += "-mmio"
		}
	}
	if strings.HasPrefix(labels["path"], "aggregated-") { // Kepler's, of several sockets
		d.Name = "all packages: " + d.Name
	}
	d.Source, d.Energy, d.Power = source, power.None, power.None
	return metric{domain: Domain{Domain: d}, field: energyField, unit: units["J"]}, true
}

// packageOf is K of …/intel-rapl:K:N, the path of a zone in powercap, and
// whether it is the same counter at its other address.
func packageOf(zonePath string) (pkg string, mmio bool) {
	_, rest, ok := strings.Cut(path.Base(zonePath), ":")
	if !ok {
		return "", false
	}
	pkg, _, _ = strings.Cut(rest, ":")
	return pkg, strings.Contains(zonePath, "mmio")
}

// keplerMetric is a node's metric of Kepler. From 0.10 on,
// kepler_node_cpu_joules_total and kepler_node_cpu_watts have a label zone, and
// kepler_platform_watts is what a BMC says. Before, there was a metric per zone,
// split by the label mode into idle and dynamic joules, whose sum it is.
func keplerMetric(name string, labels map[string]string) (m metric, ok bool) {
	switch name {
	case "node_cpu_joules_total":
		return zoneMetric(labels["zone"], labels, "kepler")
	case "node_cpu_watts":
		if m, ok = zoneMetric(labels["zone"], labels, "kepler"); ok {
			m.field, m.unit, m.power = powerField, units["W"], power.Averaged
		}
		return m, ok
	case "platform_watts":
		name := cmp.Or(labels["power_control_name"], labels["source_name"])
		m.domain.Domain = power.Domain{ID: "board:" + boardOf(labels), Kind: power.Board, Source: "kepler", Name: name, Energy: power.None, Power: power.None}
		m.field, m.unit, m.power = powerField, units["W"], power.Instant
		return m, true
	}
	zone, node := strings.CutPrefix(name, "node_")
	zone, joules := strings.CutSuffix(zone, "_joules_total")
	if !node || !joules {
		return m, false
	}
	number := map[string]string{"path": labels["path"], "index": labels["package"]}
	if m, ok = zoneMetric(zone, number, "kepler"); ok {
		m.addend = labels["mode"]
	}
	return m, ok
}

// boardOf tells the meters of a BMC apart: power controls, or power supplies, of
// one or more chassis.
func boardOf(labels map[string]string) string {
	var id []string
	for _, l := range []string{"chassis_id", "power_control_id", "source_id"} {
		if labels[l] != "" {
			id = append(id, labels[l])
		}
	}
	return cmp.Or(strings.Join(id, ":"), "0")
}

// hostLabels name the machine that a series is of, the best first. A label of
// the scrape names the exporter's address.
var hostLabels = []string{"Hostname", "node_name", "nodename", "exported_node", "node", "kubernetes_node", "exported_instance", "instance"}

// hostOf is the host of a series, "" if it names none but this one.
func hostOf(labels map[string]string) string {
	for _, l := range hostLabels {
		h := labels[l]
		if host, _, err := net.SplitHostPort(h); err == nil {
			h = host
		}
		if ip := net.ParseIP(h); h != "" && h != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return h
		}
	}
	return ""
}

// seriesName names a series for people.
func seriesName(labels map[string]string) string {
	if name := labels["__name__"]; name != "" {
		return name
	}
	var keys []string
	for k := range labels {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return "a series without a name (of a function such as rate: ask for the metric itself) {" + strings.Join(keys, ",") + "}"
}
