# SPDX-License-Identifier: Apache-2.0
# Sourced by check.sh: of conf/rbac.yaml, with every name in it, each verb of each rule is taken away in turn, from an agent
# of its own (all are candidates for a lock that a Pod holds, beside what stands for leader-guard). What each then says in its journal
# is the table below; with all of them none says anything.

# RESOURCE VERB and what the journal says, as a pattern; "-": nothing, which is what conf/rbac.yaml says of it.
consequences() {
        cat <<-T
		configmaps create RIGHTS MISSING in check: create of configmaps: this host cannot win a lock; add to the Role: - \{
		configmaps get RIGHTS MISSING in check: get of configmaps/$LOCK: the lock cannot be read, this host cannot lead
		configmaps watch RIGHTS MISSING in check: watch of configmaps/$LOCK: changes are seen late; add to the Role: - \{
		configmaps patch RIGHTS MISSING in check: patch of configmaps/$LOCK: the lock could not be released; add to the Role: - \{
		configmaps delete RIGHTS MISSING in check: delete of configmaps/$LOCK: the lock could not be released; add to the Role: - \{
		leases create RIGHTS MISSING in check: create of leases: this host cannot win a lock; add to the Role: - \{
		leases get RIGHTS MISSING in check: get of leases/$id: this host cannot win a lock; add to the Role: - \{
		leases list -
		leases watch RIGHTS MISSING in check: watch of leases/$id: its end is seen late; add to the Role: - \{
		leases update RIGHTS MISSING in check: update of leases/$id: a lock that this host wins could not be proven, its unit would not be started
		leases delete RIGHTS MISSING in check: delete of leases/$id: the placeholder would be left behind; add to the Role: - \{
		namespaces get cannot get resource "namespaces"
		events create -
	T
}

role_path=/apis/rbac.authorization.k8s.io/v1/namespaces/check
agent=(env -u JOURNAL_STREAM DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent "${LEADERCTL%/*}/leader-agent")

# as NAME RULES: an account with these rights, and the files of an agent that uses it
as() {
        local dir=$LAB/rights/$1 subject role token
        role='{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"'"$1"'"},"rules":'"$2"'}'
        subject='{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"'"$1"'"},
                "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"'"$1"'"},
                "subjects":[{"kind":"ServiceAccount","name":"'"$1"'","namespace":"check"}]}'
        mkdir -p "$dir" && api POST "$ns/serviceaccounts" '{"metadata":{"name":"'"$1"'"}}' >/dev/null &&
                api POST "$role_path/roles" "$role" >/dev/null && api POST "$role_path/rolebindings" "$subject" >/dev/null &&
                token=$(api POST "$ns/serviceaccounts/$1/token" '{"spec":{"expirationSeconds":3600}}' | jq -er .status.token) || return 1
        (umask 077 && cat >"$dir/kubeconfig") <<-K
		current-context: c
		contexts: [{name: c, context: {cluster: k, user: u, namespace: check}}]
		clusters: [{name: k, cluster: {server: "$API_URL", certificate-authority: $API_CA}}]
		users: [{name: u, user: {token: $token}}]
	K
        cat >"$dir/conf" <<-C
		kubeconfig = "$dir/kubeconfig"; state_dir = "$dir/state"; guard_socket = "$dir/guard";
		locks = ( { name = "$LOCK"; unit = "a.service"; } );
	C
}

# The name that an agent of this very machine gives its placeholder.
own_placeholder() {
        as nobody '[]' || return 1
        timeout 2 "${agent[@]}" --config "$LAB/rights/nobody/conf" 2>&1 | sed -nE 's/^.* on [^ ]+ as ([^ ,]+),.*/leader-agent-\1/p'
}

all_rights() {
        _agents_rbac | awk -v RS='---\n' '/kind: Role\n/' >"$LAB/role" &&
                api PUT "$role_path/roles/leader-agent" "$(<"$LAB/role")" application/yaml |
                jq -ce --arg id "$id" '[.rules[] | select(.resources != ["pods"]) |
                        if .resources == ["leases"] and .verbs != ["create"] then .resourceNames = [$id, $id + "-lease"] else . end]'
}

run_agents() {
        local resource verb pids=() dir
        while read -r resource verb _; do
                dir=$resource-$verb
                as "$dir" "$(jq -c --arg r "$resource" --arg v "$verb" \
                        'map(if .resources == [$r] then .verbs -= [$v] else . end) | map(select(.verbs != []))' <<<"$rules")" || return 1
        done < <(consequences)
        as all "$rules" || return 1
        sleep 1 # (the authorizer's informer)
        for dir in "$LAB"/rights/*-* "$LAB/rights/all"; do
                timeout 15 "$GUARD" "$dir/guard" &
                wait_for 5 test -S "$dir/guard" || return 1
                timeout 12 "${agent[@]}" --config "$dir/conf" >"$dir/journal" 2>&1 &
                pids+=($!)
        done
        wait "${pids[@]}"
        return 0
}

# A lock that is held, so that the agents have time to look at their rights.
held() {
        local pod uid
        pod='{"metadata":{"name":"operator"},"spec":{"schedulingGates":[{"name":"example.com/never"}],
                "containers":[{"name":"c","image":"registry.k8s.io/pause:3.10"}]}}'
        wait_for 20 api POST "$ns/pods" "$pod" && uid=$(api_get "$ns/pods/operator" .metadata.uid) &&
                api POST "$ns/configmaps" '{"metadata":{"name":"'"$LOCK"'","ownerReferences":[{"apiVersion":"v1","kind":"Pod",
                        "name":"operator","uid":"'"$uid"'"}]}}'
}

verbs_of() { jq -r '.[] | .resources[0] as $r | .verbs[] | $r + " " + .' <<<"$rules" | sort; }
said() { # DIRECTORY PATTERN
        cat "$LAB/rights/$1/journal"
        if [[ $2 == - ]]; then
                ! grep -qE 'RIGHTS MISSING|forbidden|cannot (get|list|watch|create|update|patch|delete)' "$LAB/rights/$1/journal"
        else
                grep -qE -- "$2" "$LAB/rights/$1/journal" && (($(grep -c 'RIGHTS MISSING' "$LAB/rights/$1/journal") <= 1))
        fi
}

id=$(own_placeholder)
check "rights: an agent of this machine says who it is" test -n "$id"
rules=$(all_rights)
check "rights: each verb of conf/rbac.yaml is in the table" diff <(verbs_of) <(consequences | cut -d' ' -f1,2 | sort)
check "rights: a Pod holds the lock" held
check "rights: fourteen agents run" run_agents
check "rights: with all of them nothing is missing" said all -
while read -r resource verb pattern; do
        check "rights: without $verb of $resource" said "$resource-$verb" "$pattern"
done < <(consequences)
