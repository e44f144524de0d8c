# SPDX-License-Identifier: Apache-2.0
# --check-config, as root, judges what leader-agent.service sees and its user can read: a kubeconfig in /root, and one that only
# root may read. The agent agrees; what is printed as the cure, typed, cures.
variants="life"
scenario() {
        . "$here/faults_host.sh"
        local conf=/etc/leader-agent/conf.d/test.conf
        check_config "leader-agent.service sees these files, and its user leader-agent can read them."
        must host_exec web-1 mv /etc/leader-agent/kubeconfig /root/kc
        must host_exec web-1 sh -c "mkdir -p ${conf%/*} && echo 'kubeconfig = \"/root/kc\";' >$conf"
        check_config_refuses "$conf:1: kubeconfig /root/kc is not seen by the agent: ProtectHome=yes of leader-agent.service hides /root; "
        must host_exec web-1 systemctl --no-block start leader-agent
        in_journal web-1 "\"/root/kc\": it is not seen: ProtectHome= of this program's unit hides /root; run: install "
        must host_exec web-1 systemctl stop leader-agent
        typed_cure
        must host_exec web-1 sh -c "echo '${refused_cure#*; and write }' | sed 's/ there$//' >$conf"
        check_config "its user leader-agent can read them."
        must host_exec web-1 sh -c 'chown root:root /etc/leader-agent/kc && chmod 0600 /etc/leader-agent/kc'
        check_config_refuses "$conf:1: kubeconfig /etc/leader-agent/kc cannot be read by the agent's user leader-agent: Permission denied; "
        typed_cure
        must host_exec web-1 chmod 0600 /etc/leader-agent/leader-agent.conf
        check_config_refuses "the configuration /etc/leader-agent/leader-agent.conf cannot be read by the agent's user leader-agent: Permission denied; "
        typed_cure
        check_config "its user leader-agent can read them."
        start_agents web-1
        takes_over 15 web-1
        stays 1
}
check_config() { # WORDS…
        local said
        said=$(host_exec web-1 leader-agent --check-config 2>&1) || fail "refused: $said"
        [[ $said == *"$*"* ]] || fail "does not say '$*': $said"
}
check_config_refuses() { # WORDS…
        local said
        said=$(host_exec web-1 leader-agent --check-config 2>&1) && fail "not refused: $said"
        [[ $said == *"$*run: "* ]] || fail "refused with: $said"
        [[ $(host_exec web-1 leaderctl check-config 2>&1) == *"$*run: "* ]] || fail "leaderctl says something else"
        refused_cure=${said##*run: }
}
typed_cure() { must host_exec web-1 sh -c "${refused_cure%; and write*}"; }
