# SPDX-License-Identifier: Apache-2.0
# The leader's host loses power, and boots with a configuration from which the lock is gone: by its claims the agent knows
# that the lock is its own, and releases it. Not enrolled any more either: it says which command frees it, and that does.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        begin
        local host=$leader cure
        without_the_lock "$host"
        takes_over 40 $(others)
        stays 1
        [[ $tenure == life ]] || return 0
        host=$leader
        rm -f "$(dropin_dir "$host")/zz-leader-agent.conf"
        without_the_lock "$host"
        shows "$host" "$AGENTS_NS/$LOCK: held by this host, but not configured"
        in_journal "$host" "leaderctl fence $AGENTS_NS/$LOCK --holder"
        nobody 2
        cure=$(status_text "$host" | grep -o 'leaderctl fence .* --reason "[^"]*"') || fail "no cure in: $(status_text "$host")"
        must host_exec "$host" sh -c "$cure --yes --kubeconfig /etc/leader-agent/kubeconfig"
        takes_over 30 $(others)
        stays 1
}
without_the_lock() { # HOST: which crashes and boots
        host_crash "$1"
        sed -i "s/name = \"$LOCK\"/name = \"other-lock\"/; s/${UNIT%.service}\.service/other.service/" "$(host_root "$1")/etc/leader-agent/leader-agent.conf"
        host_boot "$1"
        host_wait "$1"
}
