# SPDX-License-Identifier: Apache-2.0
# Another kubeconfig (token, and the server by name) takes effect by `systemctl reload`, also again and again: the processes
# of agent and unit stay, the old token may go. A broken one fails, names the file, and changes nothing.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        needs_real
        local host old new good pids i name
        secret_make old
        secret_make new
        old=$(secret_token old) && new=$(secret_token new) || fail "no token"
        for host in "${LAB_HOSTS[@]}"; do
                kubeconfig_edit "$host" "s|{token: .*}}|{token: $old}}|"
        done
        begin
        lock_names "$leader"
        pids=$(pids)
        for host in "${LAB_HOSTS[@]}"; do
                kubeconfig_edit "$host" "s|{token: .*}}|{token: $new}}|; s|https://[^:]*:6443|https://kube-api:6443|"
        done
        reload "${LAB_HOSTS[@]}"
        for host in "${LAB_HOSTS[@]}"; do
                [[ $(status_of "$host" | jq -r .api.server) == https://kube-api:6443 ]] || fail "$host: $(status_of "$host")"
        done
        secret_delete old
        refused() { [[ $(api_code "$old") == 401 ]]; }
        must wait_for 40 refused
        stays 4
        [[ $(pids) == "$pids" ]] || fail "processes were $pids, and are $(pids)"

        # As fast as systemctl does it.
        for ((i = 0; i < 10; i++)); do
                name=$LAB_API
                ((i % 2 == 0)) || name=kube-api
                kubeconfig_edit "$leader" "s|https://[^:]*:6443|https://$name:6443|"
                reload "$leader"
        done
        stays 4
        [[ $(pids) == "$pids" ]] || fail "processes were $pids, and are $(pids)"

        good=$(<"$(kubeconfig "$leader")")
        broken "s|certificate-authority-data: [^}]*|certificate-authority: /etc/leader-agent/none.crt|" /etc/leader-agent/none.crt
        for name in this other; do
                must openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$name" -keyout "$(host_root "$leader")/etc/leader-agent/$name.key" \
                        -out "$(host_root "$leader")/etc/leader-agent/$name.crt" 2>/dev/null
                chmod 644 "$(host_root "$leader")/etc/leader-agent/$name.key"
        done
        broken "s|{token: .*}}|{client-certificate: this.crt, client-key: other.key}}|" /etc/leader-agent/other.key
        stays 3
        [[ $(pids) == "$pids" ]] || fail "processes were $pids, and are $(pids)"
        echo "$good" >"$(kubeconfig "$leader")"
        reload "$leader"
        forgets() { [[ $(status_text "$leader") != *"NOT IN FORCE"* ]]; }
        wait_for 5 forgets || fail "the status does not forget: $(status_text "$leader")"

        must host_exec "$leader" leaderctl step-down "$LOCK"
        takes_over 60 $(others)
        settles 10
        stays 2
}
kubeconfig() { echo "$(host_root "$1")/etc/leader-agent/kubeconfig"; }
kubeconfig_edit() { must sed -i "$2" "$(kubeconfig "$1")"; } # keeps owner and mode
pids() { echo "$(main_pid "$leader" leader-agent) $(main_pid "$leader" "$UNIT")"; }
broken() { # SED FILE
        echo "$good" >"$(kubeconfig "$leader")"
        kubeconfig_edit "$leader" "$1"
        ! host_exec "$leader" systemctl reload leader-agent 2>/dev/null || fail "a reload with $2 did not fail"
        in_journal "$leader" "$2"
        shows "$leader" "CONFIGURATION ON DISK NOT IN FORCE ("
        shows "$leader" "$2"
}
