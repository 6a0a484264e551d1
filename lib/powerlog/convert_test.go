package powerlog

import (
	"fmt"
	"strings"
	"testing"
)

// lines are the samples of a stream, and its notes as "domain what".
func lines(out string) (all []string) {
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		var what struct{ Type, Domain, What string }
		switch err := jsonInto(line, &what); {
		case err != nil || what.Type == "header" || what.Type == "end":
			continue
		case what.Type == "note":
			line = what.Domain + " " + what.What
		}
		all = append(all, line)
	}
	return all
}

func TestConvert(t *testing.T) {
	const smi = "timestamp, index, power.draw [W]\n"
	live := func(j *Job) { n := int64(0); j.Now = func() int64 { n += 1_000_000; return n } }
	bursts := func(j *Job) { n := int64(0); j.Now = func() int64 { n++; return 5_000_000 + n/4*100_000 } } // three questions to a burst of two rows
	started := func(j *Job) { j.StartUs, j.StepUs = 5_000_000, 1_000_000 }
	for _, c := range []struct {
		name, text, want, said, err string
		change                      func(*Job)
	}{
		{"a time that falls and goes on is a clock that was set back",
			smi + "2025/11/23 10:00:05.000, 0, 5 W\n2025/11/23 10:00:01.000, 0, 1 W\n2025/11/23 10:00:02.000, 0, 2 W\n",
			`{"t_us":1763888405000000,"w":[5]}|{"t_us":1763888401000000,"w":[1]}|{"t_us":1763888402000000,"w":[2]}`,
			"x:3: time runs backwards, by 4 s: a new segment begins", "", nil},
		{"a time that falls once is a stray",
			smi + "2025/11/23 10:00:05.000, 0, 5 W\n2025/11/23 10:00:01.000, 0, 1 W\n2025/11/23 10:00:06.000, 0, 6 W\n",
			`{"t_us":1763888405000000,"w":[5]}|{"t_us":1763888406000000,"w":[6]}`,
			"x:3: time runs backwards, by 4 s", "1 record rejected", nil},
		{"a time that falls at the end",
			smi + "2025/11/23 10:00:05.000, 0, 5 W\n2025/11/23 10:00:01.000, 0, 1 W\n",
			`{"t_us":1763888405000000,"w":[5]}`, "x:3: time runs backwards, by 4 s", "1 record rejected", nil},
		{"a GPU that comes later",
			smi + "2025/11/23 10:00:00.000, 0, 5 W\n2025/11/23 10:00:01.000, 0, 1 W\n2025/11/23 10:00:01.001, 1, 2 W\n2025/11/23 10:00:02.000, 0, 2 W\n2025/11/23 10:00:02.001, 1, 4 W\n",
			`{"t_us":1763888400000000,"w":[5]}|{"t_us":1763888401000000,"w":[1]}|{"t_us":1763888401000000,"w":[1,null]}|gpu:0 lost|{"t_us":1763888401001000,"w":[null,2]}|gpu:0 resumed|{"t_us":1763888402000000,"read_us":1000,"w":[2,4]}`,
			"", "", nil},
		{"units in the header", "timestamp, index, power.draw [mW]\n2025/11/23 10:00:00.000, 0, 68130\n", `{"t_us":1763888400000000,"w":[68.13]}`, "", "", nil},
		{"CR, blank lines and a byte order mark", "\ufeff\r\n" + strings.ReplaceAll(smi, "\n", "\r\n\r\n") + "2025/11/23 10:00:00.000, 0, 5 W\r\n", `{"t_us":1763888400000000,"w":[5]}`, "", "", nil},
		{"through a spreadsheet", "\"timestamp\",\"index\",\"power.draw [W]\"\n\"2025/11/23 10:00:00.000\",\"0\",\"5 W\"\n", `{"t_us":1763888400000000,"w":[5]}`, "", "", nil},
		{"instant power that a GPU does not tell", "timestamp, index, power.draw.instant [W], power.draw [W]\n2025/11/23 10:00:00.000, 0, [N/A], 5 W\n2025/11/23 10:00:01.000, 0, [N/A], 6 W\n",
			`{"t_us":1763888400000000,"w":[5,null]}|{"t_us":1763888401000000,"w":[6,null]}`, "", "", nil},
		{"instant power that comes later", "timestamp, index, power.draw.instant [W], power.draw [W]\n2025/11/23 10:00:00.000, 0, [N/A], [N/A]\n2025/11/23 10:00:01.000, 0, [N/A], 6 W\n2025/11/23 10:00:02.000, 0, 9 W, 7 W\n",
			`{"t_us":1763888400000000,"w":[null,null]}|{"t_us":1763888401000000,"w":[6,null]}|{"t_us":1763888402000000,"w":[7,9]}`, "", "", nil},
		{"module power", "timestamp, index, module.power.draw.average [W], power.draw.average [W]\n2025/11/23 10:00:00.000, 0, 500 W, 5 W\n",
			`{"t_us":1763888400000000,"w":[5,500]}`, "", "", nil},
		{"no index but uuids", "timestamp, uuid, power.draw [W]\n2025/11/23 10:00:00.000, GPU-b, 5 W\n2025/11/23 10:00:00.001, GPU-a, 6 W\n",
			`{"t_us":1763888400000000,"read_us":1000,"w":[5,6]}`, "", "", nil},
		{"nothing tells the GPUs apart", "timestamp, power.draw [W]\n" + strings.Repeat("2025/11/23 10:00:00.000, 5 W\n2025/11/23 10:00:00.001, 6 W\n", 4), "*", "",
			"x:7: rows of several GPUs, and no column tells them apart", nil},
		{"nothing tells the GPUs apart, which take their time", "timestamp, power.draw [W]\n" + "2025/11/23 10:00:00.000, 5 W\n2025/11/23 10:00:00.020, 6 W\n2025/11/23 10:00:00.045, 7 W\n2025/11/23 10:00:01.000, 5 W\n2025/11/23 10:00:01.019, 6 W\n2025/11/23 10:00:01.048, 7 W\n2025/11/23 10:00:02.000, 5 W\n2025/11/23 10:00:02.018, 5 W\n2025/11/23 10:00:02.040, 5 W\n2025/11/23 10:00:03.000, 5 W\n", "*", "",
			"x:11: rows of several GPUs, and no column tells them apart", nil},
		{"one GPU, at an uneven pace and with gaps", "timestamp, power.draw [W]\n2025/11/23 10:00:00.000, 1 W\n2025/11/23 10:00:00.100, 2 W\n2025/11/23 10:00:00.350, 3 W\n2025/11/23 10:00:00.500, 4 W\n2025/11/23 10:00:05.000, 5 W\n2025/11/23 10:00:05.100, 6 W\n2025/11/23 10:00:12.000, 7 W\n2025/11/23 10:00:12.100, 8 W\n2025/11/23 10:00:12.200, 9 W\n2025/11/23 10:00:20.000, 10 W\n",
			`{"t_us":1763888400000000,"w":[1]}|{"t_us":1763888400100000,"w":[2]}|{"t_us":1763888400350000,"w":[3]}|{"t_us":1763888400500000,"w":[4]}|{"t_us":1763888405000000,"w":[5]}|{"t_us":1763888405100000,"w":[6]}|{"t_us":1763888412000000,"w":[7]}|{"t_us":1763888412100000,"w":[8]}|{"t_us":1763888412200000,"w":[9]}|{"t_us":1763888420000000,"w":[10]}`, "", "", nil},
		{"sentinels", smi + "2025/11/23 10:00:00.000, 0, 5 W\n2025/11/23 10:00:01.000, 0, 140737488355330 W\n2025/11/23 10:00:02.000, 0, 99999999 W\n2025/11/23 10:00:03.000, 0, -3 W\n",
			`{"t_us":1763888400000000,"w":[5]}|gpu:0 lost|{"t_us":1763888401000000,"w":[null]}|{"t_us":1763888402000000,"w":[null]}|{"t_us":1763888403000000,"w":[null]}`, "", "", nil},
		{"no header line", "2025/11/23 10:00:00.123, 0, 68.13 W\n", "", "", "x:1: no header line: nvidia-smi wrote it without (--format=csv,noheader)", nil},
		{"no power", "timestamp, index, utilization.gpu [%]\n2025/11/23 10:00:00.123, 0, 3 %\n", "", "", "x:1: no column of power: --query-gpu=timestamp,index,power.draw has one", nil},
		{"only a header line", smi, "", "", "x: no reading that could be used", nil},
		{"nothing", "", "", "", "x: empty", nil},
		{"something else", "hello\nworld\n", "", "", `x: no power log of a known format: it begins with "hello"`, nil},
		{"JSON of something else", `{"a":1}` + "\n", "", "", `x: no power log of a known format: it begins with "{\"a\":1}"`, nil},

		{"dmon without times", "# gpu pwr gtemp\n# Idx W C\n 0 5 30\n 1 6 30\n 0 7 30\n 1 8 30\n",
			"", "", "x: the log tells no times", nil},
		{"dmon without times, its start told", "# gpu pwr gtemp\n# Idx W C\n 0 5 30\n 1 6 30\n 0 7 30\n 1 8 30\n",
			`{"t_us":5000000,"w":[5,6],"temp_c":[30,30]}|{"t_us":6000000,"w":[7,8],"temp_c":[30,30]}`, "", "", started},
		{"dmon with the time of day, over midnight", "#Time gpu pwr\n#HH:MM:SS Idx W\n 23:59:58 0 5\n 23:59:59 0 6\n 00:00:01 0 7\n 12:00:00 0 8\n 23:00:00 0 9\n 01:00:00 0 10\n",
			`{"t_us":1763938798000000,"w":[5]}|{"t_us":1763938799000000,"w":[6]}|{"t_us":1763938801000000,"w":[7]}|{"t_us":1763982000000000,"w":[8]}|{"t_us":1764021600000000,"w":[9]}|{"t_us":1764028800000000,"w":[10]}`, "", "",
			func(j *Job) { j.StartUs = 1763938800_000000 }},
		{"dmon with the time of day, no day", "#Time gpu pwr\n#HH:MM:SS Idx W\n 23:59:58 0 5\n", "", "", "x: the log tells no times", nil},
		{"dmon without times, live", "# gpu pwr gtemp\n# Idx W C\n 0 5 30\n 1 6 30\n 0 7 30\n 1 8 30\n",
			`{"t_us":1000000,"w":[5,6],"temp_c":[30,30]}|{"t_us":2000000,"w":[7,8],"temp_c":[30,30]}`,
			"x: the log tells no times: each reading is taken as of the moment it comes (of an old log, --start and --step tell them)", "", live},

		{"perf without its start", "     1.000123456,45.10,Joules,power/energy-pkg/,1000123456,100.00,,\n", "", "", "x:1: the log does not tell when it began", nil},
		{"perf with a comma for the point, which separates the columns too", "     1.000123456,45,10,Joules,power/energy-pkg/,1000123456,100,00,,\n     2.000123456,1046,20,Joules,power/energy-pkg/,1000123456,100,00,,\n",
			`{"t_us":5000000,"j":[0]}|{"t_us":6000123,"j":[45.1],"w":[45.094453]}|{"t_us":7000123,"j":[1091.3],"w":[1046.2]}`, "", "", started},
		{"perf with a comma for the point", "     1.000123456;S0;1;45,10;Joules;power/energy-pkg/;1000123456;100,00;;\n",
			`{"t_us":5000000,"j":[0]}|{"t_us":6000123,"j":[45.1],"w":[45.094453]}`, "", "", started},
		{"perf with the marks of several countries", "     1.000123456  45,10 Joules power/energy-pkg/\n     2.000123456  1.046,20 Joules power/energy-pkg/\n     3.000123456  1\u202f046,20 Joules power/energy-pkg/\n     4.000123456  1,046.20 Joules power/energy-pkg/\n     5.000123456  1’046.20 Joules power/energy-pkg/\n  4\u202f229,90 Joules power/energy-pkg/\n",
			`{"t_us":5000000,"j":[0]}|{"t_us":6000123,"j":[45.1],"w":[45.094453]}|{"t_us":7000123,"j":[1091.3],"w":[1046.2]}|{"t_us":8000123,"j":[2137.5],"w":[1046.2]}|{"t_us":9000123,"j":[3183.7],"w":[1046.2]}|{"t_us":10000123,"j":[4229.9],"w":[1046.2]}`, "", "", started},
		{"perf when the counter was misread", "     1.000000000,45.10,Joules,power/energy-pkg/,1,100.00,,\n     2.000000000,4294967296.00,Joules,power/energy-pkg/,1,100.00,,\n     3.000000000,5.00,Joules,power/energy-pkg/,1,100.00,,\n",
			`{"t_us":5000000,"j":[0]}|{"t_us":6000000,"j":[45.1],"w":[45.1]}|cpu:0 lost|{"t_us":7000000,"j":[null],"w":[null]}|cpu:0 reset|{"t_us":7000000,"j":[45.1]}|cpu:0 resumed|{"t_us":8000000,"j":[50.1],"w":[5]}`, "", "", started},
		{"perf by node", "     1.000123456,N1,24,45.10,Joules,power/energy-pkg/,1000123456,100.00,,\n",
			`{"t_us":5000000,"j":[0]}|{"t_us":6000123,"j":[45.1],"w":[45.094453]}`, "", "", started},
		{"perf, its start told", "     1.000123456,45.10,Joules,power/energy-pkg/,1000123456,100.00,,\n",
			`{"t_us":5000000,"j":[0]}|{"t_us":6000123,"j":[45.1],"w":[45.094453]}`, "", "", started},
		{"perf for people", "#           time             counts unit events\n     1.000000000              1,045.10 Joules power/energy-pkg/\n     2.000000000              45.00 Joules power/energy-pkg/\n     2.000000000     <not supported> Joules power/energy-ram/\n",
			`{"t_us":5000000,"j":[0]}|{"t_us":6000000,"j":[1045.1],"w":[1045.1]}|{"t_us":7000000,"j":[1090.1],"w":[45]}`, "", "", started},
		{"perf --summary", "     1.000000000,5,Joules,power/energy-pkg/,1,100.00,,\n     2.000000000,6,Joules,power/energy-pkg/,1,100.00,,\n         summary,11,Joules,power/energy-pkg/,1,100.00,,\n",
			`{"t_us":5000000,"j":[0]}|{"t_us":6000000,"j":[5],"w":[5]}|{"t_us":7000000,"j":[11],"w":[6]}`, "", "", started},
		{"perf --summary for people", "     1.000000000               5.00 Joules power/energy-pkg/\n\n Performance counter stats for 'system wide':\n\n              5.00 Joules power/energy-pkg/\n\n       1.001273460 seconds time elapsed\n\n       0.001 seconds user\n",
			`{"t_us":5000000,"j":[0]}|{"t_us":6000000,"j":[5],"w":[5]}`, "", "", started},
		{"perf, an event that comes later", "     1.000000000,5,Joules,power/energy-pkg/,1,100.00,,\n     2.000000000,6,Joules,power/energy-pkg/,1,100.00,,\n     2.000000000,1,Joules,power/energy-ram/,1,100.00,,\n     3.000000000,7,Joules,power/energy-pkg/,1,100.00,,\n     3.000000000,2,Joules,power/energy-ram/,1,100.00,,\n",
			`{"t_us":5000000,"j":[0]}|{"t_us":6000000,"j":[5],"w":[5]}|{"t_us":7000000,"j":[11],"w":[6]}|{"t_us":7000000,"j":[11,null],"w":[6,null]}|{"t_us":8000000,"j":[18,2],"w":[7,2]}`, "", "", started},
		{"perf -A", "     1.000000000,CPU0,45.10,Joules,power/energy-pkg/,1,100.00,,\n     1.000000000,CPU16,44.10,Joules,power/energy-pkg/,1,100.00,,\n",
			`{"t_us":5000000,"j":[0,0]}|{"t_us":6000000,"j":[45.1,44.1],"w":[45.1,44.1]}`, "", "", started},
		{"perf of other events", "     1.000000000,612,,context-switches,1,100.00,,\n", "", "x:1: not read: context-switches", "x: no reading that could be used", started},
		{"perf without -I", "12.34,Joules,power/energy-pkg/,1000,100.00,,\n", "", "", "x:1: perf stat without -I: one total, no times", nil},

		{"turbostat, the summary only", "Avg_MHz\tPkgWatt\tTime_Of_Day_Seconds\n10\t5.5\t5.000000\n10\t6.5\t6.000000\n",
			`{"t_us":5000000,"w":[5.5]}|{"t_us":6000000,"w":[6.5]}`, "", "", nil},
		{"turbostat joules with a gap", "Pkg_J Time_Of_Day_Seconds\n10 5.000000\n10 6.000000\n10 7.000000\n10 60.000000\n10 61.000000\n",
			`{"t_us":5000000,"j":[0],"w":[null]}|{"t_us":6000000,"j":[10],"w":[10]}|{"t_us":7000000,"j":[20],"w":[10]}|{"t_us":60000000,"j":[0],"w":[null]}|{"t_us":61000000,"j":[10],"w":[10]}`, "", "", nil},

		{"powermetrics of an Intel Mac", "*** Sampled system activity (Fri Sep  4 17:15:14 2015 +1000) (5000.00ms elapsed) ***\n\nIntel energy model derived package power (CPUs+GT+SA): 1.83W\n",
			`{"t_us":1441350909000000,"j":[0]}|{"t_us":1441350914000000,"j":[9.15],"w":[1.83]}`, "", "", nil},
		{"powermetrics without a length", "*** Sampled system activity (Fri Sep  4 17:15:14 2015 +1000) (5000.00ms elapsed) ***\nCPU Power: 3 mW\n*** Sampled system activity (Fri Sep  4 17:15:19 2015 +1000) (x elapsed) ***\nCPU Power: 999 mW\n",
			`{"t_us":1441350909000000,"j":[0]}|{"t_us":1441350914000000,"j":[0.015],"w":[0.003]}`, `x:3: "*** Sampled system activity (Fri Sep  4 17:15:19 2015 +1000)" does not tell when and how long`, "1 record rejected", nil},

		{"zeus with names", ",time,power0,power2\n0,1763888400.5,5,6\n1,1763888401.5,,7\n",
			`{"t_us":1763888400500000,"w":[5,6]}|gpu:0 lost|{"t_us":1763888401500000,"w":[null,7]}`, "", "", nil},

		{"macmon without times, live", `{"cpu_power":1}` + "\n" + `{"cpu_power":2}` + "\n", `{"t_us":1000000,"w":[1]}|{"t_us":2000000,"w":[2]}`,
			"x: the log tells no times: each reading is taken as of the moment it comes (of an old log, --start and --step tell them)", "", live},
		{"macmon, a string for a number", `{"timestamp":"2025-02-24T20:38:15+00:00","cpu_power":1}` + "\n" + `{"timestamp":"2025-02-24T20:38:16+00:00","cpu_power":"2"}` + "\n", `{"t_us":1740429495000000,"w":[1]}`,
			`x:2: field cpu_power: "\"2\"" is no number`, "1 record rejected", nil},
		{"macmon through jq", "{\n \"timestamp\": \"2025-02-24T20:38:15+00:00\",\n \"cpu_power\": 1\n}\n{\n \"timestamp\": \"2025-02-24T20:38:16+00:00\",\n \"cpu_power\": 2\n}\n",
			`{"t_us":1740429495000000,"w":[1]}|{"t_us":1740429496000000,"w":[2]}`, "", "", nil},

		{"turbostat whose rows no column tells apart", "Pkg_J\n30.00\n10.00\n20.01\nPkg_J\n33.00\n11.00\n22.00\nPkg_J\n36.00\n12.00\n24.00\n",
			`{"t_us":5000000,"j":[0],"w":[null]}|{"t_us":6000000,"j":[33],"w":[33]}|{"t_us":7000000,"j":[69],"w":[36]}`, "", "", started},
		{"turbostat whose rows only their length tells apart", "PkgTmp\tPkg_J\n50\t12.00\n50\t12.00\n50\n50\n",
			`{"t_us":5000000,"j":[0],"w":[null],"temp_c":[50]}`, "", "", started},
		{"turbostat's summary, bare", "Pkg_J\n30.00\n33.00\n36.00\n",
			`{"t_us":5000000,"j":[0],"w":[null]}|{"t_us":6000000,"j":[33],"w":[33]}|{"t_us":7000000,"j":[69],"w":[36]}`, "", "", started},
		{"turbostat's summary, bare, its names repeated", "Pkg_J\n30.00\n33.00\nPkg_J\n36.00\n39.00\n",
			`{"t_us":5000000,"j":[0],"w":[null]}|{"t_us":6000000,"j":[33],"w":[33]}|{"t_us":7000000,"j":[69],"w":[36]}|{"t_us":8000000,"j":[108],"w":[39]}`, "", "", started},
		{"turbostat whose rows no column tells apart, live", "Pkg_J\n30.00\n30.00\nPkg_J\n33.00\n33.00\n",
			`{"t_us":5000000,"j":[0],"w":[null]}|{"t_us":5100000,"j":[33],"w":[330]}`,
			"x: the log tells no times: each reading is taken as of the moment it comes (of an old log, --start and --step tell them)", "", bursts},
		{"joules behind a first interval that was cut short, and a gap", "Time_Of_Day_Seconds\tPkg_J\n100.0\t9.00\n100.1\t1.00\n101.1\t10.00\n102.1\t11.00\n103.1\t12.00\n900.1\t13.00\n901.1\t14.00\n",
			`{"t_us":100000000,"j":[0],"w":[null]}|{"t_us":100100000,"j":[1],"w":[10]}|{"t_us":101100000,"j":[0],"w":[null]}|{"t_us":102100000,"j":[11],"w":[11]}|{"t_us":103100000,"j":[23],"w":[12]}|{"t_us":900100000,"j":[0],"w":[null]}|{"t_us":901100000,"j":[14],"w":[14]}`, "", "", nil},
		{"means behind a first interval that was cut short: the header tells another spacing", "Time_Of_Day_Seconds\tPkgWatt\n100.0\t9.00\n100.1\t1.00\n101.1\t10.00\n102.1\t11.00\n103.1\t12.00\n",
			`{"t_us":100000000,"w":[9]}|{"t_us":100100000,"w":[1]}|{"t_us":101100000,"w":[10]}|{"t_us":101100000,"w":[10]}|{"t_us":102100000,"w":[11]}|{"t_us":103100000,"w":[12]}`, "", "", nil},
		{"means with a gap: the same spacing behind it", "Time_Of_Day_Seconds\tPkgWatt\n100.0\t9.00\n101.0\t1.00\n201.0\t10.00\n202.0\t11.00\n",
			`{"t_us":100000000,"w":[9]}|{"t_us":101000000,"w":[1]}|{"t_us":201000000,"w":[10]}|{"t_us":202000000,"w":[11]}`, "", "", nil},
		{"turbostat in watts, then in joules", "Time_Of_Day_Seconds\tPkgWatt\n1763888400.0\t10.00\n1763888401.0\t11.00\nTime_Of_Day_Seconds\tPkg_J\n1763888500.0\t10.00\n1763888501.0\t12.00\n",
			`{"t_us":1763888400000000,"w":[10]}|{"t_us":1763888401000000,"w":[11]}|{"t_us":1763888500000000,"j":[0],"w":[null]}|{"t_us":1763888501000000,"j":[12],"w":[12]}`, "", "", nil},
		{"dcgmi, the energy counter later", "#Entity POWER\nID W\nGPU 0 5\n#Entity POWER TOTEC\nID W mJ\nGPU 0 5 1000\nGPU 0 5 6000\n",
			`{"t_us":5000000,"w":[5]}|{"t_us":6000000,"j":[0],"w":[5]}|{"t_us":7000000,"j":[5],"w":[5]}`, "", "", started},
		{"dcgmi, power of the moment", "#Entity POWINST\nID W\nGPU 0 5.5\n", `{"t_us":5000000,"w":[5.5]}`, "", "", started},
		{"dcgmi, both powers", "#Entity POWINST TOTEC POWER\nID W mJ W\nGPU 0 5.5 1000 5\nGPU 0 6.5 7000 6\n",
			`{"t_us":5000000,"j":[0,null],"w":[5,5.5]}|{"t_us":6000000,"j":[6,null],"w":[6,6.5]}`, "", "", started},

		{"powermetrics plist of an Intel Mac", intelPlist("09:00:01", "<key>package_watts</key><real>187.25</real><key>package_joules</key><real>374.5</real>") + "\x00" + intelPlist("09:00:03", "<key>package_watts</key><real>100.5</real>"),
			`{"t_us":1763888399000000,"j":[0]}|{"t_us":1763888401000000,"j":[374.5],"w":[187.25]}|{"t_us":1763888403000000,"j":[575.5],"w":[100.5]}`, "", "", nil},
		{"macmon on a Mac that does not tell its whole power", `{"timestamp":"2025-02-24T20:38:15+00:00","cpu_power":1.5,"sys_power":0.0}` + "\n",
			`{"t_us":1740429495000000,"w":[1.5,null]}`, "", "", nil},
		{"what ssh says in front of a log", "Warning: n1 is new.\n" + smi + "2025/11/23 10:00:00.000, 0, 5 W\n", `{"t_us":1763888400000000,"w":[5]}`,
			"x:1: not of the log, which begins below", "1 record rejected", nil},
		{"no log of the format it is said to be", "a\nb\n", "", "x:1: not of the log, which begins below|x:2: not of the log, which begins below",
			"x:2: no header line that begins with # and names gpu and pwr", func(j *Job) { j.Format = "dmon" }},
		{"what ssh says in front of dmon", "Warning: n1 is new.\n#Date Time gpu pwr\n20251123 10:00:00 0 5\n", `{"t_us":1763888400000000,"w":[5]}`,
			"x:1: not of the log, which begins below", "1 record rejected", nil},
		{"what ssh says in front of dcgmi", "Warning: n1 is new.\n#Entity POWER\nID W\nGPU 0 5\n", `{"t_us":5000000,"w":[5]}`,
			"x:1: not of the log, which begins below", "1 record rejected", started},
		{"what ssh says in front of plain", "Warning: n1 is new.\n# gpu:0 gpu W\n1000000 5\n", `{"t_us":1000000,"w":[5]}`,
			"x:1: not of the log, which begins below", "1 record rejected", nil},
		{"plain in seconds", "# gpu:0 gpu W\n1763888400 5\n1763888401 5\n", `{"t_us":1763888400,"w":[5]}|{"t_us":1763888401,"w":[5]}`,
			"x:2: 1763888400 is read as microseconds, 1970-01-01 00:29:23: times in seconds or milliseconds need more digits", "", nil},
		{"prometheus, two exporters tell the same counter", `{"status":"success","data":{"resultType":"matrix","result":[` +
			`{"metric":{"__name__":"kepler_node_package_joules_total","mode":"dynamic","package":"0"},"values":[[1,"100"],[2,"200"],[4,"400"]]},` +
			`{"metric":{"__name__":"kepler_node_package_joules_total","mode":"idle","package":"0"},"values":[[1,"10"],[2,"20"],[4,"40"]]},` +
			`{"metric":{"__name__":"node_rapl_package_joules_total","index":"0","path":"/sys/class/powercap/intel-rapl:0"},"values":[[1,"5000"],[2,"5110"],[3,"5220"],[4,"5330"]]},` +
			`{"metric":{"__name__":"node_rapl_package_joules_total","index":"1","path":"/sys/class/powercap/intel-rapl:1"},"values":[[1,"5000"],[2,"5110"],[3,"5220"],[4,"5330"]]}]}}`,
			`{"t_us":1000000,"j":[0]}|{"t_us":2000000,"j":[110]}|{"t_us":4000000,"j":[330]}`,
			"x:1: not read: node_rapl_package_joules_total (cpu is read from kepler)", "", nil},
		{"prometheus, the power controls of two chassis", `{"status":"success","data":{"resultType":"matrix","result":[` +
			`{"metric":{"__name__":"kepler_platform_watts","chassis_id":"1U","power_control_id":"PC1"},"values":[[1,"100"],[2,"110"]]},` +
			`{"metric":{"__name__":"kepler_platform_watts","chassis_id":"2U","power_control_id":"PC1"},"values":[[1,"200"],[2,"220"]]}]}}`,
			`{"t_us":1000000,"w":[100,200]}|{"t_us":2000000,"w":[110,220]}`, "", "", nil},
		{"prometheus of two hosts", promAnswer("n1", "n2"), "", "", "x: series of several hosts: n1, n2", nil},
		{"prometheus, one of two hosts", promAnswer("n1", "n2"), `{"t_us":1763888400000000,"w":[2]}|{"t_us":1763888401000000,"w":[2]}`, "", "", func(j *Job) { j.Host = "n2" }},
		{"prometheus, cut", promAnswer("n1", "n1")[:250], `{"t_us":1763888400000000,"w":[1]}|{"t_us":1763888401000000,"w":[1]}`, "x: incomplete: the answer is cut behind 1 whole series", "input incomplete: 1 segment without a proper end", nil},
		{"prometheus, an error", `{"status":"error","errorType":"bad_data","error":"exceeded maximum resolution"}`, "", "", "x: the server answered with an error: exceeded maximum resolution", nil},
		{"prometheus, a rate", `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"gpu":"0"},"values":[[1763888400,"1"]]}]}}`, "",
			"x:1: not read: a series without a name (of a function such as rate: ask for the metric itself) {gpu}", "x: no series of power or energy", nil},
		{"prometheus, only instant power", `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"DCGM_FI_DEV_POWER_USAGE_INSTANT","gpu":"0"},"values":[[1763888400,"1"]]}]}}`,
			`{"t_us":1763888400000000,"w":[1]}`, "", "", nil},

		{"plain, Wh and kWh", "# pdu:0 board kWh\n# gpu:0 gpu Wh\n1000000 1.5 1\n2000000 1.5001 1.5\n", `{"t_us":1000000,"j":[0,0]}|{"t_us":2000000,"j":[360,1800]}`, "", "", nil},
		{"plain at time 0", "# gpu:0 gpu W\n0 5\n1000000 6\n", `{"t_us":0,"w":[5]}|{"t_us":1000000,"w":[6]}`, "", "", nil},
		{"plain, a counter that glitches", "# gpu:0 gpu J\n0 500\n1000000 0\n2000000 700\n3000000 5\n4000000 15\n5000000 18\n",
			`{"t_us":0,"j":[0]}|gpu:0 lost|{"t_us":1000000,"j":[null]}|gpu:0 resumed|{"t_us":2000000,"j":[200]}|gpu:0 lost|{"t_us":3000000,"j":[null]}|gpu:0 reset|{"t_us":3000000,"j":[200]}|gpu:0 resumed|{"t_us":4000000,"j":[210]}|{"t_us":5000000,"j":[213]}`, "", "", nil},
		{"plain, a counter that leaps and comes back", "# gpu:0 gpu J\n0 500\n1000000 800000\n2000000 700\n3000000 900\n", `{"t_us":0,"j":[0]}|gpu:0 lost|{"t_us":1000000,"j":[null]}|gpu:0 resumed|{"t_us":2000000,"j":[200]}|{"t_us":3000000,"j":[400]}`, "", "", nil},
		{"plain, a counter that leaps and stays", "# gpu:0 gpu J\n0 500\n1000000 800000\n2000000 800700\n3000000 800900\n", `{"t_us":0,"j":[0]}|gpu:0 lost|{"t_us":1000000,"j":[null]}|gpu:0 resumed|{"t_us":2000000,"j":[800200]}|{"t_us":3000000,"j":[800400]}`, "", "", nil},
		{"plain, a meter with coarse steps", "# pdu:0 board kWh\n0 5\n1000000 5.1\n2000000 5.1\n3000000 5.2\n", `{"t_us":0,"j":[0]}|{"t_us":1000000,"j":[360000]}|{"t_us":2000000,"j":[360000]}|{"t_us":3000000,"j":[720000]}`, "", "", nil},
		{"plain, two logs", "# gpu:0 gpu W\n1000000 5\n# cpu:0 cpu W\n1000000 6\n2000000 7\n", `{"t_us":1000000,"w":[5]}|{"t_us":1000000,"w":[6]}|{"t_us":2000000,"w":[7]}`, "", "", nil},
		{"plain, one log in two files", "# gpu:0 gpu W\n1000000 5\n# gpu:0 gpu W\n2000000 6\n", `{"t_us":1000000,"w":[5]}|{"t_us":2000000,"w":[6]}`, "", "", nil},
		{"plain, no such kind", "# gpu:0 gpu W\n# x car W\n1000000 5 6\n", "", "", `x:2: "car" is no kind of domain: gpu, cpu, dram, soc, ane, board, core, uncore`, nil},
		{"plain, commas", "# gpu:0 gpu W\n1000000,5\n", `{"t_us":1000000,"w":[5]}`, "", "", nil},
		{"plain, cut in a number", "# gpu:0 gpu W\n1000000 312\n2000000 31", `{"t_us":1000000,"w":[312]}`, "x:3: torn last line dropped", "", nil},
		{"nvidia-smi, cut before a value", smi + "2025/11/23 10:00:00.000, 0, 5 W\n2025/11/23 10:00:01.000, 0, ", `{"t_us":1763888400000000,"w":[5]}`, "x:3: torn last line dropped", "", nil},
		{"empty last cells, no newline at the end", "timestamp, power.draw [W], index, serial\n2025/11/23 10:00:00.000, 5 W, 0,\n2025/11/23 10:00:01.000, 6 W, 0,", `{"t_us":1763888400000000,"w":[5]}|{"t_us":1763888401000000,"w":[6]}`, "", "", nil},
		{"plain, no newline at its end", "# gpu:0 gpu W\n1000000 312.5\n2000000 313.5", `{"t_us":1000000,"w":[312.5]}|{"t_us":2000000,"w":[313.5]}`, "", "", nil},
	} {
		out, said, err := convert("x", c.text, c.change)
		check(t, c.name, out)
		if got := strings.Join(lines(out), "|"); got != c.want && c.want != "*" {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		if got := strings.Join(said, "|"); got != c.said && c.want != "*" {
			t.Errorf("%s: said %s", c.name, got)
		}
		if (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
}

// intelPlist is a report of two seconds.
func intelPlist(at, processor string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>elapsed_ns</key><integer>2000000000</integer>` +
		`<key>timestamp</key><date>2025-11-23T` + at + `Z</date><key>processor</key><dict>` + processor + `</dict></dict></plist>`
}

// promAnswer is an answer with a series of power for each host.
func promAnswer(hosts ...string) string {
	var series []string
	for i, h := range hosts {
		series = append(series, fmt.Sprintf(`{"metric":{"__name__":"DCGM_FI_DEV_POWER_USAGE","gpu":"0","Hostname":%q},"values":[[1763888400,"%d"],[1763888401,"%d"]]}`, h, i+1, i+1))
	}
	return `{"status":"success","data":{"resultType":"matrix","result":[` + strings.Join(series, ",") + `]}}`
}
