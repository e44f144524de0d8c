# SPDX-License-Identifier: Apache-2.0
# A job that is done: no failure. The lock stays for its next start here, which neither leader-guard nor the next
# leader-guard does, nor another host. on_exit = "release" moves on.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        local uid
        begin
        uid=$(lock .metadata.uid)
        hit "$leader" "$UNIT" TERM # by itself, and with success
        ends 3
        shows "$leader" "keeps the lock for its next start here"
        in_journal "$leader" "the unit ended with success"
        must host_exec "$leader" systemctl restart leader-guard
        nobody 3
        must host_exec "$leader" systemctl restart leader-agent
        nobody 3
        shows "$leader" "keeps the lock for its next start here"
        must host_exec "$leader" systemctl start "$UNIT"
        takes_over 5 "$leader"
        hit "$leader" "$UNIT" TERM
        ends 3
        nobody 3
        [[ $(lock .metadata.uid) == "$uid" ]] || fail "the lock was not kept"
        conf_add 'defaults = { on_exit = "release"; cooldown = "30s"; };'
        reload "${LAB_HOSTS[@]}"
        takes_over 15 $(others)
}
