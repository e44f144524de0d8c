# SPDX-License-Identifier: Apache-2.0
# The files in the leader's state directory are garbage, or cut, and its agent is killed. It says so and touches nothing. Life:
# the unit runs on, the lock stays. Lease: nobody renews, the unit is stopped in time, another host leads.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        begin
        local host=$leader uid=$(lock .metadata.uid) dir=$(state_dir "$leader") kept=$LAB/kept
        rm -rf "$kept"
        cp -a "$dir" "$kept"
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
        settles 20
        [[ $leader == "$host" && $(lock .metadata.uid) == "$uid" ]] || fail "the lock was not taken up again"
        stays 3
}
