#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Plays an operator that runs in the cluster as a leader for life, with a library that knows neither agents nor finalizers:
# POSTs the lock, owned by its Pod; while somebody has it, waits and tries again; then leads until it is killed. Like the
# library, it takes a lock for its own when the owner's name is that of its Pod, and deletes nothing.
#
#   pod_candidate.sh POD CURL-OPTION…
#
# Environment: API_URL, API_CA, AGENTS_NS, LOCK, RECORDER (the program that it leads for), RECORD.
set -uo pipefail
pod=$1
shift
ask() { # METHOD PATH [CURL-OPTION…]
        curl -sS --max-time 5 --cacert "$API_CA" "${credentials[@]}" -X "$1" -H 'Content-Type: application/json' "${@:3}" \
                "$API_URL/api/v1/namespaces/$AGENTS_NS/$2"
}
credentials=("$@")
uid=$(ask GET "pods/$pod" | jq -er .metadata.uid) || exit 1
body='{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"'"$LOCK"'","ownerReferences":
        [{"apiVersion":"v1","kind":"Pod","name":"'"$pod"'","uid":"'"$uid"'"}]}}'
while :; do
        answer=$(ask POST configmaps --data "$body")
        [[ $(jq -r .kind <<<"$answer") == ConfigMap ]] && break
        answer=$(ask GET "configmaps/$LOCK")
        owner=$(jq -r 'if .metadata.ownerReferences | length == 1 then .metadata.ownerReferences[0] | .kind + "/" + .name
                else "not exactly one owner" end' <<<"$answer")
        [[ $owner == "Pod/$pod" ]] && break
        echo "not the leader; the lock: $owner"
        sleep 0.5
done
LEADER_TERM=$(jq -r .metadata.resourceVersion <<<"$answer")
export LEADER_TERM
exec "$RECORDER" "$RECORD"
