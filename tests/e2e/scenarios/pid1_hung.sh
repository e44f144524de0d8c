# SPDX-License-Identifier: Apache-2.0
# PID 1 of the leader's host hangs: agent and guard go on without it (sd_notify() would sleep, once PID 1's queue is full), the
# unit runs on. Then the agent hangs too: the guard alone ends the unit before the next leader begins.
variants="lease"
scenario() {
        . "$here/faults_host.sh"
        begin
        local host=$leader pid
        pid=$(_host_pid "$host")
        must kill -STOP "$pid"
        stays 15
        host_exec "$host" sh -c 'kill -STOP $(cat /sys/fs/cgroup/system.slice/leader-agent.service/cgroup.procs)'
        takes_over 25 $(others)
        must kill -CONT "$pid"
        stays 3
}
