// SPDX-License-Identifier: Apache-2.0

// The peer of the figures: client-go's leader election as its documentation shows it, with its usual timing
// (15 s, 10 s, 2 s) and release on cancel. While it leads it appends START, a TICK every 10 ms and STOP to a file, in the
// format of tests/lib/judge.h, as tests/lab/recorder.c does; its work ends when the context that it was given ends.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

func monotonic() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		log.Fatal(err)
	}
	return ts.Nano()
}

func work(ctx context.Context, path, host string) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		log.Fatal(err)
	}
	start := monotonic()
	record := func(event string, ns int64) {
		// One write each, so that the records of several hosts do not mix.
		if _, err := fmt.Fprintf(file, "%s %d %s %d -\n", host, start, event, ns); err != nil {
			log.Fatal(err)
		}
	}
	record("START", start)
	tick := time.NewTicker(10 * time.Millisecond)
	for {
		select {
		case <-ctx.Done():
			record("STOP", monotonic())
			return
		case <-tick.C:
			record("TICK", monotonic())
		}
	}
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server")
	namespace := flag.String("namespace", "default", "of the Lease")
	name := flag.String("lease", "peer", "its name")
	path := flag.String("record", "", "file to append to while leading; none: lead without work")
	flag.Parse()

	host, err := os.Hostname()
	if err != nil {
		log.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: *namespace, Name: *name},
			Client:     client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: fmt.Sprintf("%s-%d", host, monotonic())},
		},
		LeaseDuration:   15 * time.Second,
		RenewDeadline:   10 * time.Second,
		RetryPeriod:     2 * time.Second,
		ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) {
				if *path != "" {
					work(ctx, *path, host)
				}
			},
			OnStoppedLeading: func() {},
		},
	})
}
