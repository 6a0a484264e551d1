package sandbox

import (
	"os"
	"os/exec"
	"runtime"
	"testing"
)

func TestOwner(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("owners are known by /proc")
	}
	me := Self()
	read, err := ParseOwner(me.String())
	if err != nil || read != me {
		t.Fatalf("%v became %v, %v", me, read, err)
	}
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	with := func(change func(*Owner)) Owner {
		o := me
		change(&o)
		return o
	}
	for _, c := range []struct {
		name string
		Owner
		dead bool
	}{
		{"itself", me, false},
		{"its parent", with(func(o *Owner) { o.PID = os.Getppid(); o.Start, _ = started(o.PID) }), false},
		{"a process that has ended", with(func(o *Owner) { o.PID = gone.Process.Pid }), true},
		{"an earlier process with this pid", with(func(o *Owner) { o.Start-- }), true},
		{"a process before the machine's last start", with(func(o *Owner) { o.Boot = "b" }), true},
		{"a process of another machine", with(func(o *Owner) { o.Boot, o.Host = "b", "h" }), false},
		{"a process of another namespace", with(func(o *Owner) { o.Space, o.PID = "pid:[1]", gone.Process.Pid }), false},
	} {
		if got := c.Dead(me); got != c.dead {
			t.Errorf("%s: dead is %v", c.name, got)
		}
	}
	for _, bad := range []string{"", "1,2,3", "x,2,b,s,h", "1,x,b,s,h"} {
		if _, err := ParseOwner(bad); err == nil {
			t.Errorf("%q is read as an owner", bad)
		}
	}
}
