# SPDX-License-Identifier: Apache-2.0
# A copy of the leader's disk boots as another host: same machine id, same claims. Lease: the copy waits like everybody. Life,
# the stated hole: it takes the lock for its own of an earlier boot; the original stops when it reads the other boot id.
# The unit ignores SIGTERM: the longest stop.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        unit_options --ignore-term
        begin
        local host=$leader old=${run#* } clone=$(others | head -1)
        host_crash "$clone"
        cp "$(machine_id "$host")" "$(machine_id "$clone")"
        rm -rf "$(state_dir "$clone")"
        cp -a "$(state_dir "$host")" "$(state_dir "$clone")"
        host_boot "$clone"
        host_wait "$clone"
        if [[ $tenure == lease ]]; then
                stays 12
                lock_names "$host"
                return
        fi
        # Both may run for a moment: takes_over looks for one.
        takes_over 15 "$clone"
        must wait_for 5 still_runs
        stays 5
        # The same lock, so the same term twice: part of the hole, as no fencing token tells the two apart.
        awk -v h="$host" -v r="$old" '$1 == h && $2 == r { $5 = "-" } { print }' "$RECORD" >"$RECORD.terms"
        must mv "$RECORD.terms" "$RECORD"
        hole 2000 "$host" "$old" "$(start_ns)" "a copy of the leader's host was booted"
}
