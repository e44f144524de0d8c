#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Checks the real control plane and the rights that we ship for it (conf/rbac.yaml): the end-to-end tests rest on both.
# LEADERCTL: the program, absolute; leader-agent lies beside it. GUARD: what guard_main.c is
# made to.
# Needs root (own namespaces, so fixed ports disturb nobody). Without root or Go it says that nothing was checked; with CI
# set that is a failure.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
if [[ -z ${LAB_CGROUP:-} ]]; then
        why=
        CLUSTER_BIN=$("$here/build.sh") || why="it cannot be built"
        ((EUID == 0)) || why="this needs root"
        if [[ -n $why ]]; then
                echo "ok 1 - the real control plane # SKIP $why"
                [[ -z ${CI:-} ]]
                exit
        fi
        export CLUSTER_BIN
        exec "$here/../lab/run.sh" "$0"
fi
. "$here/../lab/lab.sh"
. "$here/../lib/api.sh"
. "$here/../lib/agents.sh"

number=0 bad=0
check() { # TEXT COMMAND…
        local text=$1
        shift
        ((++number))
        if "$@" >"$LAB/output" 2>&1; then
                echo "ok $number - $text"
        else
                ((++bad))
                echo "not ok $number - $text"
                sed 's/^/#   /' "$LAB/output"
        fi
}
not() { ! "$@"; }

lab_create 1 # not booted: only its name and machine id count
api_start real "$CLUSTER_BIN" || exit 1
version=v$("$here/build.sh" --version)
check "version is $version" test "$(api_get /version .gitVersion)" = "$version"
check "conf/rbac.yaml is accepted" agents_allow check

admin=("${API_AUTH[@]}")
API_AUTH=(-H "Authorization: Bearer $(_agents_token)")
ns=/api/v1/namespaces/check leases=/apis/coordination.k8s.io/v1/namespaces/check/leases
id=leader-agent-$(agents_identity web-1)
lease='{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"NAME"}}'
check "agent: create its placeholder" api POST "$leases" "${lease/NAME/$id-lease}"
check "agent: renew it" api PUT "$leases/$id-lease" "$(api GET "$leases/$id-lease")"
uid=$(api_get "$leases/$id-lease" .metadata.uid)
check "agent: watch it" api GET "$leases?watch=1&timeoutSeconds=1&fieldSelector=metadata.name=$id-lease"
check "agent: create the lock" api POST "$ns/configmaps" '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"'"$LOCK"'",
        "finalizers":["leaderagent.io/unit-may-run"],"ownerReferences":[{"apiVersion":"coordination.k8s.io/v1","kind":"Lease",
        "name":"'"$id-lease"'","uid":"'"$uid"'"}]}}'
check "agent: may not renew the Lease of somebody else" not api PUT "$leases/other" "${lease/NAME/other}"
check "agent: may not read other ConfigMaps" not api GET "$ns/configmaps/kube-root-ca.crt"
check "agent: may not read Secrets" not api GET "$ns/secrets"
check "agent: may read its own namespace" api GET "$ns"
check "agent: may not read other namespaces" not api GET /api/v1/namespaces/default
check "agent: may not change its own namespace" not api PATCH "$ns" '{"metadata":{"labels":{"a":"b"}}}' application/merge-patch+json
check "agent: delete its placeholder" api DELETE "$leases/$id-lease"
marked() { [[ -n $(api_get "$ns/configmaps/$LOCK" .metadata.deletionTimestamp) ]]; }
check "garbage collection marks the lock" wait_for 30 marked
check "agent: remove the finalizer" api PATCH "$ns/configmaps/$LOCK" '{"metadata":{"finalizers":null}}' application/merge-patch+json
check "then the lock is gone" not api GET "$ns/configmaps/$LOCK"

# The agents' own token, as leader-agent-token.service renews it.
API_AUTH=("${admin[@]}")
mkdir "$LAB/etc"
_agents_token >"$LAB/etc/token"
cat >"$LAB/etc/kubeconfig" <<K
current-context: c
contexts: [{name: c, context: {cluster: k, user: u, namespace: check}}]
clusters: [{name: k, cluster: {server: "$API_URL", certificate-authority: $API_CA}}]
users: [{name: u, user: {tokenFile: token}}]
K
renew=("$LEADERCTL" renew-token --kubeconfig "$LAB/etc/kubeconfig")
needs_a_rule() {
        ! "${renew[@]}" >"$LAB/said" 2>&1 && cat "$LAB/said" && rule=$(grep '^- {' "$LAB/said") && grep -qxF "# $rule" "$here/../../conf/rbac.yaml"
}
check "leaderctl renew-token: without the right it names the rule that conf/rbac.yaml has" needs_a_rule
allow() {
        local role
        role=$(_agents_rbac | sed 's/^# \(- {.*serviceaccounts.*\)/\1/' | awk -v RS='---\n' '/kind: Role\n/')
        api PUT "/apis/rbac.authorization.k8s.io/v1/namespaces/check/roles/leader-agent" "$role" application/yaml
}
check "with that rule" allow
old=$(<"$LAB/etc/token")
renews() { wait_for 10 "${renew[@]}" "$@" && [[ $(<"$LAB/etc/token") != "$old" ]]; }
check "it renews the token" renews
is_accepted() (API_AUTH=(-H "Authorization: Bearer $(<"$LAB/etc/token")") && api GET "$ns")
check "the API server takes the new one" is_accepted
old=$(<"$LAB/etc/token")
check "which renews itself" renews --duration 15min

# The requests of the agents are of that schema, once the API server has taken it up, and nobody else's are.
API_AUTH=("${admin[@]}")
schema=$(api POST /apis/flowcontrol.apiserver.k8s.io/v1/flowschemas "$(sed 's/NAMESPACE/check/g' "$here/../../conf/flowschema.yaml")" \
        application/yaml | jq -er .metadata.uid)
check "conf/flowschema.yaml is accepted" test -n "$schema"
level=$(api_get /apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations/leader-election .metadata.uid)
in_schema() { # AUTH…
        curl -sS --max-time 10 --cacert "$API_CA" "$@" -o /dev/null -D - "$API_URL$leases/$id" | tr -d '\r' >"$LAB/headers"
        grep -qi "^x-kubernetes-pf-flowschema-uid: $schema\$" "$LAB/headers" &&
                grep -qi "^x-kubernetes-pf-prioritylevel-uid: $level\$" "$LAB/headers"
}
check "its requests are of that schema and level" wait_for 20 in_schema -H "Authorization: Bearer $(_agents_token)"
check "those of others are not" not in_schema "${admin[@]}"

. "$here/rights.sh"
echo "1..$number"
((bad == 0))
