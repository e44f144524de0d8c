# SPDX-License-Identifier: Apache-2.0
# The API server's side of all connections is gone, and no host hears of it: no answer comes on them, and their watches are
# silent for ever. The leader leads on over new ones: one request in vain is all that it may cost. Then the lock is deleted.
# The leader finds out, later than with a watch, and somebody leads anew.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        local host
        for host in "${LAB_HOSTS[@]}"; do
                # Time for one request in vain before renew_deadline, not for two.
                must sed -i '1i verify_interval = "10s";
                        s/^request_timeout = .*/request_timeout = "800ms";/' "$(host_root "$host")/etc/leader-agent/leader-agent.conf"
        done
        relays_up
        begin
        relay all half-open
        stays 4
        local uid=$(lock .metadata.uid)
        must api DELETE "$(lock_path)" >/dev/null
        takes_over 60 "${LAB_HOSTS[@]}"
        settles 10
        [[ $(lock .metadata.uid) != "$uid" ]] || fail "the old lock is still there"
        stays 2
}
