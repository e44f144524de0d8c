# SPDX-License-Identifier: Apache-2.0
# The leader's host crashes, a human looks at the lock, and while he decides to fence the host boots again. One of the two
# fails: a lock that was taken up after it was shown is not fenced, and one that is fenced is not taken up.
variants="life"
scenario() {
        . "$here/faults_host.sh"
        rm -f "$LAB/fence.answer" # of one that failed
        must mkfifo "$LAB/fence.answer"
        begin
        local host identity uid delay fenced=0 back=0
        for delay in early 0 0.02 0.05 0.3; do
                host=$leader identity=$(lock .data.identity) uid=$(lock .metadata.uid)
                host_crash "$host"
                fence_shows "$identity"
                host_boot "$host"
                must wait_for 30 _host_find "$host"
                if [[ $delay != early ]]; then
                        must wait_for 30 host_exec "$host" systemctl --quiet is-active leader-agent
                        sleep $delay
                fi
                if fence_confirm "$identity"; then
                        ((++fenced))
                        takes_over 20 "${LAB_HOSTS[@]}"
                        [[ $(lock .metadata.uid) != "$uid" ]] || fail "the fenced lock is still there"
                else
                        ((++back))
                        takes_over 20 "$host"
                        [[ $(lock .metadata.uid) == "$uid" ]] || fail "the lock was neither fenced nor taken up"
                fi
                settles 20
                stays 1
        done
        rm "$LAB/fence.answer"
        echo "fence won $fenced times, the host $back times" >>"$LAB/note"
        ((fenced && back)) || fail "no race: fence won $fenced times, the host $back times"
}
