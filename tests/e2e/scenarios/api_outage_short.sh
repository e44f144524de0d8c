# SPDX-License-Identifier: Apache-2.0
# With the timings that leader-agent has by default (renewed every 5 s, stopped after 15 s) nobody can connect to the API
# server for 9 s, three times, wherever in the interval that begins: the leader leads on.
variants="lease"
scenario() {
        . "$here/faults_api.sh"
        local host
        for host in "${LAB_HOSTS[@]}"; do
                must sed -i 's/^renew_interval = .*/renew_interval = "5s";/; s/^request_timeout = .*/request_timeout = "5s";/
                        s/lease_duration = "[^"]*"/lease_duration = "30s"/; s/renew_deadline = "[^"]*"/renew_deadline = "15s"/
                        s/stop_timeout = "[^"]*"/stop_timeout = "8s"/; s/kill_margin = "[^"]*"/kill_margin = "5s"/' \
                        "$(host_root "$host")/etc/leader-agent/leader-agent.conf"
        done
        relays_up
        begin
        for _ in 1 2 3; do
                relays_end
                stays 9
                relays_start
                stays 6
        done
        settles 5
        stays 2
}
