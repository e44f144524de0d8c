# SPDX-License-Identifier: Apache-2.0
# The leader's host is told to suspend (the kernel's interface is a stand-in: it sleeps for some seconds with everything running): a
# leased unit stops before, and another host leads; a life leader stays.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        begin
        local host=$leader
        must host_exec "$host" sh -c 'mount -t tmpfs sleep /sys/power && echo "freeze mem disk" >/sys/power/state &&
                echo "s2idle [deep]" >/sys/power/mem_sleep && echo "[platform] shutdown" >/sys/power/disk'
        must host_exec "$host" sh -c 'cd /run/systemd/system && mkdir -p systemd-suspend.service.d &&
                printf "[Service]\nExecStartPre=/bin/sleep 8\n" >systemd-suspend.service.d/test.conf && systemctl daemon-reload'
        must host_exec "$host" busctl call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager Suspend b false
        if [[ $tenure == lease ]]; then
                takes_over 15 $(others)
                in_journal "$host" "about to sleep"
        fi
        stays 4
}
