package hwmon

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ipw/lib/power"
	"ipw/lib/sensor"
)

// identify names the meters that are known.
func identify(chips []chip) []meter {
	var meters []meter
	boards, gpus := 0, 0
	for _, c := range chips {
		switch {
		case c.name == "power_meter":
			meters = append(meters, acpi(c, &boards)...)
		case c.name == "xe" || c.name == "i915":
			meters = append(meters, intel(c, chips, &gpus)...)
		case c.name == "amd_energy":
			meters = append(meters, sockets(c)...)
		case c.name == "macsmc_hwmon":
			meters = append(meters, mac(c, &boards)...)
		}
	}
	return unique(nested(meters))
}

// unique leaves out second ones of one id: what they are nobody knows.
func unique(meters []meter) []meter {
	seen := make(map[string]bool)
	return slices.DeleteFunc(meters, func(m meter) bool {
		again := seen[m.domain.ID]
		seen[m.domain.ID] = true
		return again
	})
}

// socket is what NVIDIA's firmware calls Grace's meters.
var socket = regexp.MustCompile(`^(Module|Grace|CPU|SysIO) Power Socket ([0-9]+)$`)

// acpi names an ACPI power meter: one of Grace's, else that of a machine.
func acpi(c chip, boards *int) []meter {
	m := meter{chip: c}
	for _, file := range []string{"power1_average", "power1_input"} {
		if m.watts == "" && c.has(file) {
			m.watts = file
		}
	}
	if m.watts == "" {
		return nil
	}
	m.domain = power.Domain{Kind: power.Board, Name: c.mark}
	g := socket.FindStringSubmatch(c.mark)
	if g == nil {
		if m.domain.Name == "" {
			m.domain.Name = sensor.ReadText(c.path("power1_model_number"))
		}
		m.domain.ID = "board:" + strconv.Itoa(*boards)
		*boards++
		return []meter{m}
	}
	cpu := "cpu:" + g[2]
	switch g[1] {
	case "Module":
		m.domain.ID = "module:" + g[2]
	case "Grace":
		m.domain.ID, m.domain.Kind = cpu, power.CPU
	case "CPU":
		m.domain.ID, m.domain.Kind, m.domain.PartOf = cpu+"/core", power.Core, cpu
	case "SysIO":
		m.domain.ID, m.domain.Kind, m.domain.PartOf = cpu+"/uncore", power.Uncore, cpu
	}
	return []meter{m}
}

// nested makes the CPU rail the package where there is no meter of the whole
// Grace.
func nested(meters []meter) []meter {
	has := make(map[string]bool)
	for _, m := range meters {
		has[m.domain.ID] = true
	}
	for i := range meters {
		d := &meters[i].domain
		if d.PartOf == "" || has[d.PartOf] {
			continue
		}
		if d.Kind == power.Core {
			d.ID, d.Kind = d.PartOf, power.CPU
		}
		d.PartOf = ""
	}
	return meters
}

// intel names an Intel GPU's counters: that of the card, and what is in it.
func intel(c chip, chips []chip, gpus *int) []meter {
	id := "gpu:" + strconv.Itoa(*gpus)
	name := "Intel GPU"
	if c.device != "" {
		name += " " + c.device
	}
	var meters []meter
	for _, ch := range channels(c, "energy") {
		m := meter{chip: c, energy: ch.file, domain: power.Domain{ID: id, Kind: power.GPU, Name: name}}
		if len(meters) > 0 {
			m.domain.ID, m.domain.PartOf, m.domain.Name = id+"/"+ch.word(), id, ch.label
		}
		meters = append(meters, m)
	}
	if len(meters) == 0 {
		return nil
	}
	*gpus++
	for _, part := range chips {
		if tile, ok := strings.CutPrefix(part.name, c.name+"_"); ok && part.device == c.device && part.has("energy1_input") {
			meters = append(meters, meter{chip: part, energy: "energy1_input", domain: power.Domain{ID: id + "/" + tile, Kind: power.GPU, Name: part.name, PartOf: id}})
		}
	}
	return meters
}

// sockets names the counters of the amd_energy driver, which Linux 5.8 to 5.12
// had. Its cores are left out: there are many, and each socket holds its own.
func sockets(c chip) []meter {
	var meters []meter
	for _, ch := range channels(c, "energy") {
		if k, ok := strings.CutPrefix(ch.label, "Esocket"); ok {
			if n, err := strconv.Atoi(k); err == nil {
				meters = append(meters, meter{chip: c, energy: ch.file, domain: power.Domain{ID: fmt.Sprintf("cpu:%d", n), Kind: power.CPU, Name: ch.label}})
			}
		}
	}
	return meters
}

// mac names what Linux on Apple's machines tells of the whole of them.
func mac(c chip, boards *int) []meter {
	for _, ch := range channels(c, "power") {
		if ch.label == "Total System Power" {
			id := "board:" + strconv.Itoa(*boards)
			*boards++
			return []meter{{chip: c, watts: ch.file, domain: power.Domain{ID: id, Kind: power.Board, Name: ch.label}}}
		}
	}
	return nil
}

// channel is one of a chip's inputs.
type channel struct {
	file, label string
	number      int
}

// word is the channel's label as a part of an id.
func (c channel) word() string {
	word := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(c.label))
	if word == "" {
		word = strconv.Itoa(c.number)
	}
	return word
}

// channels lists a chip's inputs of a quantity in the order of their numbers.
func channels(c chip, quantity string) []channel {
	files, _ := filepath.Glob(filepath.Join(c.dir, quantity+"*_input"))
	var list []channel
	for _, path := range files {
		base := filepath.Base(path)
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(base, quantity), "_input"))
		if err != nil {
			continue
		}
		label := sensor.ReadText(filepath.Join(c.dir, fmt.Sprintf("%s%d_label", quantity, n)))
		list = append(list, channel{base, label, n})
	}
	slices.SortFunc(list, func(a, b channel) int { return a.number - b.number })
	return list
}
