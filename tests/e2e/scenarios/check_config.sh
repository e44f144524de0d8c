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
        user_is 4123
        check_config "but cannot start: there is no user with the number 4123 here; "
        must host_exec web-1 systemctl --no-block start leader-agent
        in_journal web-1 status=217/USER
        must host_exec web-1 systemctl stop leader-agent
        user_is "$(host_exec web-1 id -u leader-agent)"
        check_config "its user leader-agent can read them."
        user_is %i # which systemd ignores in a drop-in, and not in the unit itself
        check_config "its user leader-agent can read them."
        must host_exec web-1 sh -c "sed 's/^User=.*/User=%i/' /lib/systemd/system/leader-agent.service \
                >/etc/systemd/system/leader-agent.service && systemctl daemon-reload"
        check_config "systemd cannot load leader-agent.service (bad-setting: "
        must host_exec web-1 rm /etc/systemd/system/leader-agent.service
        must host_exec web-1 sh -c "printf '[Service]\nDynamicUser=yes\n' >/etc/systemd/system/leader-agent.service.d/dynamic.conf"
        user_is lab-dynamic
        check_config "its user lab-dynamic (DynamicUser=) can read them."
        must as_dynamic -p Group=leader-agent cat /etc/leader-agent/kc
        must host_exec web-1 sh -c "echo Group= >>/etc/systemd/system/leader-agent.service.d/dynamic.conf && systemctl daemon-reload"
        check_config_refuses "the configuration /etc/leader-agent/leader-agent.conf cannot be read by the agent's user lab-dynamic (DynamicUser=): \
Permission denied; systemd makes that user at each start, but takes one that there is; "
        ! as_dynamic cat /etc/leader-agent/leader-agent.conf || fail "it can be read"
        typed_cure
        check_config_refuses "the configuration /etc/leader-agent/leader-agent.conf cannot be read by the agent's user lab-dynamic: Permission denied; "
        must host_exec web-1 rm /etc/systemd/system/leader-agent.service.d/dynamic.conf
        user_is ""
        check_config "its user root can read them."
        must host_exec web-1 chmod 0600 /etc/leader-agent/kc
        must host_exec web-1 chown leader-agent /etc/leader-agent/kc
        check_config_refuses "$conf:1: kubeconfig /etc/leader-agent/kc cannot be read by the agent's user root: Permission denied; "
        must host_exec web-1 sh -c 'rm -r /etc/systemd/system/leader-agent.service.d/user.conf && systemctl daemon-reload'
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
user_is() { # NAME
        must host_exec web-1 sh -c "mkdir -p /etc/systemd/system/leader-agent.service.d && printf '[Service]\nUser=%s\n' '$1' \
                >/etc/systemd/system/leader-agent.service.d/user.conf && systemctl daemon-reload"
}
as_dynamic() { host_exec web-1 systemd-run --quiet --wait -p DynamicUser=yes -p User=lab-dynamic "$@"; } # [-p SETTING…] COMMAND…
typed_cure() { must host_exec web-1 sh -c "${refused_cure%; and write*}"; }
