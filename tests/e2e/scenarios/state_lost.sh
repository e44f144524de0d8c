# SPDX-License-Identifier: Apache-2.0
# The leader's state directory is lost, and its agent is killed. It no longer knows that the lock is its own, so it stops the
# unit. Life: the lock stays held until a human fences it. Lease: it is deposed like any silent one.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        begin
        local host=$leader uid=$(lock .metadata.uid) identity=$(lock .data.identity) dir
        dir=$(state_dir "$host")
        rm -rf "${dir:?}"/*
        hit "$host" leader-agent KILL
        ends 10
        if [[ $tenure == life ]]; then
                nobody 8
                [[ $(lock .metadata.uid) == "$uid" ]] || fail "the lock was released"
                must fence "$identity" --yes
                shows "$host" "the name of our placeholder is taken by one that is not ours; waits: is there another host with the identity $identity "
        fi
        takes_over 25 "${LAB_HOSTS[@]}"
        settles 10
        stays 3
}
