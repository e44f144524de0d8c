# SPDX-License-Identifier: Apache-2.0
# Fifty locks on two hosts. One unit takes long to stop, one lock is in a namespace without rights, one is damaged: the
# others are acquired, stepped down and taken over without waiting for them.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        local host good=() n
        for ((n = 1; n <= 47; n++)); do
                good+=("$n")
        done
        ops_unit
        for host in web-1 web-2; do
                echo "RECORDER_OPTIONS=--ignore-term" >"$(host_root "$host")/etc/recorder-hang.env"
        done
        locks_more "$AGENTS_NS" "${good[@]/#/op-}" op-hang op-damaged
        must api POST "/api/v1/namespaces/$AGENTS_NS/configmaps" '{"metadata":{"name":"op-damaged"},"data":{"holder":"nobody"}}' >/dev/null
        # (Not to be back before the other host has come to all of them, however busy the machine is.)
        conf_add "defaults = { step_down_hold = \"15s\"; }; $(ops_conf "${good[@]}" damaged | sed '$s/);$//')
                , $(OP_KEYS='namespace="kube-public";' op_lock forbidden), $(op_lock hang | slow_stop));"
        ops_enroll
        start_agents web-1
        ops_come_to web-1 60 "${good[@]}" hang
        role_is web-1 blocked op-damaged
        says web-1 "forbidden: User"
        start_agents web-2
        role_is web-2 candidate op-47
        sleep 1

        for n in hang "${good[@]}"; do
                must host_exec web-1 leaderctl step-down "op-$n"
        done
        ops_come_to web-2 30 "${good[@]}"
        [[ $(role_of web-1 op-hang) == stopping ]] || fail "op-hang is $(role_of web-1 op-hang): the test proves nothing"
        ops_come_to web-2 60 hang
        ops_judged "${good[@]}" hang
        gaps "step-down one after another" "${good[@]}"

        if [[ $tenure == lease ]]; then
                host_crash web-2
        else
                must host_exec web-2 systemctl --no-block stop leader-agent
        fi
        ops_come_to web-1 60 "${good[@]}"
        if [[ $tenure == life ]]; then
                [[ $(role_of web-2 op-hang) == stopping ]] || fail "op-hang was over before the others: the test proves nothing"
        fi
        ops_come_to web-1 60 hang
        ops_judged "${good[@]}" hang
        gaps "with the failover" "${good[@]}"
}
gaps() { # WHEN SUFFIX…
        local n
        for n in "${@:2}"; do
                "$JUDGE" "$LAB/shared/record-$n" | tail -1
        done | sed 's/.*max_gap_ns=\([0-9]*\).*/\1/' | sort -n | awk -v when="$1" '{ gap[NR] = $1 / 1e6 }
                END { printf "%s, %d locks: longest gap of each %d to %d ms, median %d\n", when, NR, gap[1], gap[NR], gap[int((NR + 1) / 2)] }' |
                tee -a "$LAB/note"
}
slow_stop() { sed 's/stop_timeout="[^"]*"/stop_timeout="25s"/; s/lease_duration="[^"]*"/lease_duration="45s"/'; }
