# SPDX-License-Identifier: Apache-2.0
# A second agent is started beside the leader's: it is refused, and says who is there. The leader notices nothing, also when
# its guard or itself is restarted. Typed, what the second one says ends the first, and the second is connected.
variants="life lease"
scenario() {
        begin
        local host=$leader pid conf=/etc/leader-agent/leader-agent.conf status cure
        pid=$(main_pid "$host" leader-agent)
        must host_exec "$host" sh -c "sed '/^state_dir/d; /trace = /d; s/name = \"$LOCK\"/name = \"other-lock\"/; s/${UNIT%.service}\.service/other.service/' $conf >/etc/leader-agent/second.conf; \
                echo 'state_dir = \"/var/lib/second\";' >>/etc/leader-agent/second.conf; chmod --reference=$conf /etc/leader-agent/second.conf; chown --reference=$conf /etc/leader-agent/second.conf"
        must host_exec "$host" systemd-run --quiet --unit=second -p Type=notify -p User=leader-agent -p Group=leader-agent \
                -p StateDirectory=second -p StateDirectoryMode=0700 -p Restart=always /usr/sbin/leader-agent --config /etc/leader-agent/second.conf
        wait_for 10 second_says "another agent (pid $pid, leader-agent of leader-agent.service) is connected to leader-guard"
        second_says "SECOND AGENT OF THIS HOST: another agent (pid $pid, leader-agent" || fail "the second agent says: $(second_status)"
        host_journal "$host" -u second | grep -q "another agent (pid $pid" || fail "its journal does not say who is there"
        stays 3
        hit "$host" leader-agent KILL
        stays 4
        hit "$host" leader-guard TERM
        [[ $tenure == lease ]] || stays 4
        sleep 3
        run=$(running) run=${run%%$'\n'*}
        [[ ${run% *} == "$host" ]] || fail "after a restart of its guard $host does not lead, but: $run"
        pid=$(main_pid "$host" leader-agent)
        second_says "another agent (pid $pid," || fail "the second agent says: $(second_status)"
        status=$(second_status)
        cure=$(grep -o 'that one: systemctl stop [a-z.-]*' <<<"$status") || fail "no cure in: $status"
        must host_exec "$host" sh -c "${cure#that one: }"
        takes_over 30 $(others)
        wait_for 6 second_connected || fail "the second agent says: $(second_status)"
        must host_exec "$host" systemctl stop second
        stays 2
}
second_status() { host_exec "$host" systemctl show --value -p StatusText second.service; }
second_says() { [[ $(second_status) == *"$1"* ]]; }
second_connected() { [[ $(second_status) != *"is connected to leader-guard"* ]]; }
