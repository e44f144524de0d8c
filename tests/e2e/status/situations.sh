# SPDX-License-Identifier: Apache-2.0
# Sourced by run.sh: the situations, as `FUNCTION TENURE TITLE`, in the order in which they are read. Each function begins with
# three fresh hosts, configured and enrolled, no agent started.
# Host names are words.
# shellcheck disable=SC2046

situations=(
        "well life All is well"
        "api_gone life No packet reaches the API server, and then they do again"
        "api_gone_lease lease The same under a lease"
        "no_watch life The Role has lost the verb watch"
        "no_delete life The Role has lost the verb delete"
        "agent_stopped life The leader's agent is stopped"
        "guard_away life leader-guard is stopped on the leader"
        "stepped_down life A step-down, and who may type it"
        "deleted_lock life Somebody deletes the lock"
        "masked life The unit is masked, not enrolled, and mended, on a candidate"
        "past_the_gate life Somebody runs the unit of a candidate past the gate"
        "crashed lease The leader's plug is pulled"
        "crashed_life life The leader's plug is pulled; a human fences it"
        "two_locks life Two locks, one of them in trouble"
        "to_lease life The configuration says lease while a life term is on"
        "typo life A typo in the configuration, then in the kubeconfig"
        "cloned life Two hosts have one machine-id and one name"
        "no_namespace life The namespace does not exist"
        "powered_off life The leader is powered off in order"
        "mistyped life What leaderctl answers to the wrong words"
)

_one_other() { others | head -1; }
_two() { # what the leader and one candidate say
        picture "$leader" "$(_one_other)"
}

well() {
        begin
        shows "$leader" "Leader of $AGENTS_NS/$LOCK"
        shows "$(_one_other)" "$leader leads"
        _two
        show "$leader" leaderctl list "$LOCK" --kubeconfig /etc/leader-agent/kubeconfig
        show "$leader" leaderctl status --json
}

_cut_all() {
        local host
        for host in "${LAB_HOSTS[@]}"; do
                "$1" "$host"
        done
}

_api_gone() {
        begin
        shows "$(_one_other)" "$leader leads"
        journal_read "${LAB_HOSTS[@]}"
        told "All hosts lose the network."
        _cut_all net_cut
        shows "$leader" "API UNREACHABLE"
        shows "$(_one_other)" "API UNREACHABLE"
        _two
}
api_gone() {
        _api_gone
        told "It is there again."
        _cut_all net_heal
        wait_for 30 _shows_not "$leader" UNREACHABLE || fail "$leader still says: $(status_text "$leader")"
        wait_for 30 _shows_not "$(_one_other)" UNREACHABLE || fail "$(_one_other) still says: $(status_text "$(_one_other)")"
        _two
}
_shows_not() { [[ $(status_text "$1") != *"$2"* ]]; }
api_gone_lease() {
        local before
        AGENTS_TIMING="40s 20s 1200ms 3510ms 2s 1500ms" agents_configure "$tenure" lease
        _api_gone
        told "It stays away until the unit has to be stopped."
        before=$leader
        ends 60
        shows "$before" "$UNIT stopped"
        _two
        told "It is there again."
        _cut_all net_heal
        settles 60
        wait_for 30 _shows_not "$leader" UNREACHABLE
        _two
}

_role_without() { # VERB
        local role=/apis/rbac.authorization.k8s.io/v1/namespaces/$AGENTS_NS/roles/leader-agent rules
        rules=$(api GET "$role" | jq -c --arg verb "$1" '[.rules[] | if .resources == ["configmaps"] then .verbs -= [$verb] else . end]')
        must api PATCH "$role" '{"rules":'"$rules"'}' application/merge-patch+json >/dev/null
        sleep 1 # (the authorizer's informer)
}
no_watch() {
        _role_without watch
        begin
        shows "$leader" "RIGHTS MISSING"
        shows "$(_one_other)" "NO WATCH"
        _two
}
no_delete() {
        local host
        begin
        journal_read "${LAB_HOSTS[@]}"
        told "The Role loses \`delete\` of the lock; each host is told to ask anew: \`systemctl reload leader-agent\`."
        _role_without delete
        for host in "${LAB_HOSTS[@]}"; do
                must host_exec "$host" systemctl reload leader-agent
        done
        shows "$leader" "RIGHTS MISSING"
        shows "$(_one_other)" "RIGHTS MISSING"
        _two
        show "$leader" leaderctl step-down "$LOCK"
}

agent_stopped() {
        local before
        begin
        journal_read "${LAB_HOSTS[@]}"
        before=$leader
        must host_exec "$leader" systemctl stop leader-agent
        takes_over 30 $(others)
        shows "$before" "Stopped; "
        shows "$leader" "Leader of"
        picture "$before" "$leader"
}

guard_away() {
        begin
        journal_read "${LAB_HOSTS[@]}"
        must host_exec "$leader" systemctl stop leader-guard.socket leader-guard.service
        sleep 5
        picture "$leader"
        told "\`systemctl start leader-guard.socket\`"
        must host_exec "$leader" systemctl start leader-guard.socket
        sleep 5
        picture "$leader"
}

stepped_down() {
        local before
        begin
        journal_read "${LAB_HOSTS[@]}"
        before=$leader
        show "$leader" setpriv --reuid nobody --clear-groups leaderctl step-down "$LOCK"
        show "$leader" leaderctl step-down "$LOCK"
        takes_over 30 $(others)
        shows "$leader" "Leader of"
        picture "$before" "$leader"
}

deleted_lock() {
        begin
        journal_read "${LAB_HOSTS[@]}"
        must api DELETE "$(lock_path)" >/dev/null
        sleep 4
        settles 20
        shows "$leader" "Leader of"
        picture "${LAB_HOSTS[@]}"
}

masked() {
        local host dropin
        begin
        host=$(_one_other)
        journal_read "$host"
        must host_exec "$host" sh -c "mv /etc/systemd/system/$UNIT /usr/lib/systemd/system/; systemctl --quiet mask $UNIT"
        told "\`systemctl mask $UNIT\` on $host"
        shows "$host" "masked"
        picture "$host"
        must host_exec "$host" systemctl --quiet unmask "$UNIT"
        told "\`systemctl unmask $UNIT\`; then the drop-in is removed, and \`systemctl daemon-reload\`"
        wait_for 20 _shows_not "$host" masked || fail "$host still says: $(status_text "$host")"
        dropin=$(dropin_dir "$host")
        rm "$dropin"/*leader-agent*
        must host_exec "$host" systemctl daemon-reload
        shows "$host" "enroll"
        picture "$host"
        told "\`leaderctl enroll\`"
        show "$host" leaderctl enroll "$UNIT"
        wait_for 20 _shows_not "$host" enroll || fail "$host still says: $(status_text "$host")"
        picture "$host"
}

past_the_gate() {
        local host
        begin
        host=$(_one_other)
        journal_read "$host" "$leader"
        told "On $host the gate is taken out of the unit, and it is started."
        rm "$(dropin_dir "$host")"/*leader-agent*
        must host_exec "$host" systemctl daemon-reload
        must host_exec "$host" systemctl start --no-block "$UNIT"
        in_journal "$host" "without"
        sleep 3
        picture "$host"
}

crashed() {
        local before
        begin
        before=$leader
        journal_read $(others)
        host_crash "$leader"
        sleep 4
        told "Before the lease is over:"
        picture "$(_one_other)"
        takes_over 40 $(others)
        shows "$leader" "Leader of"
        told "After it:"
        picture "$leader"
        told "$before boots."
        host_boot "$before" && host_wait "$before"
        shows "$before" "Candidate of"
        picture "$before"
}
crashed_life() {
        local before host
        for host in "${LAB_HOSTS[@]}"; do
                must sed -i '1i verify_interval = "10s";' "$(host_root "$host")/etc/leader-agent/leader-agent.conf"
        done
        begin
        before=$leader
        shows "$(_one_other)" "$leader leads"
        journal_read $(others)
        host_crash "$leader"
        told "A life lock is held until a human acts; here verify_interval is 10s, and $before has missed its sign of life:"
        wait_for 90 _shows "$(_one_other)" "no sign of life of $before since"
        picture "$(_one_other)"
        show "$(_one_other)" leaderctl list "$LOCK" --kubeconfig /etc/leader-agent/kubeconfig
        told "A human who knows that $before is off types, on another host:"
        show "$(_one_other)" leaderctl fence "$LOCK" --holder "$(agents_identity "$before")" --reason "power is off" --yes \
                --kubeconfig /etc/leader-agent/kubeconfig
        takes_over 30 $(others)
        shows "$leader" "Leader of"
        picture "$leader"
}

two_locks() {
        local host
        locks_more "$AGENTS_NS" op-a
        ops_unit
        for host in "${LAB_HOSTS[@]}"; do
                sed -i 's/^});/}, '"$(op_lock a)"');/' "$(host_root "$host")/etc/leader-agent/leader-agent.conf"
        done
        ops_enroll
        begin
        host=$(_one_other)
        must host_exec "$host" systemctl --quiet mask --runtime op@a.service
        shows "$host" "op@a.service"
        picture "$leader" "$host"
        show "$host" leaderctl list "$LOCK" op-a --kubeconfig /etc/leader-agent/kubeconfig
}

to_lease() {
        begin
        journal_read "$leader"
        _agents_conf lease lease | sed '/^log_level/d' >"$(host_root "$leader")/etc/leader-agent/leader-agent.conf"
        show "$leader" systemctl reload leader-agent
        shows "$leader" "from the next term"
        picture "$leader"
        show "$leader" leaderctl enroll "$UNIT"
        shows "$leader" "enrolled for tenure lease, as configured"
        picture "$leader"
        show "$leader" leaderctl step-down "$LOCK"
        takes_over 30 $(others)
}

typo() {
        local conf kubeconfig
        begin
        journal_read "$leader"
        conf=$(host_root "$leader")/etc/leader-agent/leader-agent.conf kubeconfig=$(host_root "$leader")/etc/leader-agent/kubeconfig
        sed -i.good 's/stop_timeout/stop_timeuot/' "$conf"
        show "$leader" systemctl reload leader-agent
        shows "$leader" "NOT IN FORCE"
        picture "$leader"
        mv "$conf.good" "$conf"
        cp -p "$kubeconfig" "$kubeconfig.good"
        sed -i 's|certificate-authority-data: [^}]*|certificate-authority: /etc/leader-agent/ca.crt|' "$kubeconfig"
        show "$leader" systemctl reload leader-agent
        shows "$leader" "ca.crt"
        picture "$leader"
        show "$leader" leader-agent --check-config
        mv "$kubeconfig.good" "$kubeconfig"
        show "$leader" systemctl reload leader-agent
        wait_for 10 _shows_not "$leader" "NOT IN FORCE" || fail "$leader still says: $(status_text "$leader")"
        picture "$leader"
}

cloned() {
        local clone
        start_agents web-1
        takes_over 15 web-1
        clone=web-2
        told "web-2 is as web-1: the same machine-id, the same host name."
        must cp "$(machine_id web-1)" "$(machine_id "$clone")"
        must host_exec "$clone" hostname web-1
        host_exec "$clone" systemctl --quiet enable --now leader-guard.socket leader-guard.service leader-agent.service
        sleep 8
        picture web-1 "$clone"
}

no_namespace() {
        sed -i 's/^namespace = .*/namespace = "prdo";/' "$LAB"/web-*/root/etc/leader-agent/leader-agent.conf
        start_agents web-1
        sleep 5
        picture web-1
}

powered_off() {
        local before
        begin
        before=$leader
        journal_read "${LAB_HOSTS[@]}"
        host_poweroff "$before"
        takes_over 30 $(others)
        shows "$leader" "Leader of"
        echo '```'
        journal_said "$before"
        echo
        echo '```'
        picture "$leader"
}

mistyped() {
        show web-1 leaderctl status
        begin
        show "$leader" leaderctl help
        show "$leader" leaderctl stepdown "$LOCK"
        show "$leader" leaderctl step-down other-lock
        show "$(_one_other)" leaderctl step-down "$LOCK"
        show "$leader" leaderctl enroll nothing.service
        show "$leader" env KUBECONFIG=/root/none leaderctl list
}
