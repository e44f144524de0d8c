# SPDX-License-Identifier: Apache-2.0
# Somebody starts the unit past the gate on a host while the Pod of an in-cluster operator holds the lock (its process has
# ended here; else there would be two). Nobody stops it: that is told once, in journal, Event and status, with the command.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        local gate=/run/leader-agent/leading/$UNIT
        must pod_candidate_start pod-1
        takes_over 15 pod-1
        start_agents "${LAB_HOSTS[@]}"
        says web-1 "in-cluster operator"
        pod_candidate_stop pod-1
        ends 5
        must host_exec web-1 sh -c "touch $gate && systemctl start $UNIT && rm -f $gate"
        takes_over 5 web-1
        shows web-1 "an in-cluster operator holds the lock; $UNIT runs here without a permit; waits for Pod pod-1"
        shows web-1 "nobody stops $UNIT here but a human: systemctl stop $UNIT"
        in_journal web-1 "$UNIT runs here without a permit"
        wait_for 5 _one_event || fail "Events UnitWithoutPermit: $(_events)"
        stays 15
        [[ $(host_journal web-1 -o cat MESSAGE_ID=7acac172508044d386ac5fd3ba534d68 | wc -l) == 1 ]] || fail "not one record FOREIGN"
        _one_event || fail "Events UnitWithoutPermit: $(_events)"
        must host_exec web-1 systemctl stop "$UNIT"
        ends 5
        wait_for 15 _is_well || fail "web-1 says it still: $(status_of web-1)"
        must api DELETE "/api/v1/namespaces/$AGENTS_NS/pods/pod-1?gracePeriodSeconds=0" >/dev/null
        takes_over 30 "${LAB_HOSTS[@]}"
        settles 5
        stays 2
}
_events() { api_get "/apis/events.k8s.io/v1/namespaces/$AGENTS_NS/events" '[.items[] | select(.reason == "UnitWithoutPermit" and .type == "Warning")] | length'; }
_one_event() { [[ $(_events) == 1 ]]; }
_is_well() { [[ $(status_of web-1) != *"without a permit"* ]]; }
