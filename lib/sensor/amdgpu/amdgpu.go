// Package amdgpu reads AMD GPUs through the files of their Linux driver.
//
//	/sys/class/drm/card1/device/vendor                        0x1002
//	/sys/class/drm/card1/device/gpu_metrics                   a binary table, with an energy accumulator on Instinct GPUs
//	/sys/class/drm/card1/device/hwmon/hwmon4/power1_input     microwatts of the moment
//	/sys/class/drm/card1/device/hwmon/hwmon4/power1_average   or their average
//	/sys/class/drm/card1/device/gpu_busy_percent
//	/sys/class/drm/card1/device/mem_info_vram_used
//	/sys/class/drm/card1/device/hwmon/hwmon4/temp1_input      thousandths of a degree
//
// The accumulator is used where its unit is documented: in tables of version 1.4
// and newer, and on MI200, whose unit AMD's own library states. On the others
// the driver passes a number on of which nobody says what it counts, and some
// firmware leaves it out; their watts are integrated.
//
// On APUs the watts include the processor: that is a domain of kind soc, not a
// GPU. See "GPU Power/Thermal Controls and Monitoring" in the kernel's amdgpu
// documentation.
package amdgpu

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix" // EPERM is not EACCES here

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// Source is the name of these domains' source.
const Source = "amdgpu"

const (
	vendor = "0x1002"
	// windowUs is what power1_average is taken to be averaged over. AMD does
	// not say; about a second is what users see.
	windowUs = 1_000_000
	// tableSize is the most that a file of sysfs can hold.
	tableSize = 4096
)

// mi200 are the PCI devices whose table of version 1.3 counts in 2⁻¹⁶ J:
// rsmi_dev_energy_count_get tells 15.3 µJ for them.
var mi200 = map[string]bool{"0x7408": true, "0x740c": true, "0x740f": true, "0x7410": true}

// mi300a is a processor and a GPU in one, with a GPU's table.
const mi300a = "0x74a0"

// Open finds the GPUs below root, which is /sys on a real machine. Its error is
// a *sensor.Unavailable.
func Open(root string) ([]sensor.Sensor, error) { return open(root, sensor.OpenFile) }

func open(root string, opener sensor.Opener) ([]sensor.Sensor, error) {
	var sensors []sensor.Sensor
	gpus, socs := 0, 0
	for _, c := range list(root) {
		g := &gpu{card: c}
		m := g.open(opener)
		d := g.describe(root)
		if m.apu() || c.text("device") == mi300a {
			d.ID, d.Kind = "soc:"+strconv.Itoa(socs), power.SOC
			socs++
		} else {
			d.ID, d.Kind = "gpu:"+strconv.Itoa(gpus), power.GPU
			gpus++
		}
		sensors = append(sensors, g.choose(d, m))
	}
	if len(sensors) == 0 {
		dir := filepath.Join(root, "class/drm")
		return nil, sensor.Absent(Source, dir, "no AMD GPU in "+dir, "sudo modprobe amdgpu   (if lspci shows one)")
	}
	return sensors, nil
}

// gpu reads one GPU.
type gpu struct {
	domain  sensor.Domain
	card    card
	metrics *sensor.File // nil: its energy is not used
	watts   *sensor.File
	busy    *sensor.File
	vram    *sensor.File
	temp    *sensor.File
	denied  string // a file that may not be read
}

// open opens what there is and reads the table once.
func (g *gpu) open(opener sensor.Opener) (m metrics) {
	find := func(name string, size int) *sensor.File {
		f, err := sensor.OpenFound(func() string { return g.card.again().path(name) }, size, opener)
		if errors.Is(err, fs.ErrPermission) && g.denied == "" {
			g.denied = g.card.path(name)
		}
		return f
	}
	g.metrics = find("gpu_metrics", tableSize)
	if g.watts = find("power1_input", 32); g.watts == nil {
		g.watts = find("power1_average", 32)
	}
	g.busy, g.vram, g.temp = find("gpu_busy_percent", 32), find("mem_info_vram_used", 32), find("temp1_input", 32)
	m.energy = power.Null
	if g.metrics != nil {
		if b, err := g.metrics.Bytes(0); err == nil {
			m, _ = parseMetrics(b)
		}
	}
	return m
}

// counts reports whether the accumulator's unit is known.
func (g *gpu) counts(m metrics) bool {
	known := m.format == 1 && (m.content >= 4 || m.content == 3 && mi200[g.card.text("device")])
	return known && m.energy > 0
}

// choose says what the GPU tells, and drops what is not used.
func (g *gpu) choose(d power.Domain, m metrics) sensor.Sensor {
	if g.watts != nil {
		d.Energy, d.Power = power.Integrated, power.Instant
		if strings.HasSuffix(g.watts.Path(), "_average") {
			d.Power, d.PowerWindowUs = power.Averaged, windowUs
		}
	}
	switch {
	case g.counts(m):
		d.Energy = power.Counter
		if g.watts == nil {
			d.Power = power.Derived
		}
	case m.energy == 0 && mi200[g.card.text("device")]:
		g.Close()
		return sensor.Silent(d, errOther)
	default:
		g.metrics.Close()
		g.metrics = nil
	}
	g.domain.Domain = d
	switch {
	case d.Energy != power.None:
		return g
	case g.denied != "":
		g.Close()
		return sensor.Silent(d, &sensor.Denied{What: g.denied, Fix: "sudo chmod a+r " + g.denied + "   (until the next boot)"})
	}
	g.Close()
	return sensor.Silent(d, errNothing)
}

var (
	errOther   = errors.New("the other die of this GPU counts for both")
	errNothing = errors.New("this GPU tells no power")
	errAsleep  = errors.New("the GPU is asleep")
)

// describe is the domain without id, kind and what it tells.
func (g *gpu) describe(root string) power.Domain {
	d := power.Domain{
		Source: Source, Name: g.card.text("product_name"), UUID: g.card.text("unique_id"),
		Energy: power.None, Power: power.None,
		DriverVersion: sensor.ReadText(filepath.Join(root, "module/amdgpu/version")),
		PowerLimitW:   float64(sensor.ReadCount(g.card.path("power1_cap"))) / 1e6,
	}
	if d.Name == "" {
		d.Name = fmt.Sprintf("AMD GPU %s", g.card.text("device"))
	}
	c := power.Clocks{Graphics: sensor.ReadCount(g.card.path("freq1_input")) / 1e6, Memory: sensor.ReadCount(g.card.path("freq2_input")) / 1e6}
	if c != (power.Clocks{}) {
		d.Clocks = &c
	}
	return d
}

func (g *gpu) Domain() *sensor.Domain { return &g.domain }

func (g *gpu) Read(now int64, full bool, r *sensor.Reading) {
	if g.metrics != nil {
		r.MicroJ, r.JErr = g.energy(now)
	}
	if g.watts != nil {
		if w, err := g.watts.Count(now); err != nil {
			r.WErr = awake(err)
		} else if w == 0 {
			r.WErr = sensor.ErrNoPower
		} else {
			r.MicroW = w
		}
	}
	if full {
		g.readRest(now, r)
	}
}

func (g *gpu) energy(now int64) (int64, error) {
	b, err := g.metrics.Bytes(now)
	if err != nil {
		return power.Null, awake(err)
	}
	m, err := parseMetrics(b)
	if err == nil && m.energy == power.Null {
		err = errVersion
	}
	return m.energy, err
}

// awake translates the driver's refusal to wake a sleeping GPU, EPERM. A file
// that may not be opened any more is EACCES.
func awake(err error) error {
	if errors.Is(err, unix.EPERM) {
		return errAsleep
	}
	return err
}

func (g *gpu) readRest(now int64, r *sensor.Reading) {
	if v, ok := count(g.busy, now); ok && v <= 100 {
		r.Util = float64(v) / 100
	}
	if v, ok := count(g.vram, now); ok {
		r.MemBytes = float64(v)
	}
	if v, ok := count(g.temp, now); ok && v < 200_000 {
		r.TempC = float64(v) / 1000
	}
}

func count(f *sensor.File, now int64) (int64, bool) {
	if f == nil {
		return 0, false
	}
	v, err := f.Count(now)
	return v, err == nil
}

func (g *gpu) Close() error {
	return errors.Join(g.metrics.Close(), g.watts.Close(), g.busy.Close(), g.vram.Close(), g.temp.Close())
}
