# SPDX-License-Identifier: Apache-2.0
# D-Bus is stopped on the leader's host: neither agent nor guard needs it to hold or to give up a lock.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        begin
        must host_exec "$leader" systemctl stop dbus.socket dbus.service
        stays 3
        in_journal "$leader" "leaderctl does not reach this agent meanwhile"
        shows "$leader" "; D-Bus: "
        hit "$leader" leader-agent KILL
        stays 5
        must host_exec "$leader" systemctl stop leader-agent
        takes_over 15 $(others)
        stays 2
}
