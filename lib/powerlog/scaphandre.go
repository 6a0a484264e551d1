package powerlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"ipw/lib/power"
	"ipw/lib/stream"
)

// scaphandre reads the reports of scaphandre's json exporter, which stand one
// behind the other without anything between them, or in an array: microwatts of
// the host, of each socket and of the RAPL domains in it, the mean since the
// report before. What it says of processes is not read.
//
//	{"host":{"consumption":21500000.0,"timestamp":1763888400.12,…},"consumers":[…],
//	 "sockets":[{"id":0,"consumption":18000000.0,"domains":[{"name":"dram","consumption":3500000.0,…}],…}]}
//
// A socket of 0 is one that scaphandre could not read: no processor uses none.
//
// Followed: scaphandre 0.5 to 1.0 (src/exporters/json.rs).
type scaphandre struct {
	stamps  stamps
	skipped unread
}

type scaphandreReport struct {
	Host *struct {
		Consumption json.Number `json:"consumption"`
		Timestamp   json.Number `json:"timestamp"`
	} `json:"host"`
	Sockets []struct {
		ID          json.Number `json:"id"`
		Consumption json.Number `json:"consumption"`
		Timestamp   json.Number `json:"timestamp"`
		Domains     []struct {
			Name        string      `json:"name"`
			Consumption json.Number `json:"consumption"`
		} `json:"domains"`
	} `json:"sockets"`
}

func openScaphandre(s *source, o Options) Reader {
	r := &scaphandre{stamps: newStamps(s, o), skipped: unread{src: s}}
	return join(&objects{src: s, read: r.read}, s, &r.stamps, o)
}

func (r *scaphandre) read(raw []byte, line int, row *row) error {
	var m scaphandreReport
	if err := json.Unmarshal(raw, &m); err != nil {
		return stream.WrongType(err)
	}
	if m.Host == nil {
		return errors.New("no host: no report of scaphandre's json exporter")
	}
	stamp := m.Host.Timestamp
	if stamp == "" && len(m.Sockets) > 0 {
		stamp = m.Sockets[0].Timestamp
	}
	if stamp == "" {
		return errors.New("no timestamp")
	}
	if err := r.time(stamp, row); err != nil {
		return err
	}
	add := func(d power.Domain, value json.Number) error {
		w, err := units["uW"].parse(value.String())
		if w == 0 {
			w = power.Null
		}
		d.Source, d.Energy, d.Power = "scaphandre", power.None, power.Averaged
		v := nothing
		v.W = w
		row.values = append(row.values, cell{Domain{Domain: d, Mean: true}, v})
		return err
	}
	for _, s := range m.Sockets {
		if !isNumber(s.ID.String()) {
			return fmt.Errorf("socket id %.40q", s.ID)
		}
		cpu := "cpu:" + s.ID.String()
		if err := add(power.Domain{ID: cpu, Kind: power.CPU, Name: "socket"}, s.Consumption); err != nil {
			return err
		}
		for _, d := range s.Domains {
			zone, ok := raplZone(d.Name, s.ID.String())
			if !ok {
				r.skipped.name([]string{"domain " + d.Name})
				continue
			}
			if err := add(zone, d.Consumption); err != nil {
				return err
			}
		}
	}
	return add(power.Domain{ID: "board:0", Kind: power.Board, Name: "host"}, m.Host.Consumption)
}

// time takes seconds since 1970, written from a double.
func (r *scaphandre) time(stamp json.Number, row *row) error {
	f, err := stamp.Float64()
	if err != nil || !(f > 0 && f < 1e11) {
		return fmt.Errorf("timestamp %.40q is no Unix time", stamp)
	}
	r.stamps.saw(6)
	row.t, err = checked(int64(math.Round(f*1e6)), stamp.String())
	return err
}

// raplZone is a zone of RAPL in package pkg, by its name in powercap.
func raplZone(name, pkg string) (d power.Domain, ok bool) {
	cpu := "cpu:" + pkg
	switch name {
	case "package":
		return power.Domain{ID: cpu, Kind: power.CPU, Name: "package"}, true
	case "core":
		return power.Domain{ID: cpu + "/core", Kind: power.Core, PartOf: cpu, Name: name}, true
	case "uncore":
		return power.Domain{ID: cpu + "/uncore", Kind: power.Uncore, PartOf: cpu, Name: name}, true
	case "dram":
		return power.Domain{ID: "dram:" + pkg, Kind: power.DRAM, Name: name}, true
	case "psys", "platform":
		return power.Domain{ID: "psys:0", Kind: power.Board, Name: name}, true
	}
	return d, false
}
