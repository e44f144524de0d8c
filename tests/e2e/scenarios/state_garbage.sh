# SPDX-License-Identifier: Apache-2.0
# The files in the leader's state directory are garbage, or cut, and its agent is killed. Without its identity it does not
# start, and says why. Life: the unit runs on, the lock stays. Lease: nobody renews, the unit is stopped in time, another host
# leads. Without its claims it stops the unit, and the lock stays held until they are restored.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        begin
        local host=$leader uid=$(lock .metadata.uid) dir=$(state_dir "$leader") kept=$LAB/kept
        rm -rf "$kept"
        cp -a "$dir" "$kept"
        rm -f "$kept/trace" # a record of what happens, not of the state: it goes on
        head -c 20 "$kept/identity" >"$dir/identity"
        hit "$host" leader-agent KILL
        in_journal "$host" "/var/lib/leader-agent/identity: "
        if [[ $tenure == life ]]; then
                stays 5
        else
                ends 6
                takes_over 20 $(others)
                stays 3
                [[ $(head -c 20 "$kept/identity") == "$(<"$dir/identity")" ]] || fail "the broken file was overwritten"
                return
        fi
        cat "$kept/identity" >"$dir/identity"
        must wait_for 20 host_exec "$host" systemctl --quiet is-active leader-agent # it pauses after a start that failed
        must wait_for 10 lock_is_sound
        stays 4
        for file in "$dir"/claims/lock*; do
                head -c 64 /dev/urandom >"$file"
        done
        hit "$host" leader-agent KILL
        in_journal "$host" "/var/lib/leader-agent/claims/"
        nobody 6
        [[ $(lock .metadata.uid) == "$uid" ]] || fail "the lock was released"
        cp -a "$kept/." "$dir/"
        must host_exec "$host" systemctl restart leader-agent
        # It could not tell whether the lock was its own and revoked it at the guard: that term is over for good.
        takes_over 20 "${LAB_HOSTS[@]}"
        settles 10
        [[ $(lock .metadata.uid) != "$uid" ]] || fail "a revoked term was taken up again"
        stays 3
}
