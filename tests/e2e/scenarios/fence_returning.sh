# SPDX-License-Identifier: Apache-2.0
# The leader's host crashes and boots again while a human fences it: one of the two fails, and the unit never runs twice.
variants="life"
scenario() {
        . "$here/faults_host.sh"
        begin
        local host identity delay fenced=0 back=0
        for delay in 0 0.05 0.15 0.3; do
                host=$leader identity=$(lock .data.identity)
                host_crash "$host"
                host_boot "$host"
                must wait_for 30 _host_find "$host"
                must wait_for 30 host_exec "$host" systemctl --quiet is-active leader-agent
                sleep $delay
                fence "$identity" && ((++fenced)) || ((++back))
                takes_over_at_last 20 "${LAB_HOSTS[@]}"
                settles 20
                stays 1
        done
        echo "fence won $fenced times, the host $back times" | tee -a "$LAB/note"
}
