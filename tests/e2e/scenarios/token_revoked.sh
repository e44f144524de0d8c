# SPDX-License-Identifier: Apache-2.0
# All agents' tokens are revoked, the files then hold garbage, then good tokens. Life: the leader leads on, and can
# hand over at the end. Lease: its unit is stopped in time, nobody leads, and with the new tokens somebody does.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        needs_real
        local host old new
        tokens_to_files
        secret_make old
        old=$(secret_token old) || fail "no token"
        for host in "${LAB_HOSTS[@]}"; do
                token_write "$host" "$old"
        done
        begin
        secret_delete old
        secret_make new
        new=$(secret_token new) || fail "no token"
        # The API server goes by its cache for some 10 s.
        refused() { [[ $(api_code "$old") == 401 ]]; }
        must wait_for 40 refused
        if [[ $tenure == life ]]; then
                stays 4
        else
                [[ $(running) != *"$run"* ]] || ends 5
                nobody 4
        fi
        for host in "${LAB_HOSTS[@]}"; do
                token_write "$host" "neither a token"
        done
        if [[ $tenure == life ]]; then stays 3; else nobody 3; fi
        for host in "${LAB_HOSTS[@]}"; do
                token_write "$host" "$new"
        done
        if [[ $tenure == life ]]; then
                stays 3
                must host_exec "$leader" leaderctl step-down "$LOCK"
                takes_over 60 $(others)
        else
                takes_over 60 "${LAB_HOSTS[@]}"
        fi
        settles 10
        stays 2
}
