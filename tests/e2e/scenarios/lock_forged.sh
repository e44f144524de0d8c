# SPDX-License-Identifier: Apache-2.0
# Somebody writes a lock by hand that names a Lease of somebody else, silent for ever (under a name that the agents' rights
# cover: that of one's own placeholder). Nobody deletes that Lease; every agent says what is wrong, and the commands that it
# prints free the lock for the others.
variants="lease"
scenario() {
        . "$here/faults_api.sh"
        local leases=/apis/coordination.k8s.io/v1/namespaces/$AGENTS_NS/leases uid host name
        begin
        name=leader-agent-$(lock .data.identity)-lease
        for host in "${LAB_HOSTS[@]}"; do
                must host_exec "$host" systemctl stop leader-agent
        done
        ends 5
        must api POST "$leases" '{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"'"$name"'"},
                "spec":{"holderIdentity":"somebody","leaseDurationSeconds":1}}' >/dev/null
        uid=$(api_get "$leases/$name" .metadata.uid)
        must api POST "/api/v1/namespaces/$AGENTS_NS/configmaps" '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"'"$LOCK"'",
                "finalizers":["leaderagent.io/unit-may-run"],"ownerReferences":[{"apiVersion":"coordination.k8s.io/v1","kind":"Lease",
                "name":"'"$name"'","uid":"'"$uid"'"}]},"data":{"holder":"somebody","identity":"somebody","claim":"x",
                "placeholder":"Lease/'"$name"'","placeholderUid":"'"$uid"'","unit":"'"$UNIT"'","tenure":"lease",
                "leaseDurationSeconds":"1","bootId":"x"}}' >/dev/null
        start_agents "${LAB_HOSTS[@]}"
        nobody 20
        for host in "${LAB_HOSTS[@]}"; do
                says "$host" "is no placeholder of somebody, and is never deleted"
        done
        [[ $(api_get "$leases/$name" .metadata.uid) == "$uid" ]] || fail "the Lease is gone"
        lock_patch '{"metadata":{"finalizers":null}}'
        must api DELETE "$(lock_path)" >/dev/null
        takes_over 15 $(others)
        [[ $(api_get "$leases/$name" .metadata.uid) == "$uid" ]] || fail "the Lease is gone"
        stays 2
}
