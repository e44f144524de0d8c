# SPDX-License-Identifier: Apache-2.0
# Somebody starts the unit past the gate on a host that does not lead. Stated hole: both run until its own guard has noticed and
# stopped it. The unit ignores SIGTERM: the longest stop.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        unit_options --ignore-term
        begin
        local other=$(others | head -1) gate=/run/leader-agent/leading/$UNIT stray
        must host_exec "$other" sh -c "touch $gate && systemctl start $UNIT && rm -f $gate"
        wait_for 5 _stray "$other" || fail "it did not start on $other"
        stray=$(_stray "$other")
        wait_for 20 _inactive "$other" || fail "it still runs on $other: $(status_of "$other")"
        in_journal "$other" "leader-guard stops the unit here, because $leader holds the lock"
        role_is "$other" candidate
        wait_for 5 _one_event || fail "Events UnitWithoutPermit: $(_events)"
        [[ $(host_journal "$other" -o cat MESSAGE_ID=7acac172508044d386ac5fd3ba534d68 | wc -l) == 1 ]] || fail "not one record FOREIGN"
        lock_names "$leader"
        hole 4000 "$other" "${stray% *}" "${stray#* }" "the unit was started past the gate"
        stays 3
}
# Its run and when that began.
_stray() { awk -v h="$1" '$1 == h && $3 == "START" { run = $2 " " $4 } END { print run; exit run == "" }' "$RECORD"; }
_events() { api_get "/apis/events.k8s.io/v1/namespaces/$AGENTS_NS/events" '[.items[] | select(.reason == "UnitWithoutPermit" and .type == "Warning")] | length'; }
_one_event() { [[ $(_events) == 1 ]]; }
_inactive() { [[ $(host_exec "$1" systemctl show -P ActiveState "$UNIT") =~ ^(inactive|failed)$ ]]; }
