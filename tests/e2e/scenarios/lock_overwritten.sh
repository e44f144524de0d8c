# SPDX-License-Identifier: Apache-2.0
# Somebody overwrites the lock: the API server refuses it. One that is not immutable, as 0.1.0 makes them, it lets go:
# finalizer, owner and claim are gone. Its holder has lost it and stops; nobody touches what
# is there, and every agent says so, until a human removes it.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        begin
        local body='{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"'"$LOCK"'"},"data":{"key":"value"}}'
        lock_refuses PUT "$body"
        stays 2
        lock_open
        must api PUT "$(lock_path)" "$body" >/dev/null
        ends 5
        local uid=$(lock .metadata.uid) host
        nobody 8
        for host in "${LAB_HOSTS[@]}"; do
                says "$host" damaged
        done
        [[ $(lock .metadata.uid)$(lock .data.key) == ${uid}value ]] || fail "somebody touched it"
        must api DELETE "$(lock_path)" >/dev/null
        takes_over 20 "${LAB_HOSTS[@]}"
        settles 5
        stays 2
}
