// SPDX-License-Identifier: Apache-2.0

// plugin.sh in Go.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

func note(where string, pid int) {
	os.WriteFile(where+"pid.new", []byte(fmt.Sprintln(pid)), 0o644)
	os.Rename(where+"pid.new", where+"pid")
}

func main() {
	where := os.Args[1] + "/"
	runs, _ := os.OpenFile(where+"runs", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	fmt.Fprintln(runs, os.Getenv("KUBERNETES_EXEC_INFO"))
	text, _ := os.ReadFile(where + "mode")
	mode := strings.TrimSpace(string(text))
	switch mode {
	case "fail":
		fmt.Fprintln(os.Stderr, "no luck")
		os.Exit(7)
	case "crash":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "hang":
		note(where, os.Getpid())
		time.Sleep(600 * time.Second)
	case "huge":
		os.Stdout.Write(make([]byte, 300000))
	case "flood":
		for i := 0; i < 20000; i++ {
			fmt.Fprintln(os.Stderr, "line", i)
		}
	}
	answer, _ := os.ReadFile(where + "answer")
	os.Stdout.Write(answer)
	if mode == "daemon" {
		c := exec.Command("sleep", "600")
		c.Stdout = os.Stdout
		c.Start()
		note(where, c.Process.Pid)
	}
}
