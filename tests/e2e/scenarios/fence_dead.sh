# SPDX-License-Identifier: Apache-2.0
# The leader's host is dead for good. Life: the others miss its sign of life, and say so with the command that is typed
# then. A human says that it is dead: another host leads at once.
variants="life lease life/pod"
scenario() {
        . "$here/faults_api.sh"
        . "$here/faults_host.sh"
        local host dead alive
        if [[ $tenure == life ]]; then
                for host in "${LAB_HOSTS[@]}"; do
                        must sed -i '1i verify_interval = "10s";' "$(host_root "$host")/etc/leader-agent/leader-agent.conf"
                done
        fi
        begin
        dead=$leader alive=$(others)
        local identity=$(lock .data.identity)
        host_crash "$dead"
        if [[ $tenure == life ]]; then
                for host in $alive; do
                        wait_for 90 _says "$host" "no sign of life of $dead since" || fail "$host does not miss it: $(status_of "$host")"
                        says "$host" "leaderctl fence $AGENTS_NS/$LOCK --holder $identity --reason TEXT"
                        in_journal "$host" "no sign of life of $dead since"
                done
                nobody 1
        fi
        fence web-9-00000000 --yes && fail "fenced a holder that is none"
        must fence "$identity" --yes
        takes_over 15 $alive
        [[ $(lock .data.fenced) == *"power is off"* ]] || fail "the next lock does not say who was fenced: $(lock .data)"
        if [[ $tenure == life ]]; then
                for host in $alive; do
                        in_journal "$host" "over: no sign of life of the holder"
                done
        fi
        stays 3
}
