# SPDX-License-Identifier: Apache-2.0
# A host without cgroup v2 (its guard looks where none is mounted): it takes no part, and its STATUS says what is missing.
# Another one leads.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        local dir=$(host_root web-1)/etc/systemd/system/leader-guard.service.d
        mkdir -p "$dir"
        printf '%s\n' '[Service]' ExecStart= "ExecStart=$(guard_program) --cgroup-root /run" >"$dir/zz-test.conf"
        must host_exec web-1 systemctl daemon-reload
        start_agents web-1
        shows web-1 "/run is not cgroup v2"
        nobody 3
        start_agents web-2
        takes_over 15 web-2
        stays 2
}
guard_program() { host_exec web-1 systemctl show --value -p ExecStart leader-guard | sed 's/.*path=\([^ ]*\) .*/\1/'; }
