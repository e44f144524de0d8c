# SPDX-License-Identifier: Apache-2.0
# Sourced by scenarios, in scenario(): what happens to the API server, its parts, its objects, and on the way to it. All is
# undone when the scenario ends, however it ends.
#
#   needs_real                    ends the scenario, said loudly, where there is no real control plane
#   part_stop NAME, part_cont NAME    etcd, api or kcm (the controller manager, so the garbage collector): hang, go on
#   part_kill NAME, part_start NAME   kill it; start it again, with all it knew
#   marks_off                     before begin(): watches do not tell absence, as without the gate WatchList
#   delete_by POLICY PATH         DELETE with propagationPolicy Foreground, Orphan or Background
#   lock_patch JSON               a merge patch to the lock, without preconditions, as `kubectl edit` would
#   lock_refuses METHOD JSON      the API server answers 422, and the lock stays as it was
#   lock_open                     the lock is one that is not immutable, as 0.1.0 makes them: the leader's own, made anew
#   lock_is_sound                 does the lock have its finalizer, one living owner, and that in its record?
#   settles SECONDS               at last one host runs the unit and the lock is its: sets leader and run
#   status_of HOST                what `leaderctl status` of a host says of the lock
#   says HOST WORDS…              waits until it says that
#   packets                       sent by all hosts so far
#   relays_up                     before begin(): each host talks to the API server through a relay (tests/lab/relay.c)
#   relays_end, relays_start      nobody can connect any more: refused; and again
#   relay HOST|all COMMAND…       a command to it: `delay 200 100`, `loss 50 700`, `stall to`, `flow`, `reset`, `half-open`
#   tokens_to_files               before begin(): each host's token is in a file of its own, /etc/leader-agent/token
#   token_write HOST TEXT         rewrites it in place
#   secret_make, secret_delete NAME, secret_token NAME    a token that is good while the Secret exists
#   forget_cluster HOST           what the agents print as the cure of another namespace, typed there
#   rights_elsewhere              before begin(): the agents' account and rights do not go with the namespace
#   api_code TOKEN                HTTP status for its bearer
#   pod_candidate_stop NAME                               its processes only
#   pod_candidate_start NAME, pod_candidate_end NAME      an operator in a Pod of that name (pod_candidate.sh) that contests
#                                                         the lock; it is killed, then its Pod deleted

trap heal EXIT
heal() {
        local name host
        marks_on
        for name in etcd api kcm; do
                [[ -f $LAB/api/$name.argv ]] && part_start "$name"
                part_cont "$name" 2>/dev/null
        done
        for host in "${LAB_HOSTS[@]}"; do
                [[ ! -f $LAB/relay-$host.pid ]] || kill -KILL "$(<"$LAB/relay-$host.pid")"
                rm -f "$LAB/relay-$host".*
        done
        for name in "$LAB"/*.candidate; do
                [[ ! -f $name ]] || kill -KILL -- "-$(<"$name")"
                rm -f "$name"
        done
        # Three seconds are what it takes; a server that is not there fails the next scenario anyway.
        wait_for 30 api GET /readyz
}

needs_real() {
        [[ $E2E_API == real ]] && return
        echo "# LEFT OUT, it needs the real control plane: ${BASH_SOURCE[1]##*/}" >>"/proc/$$/fd/1"
        exit 0
}

# ---- parts of the control plane ----

part_pid() { cat "$LAB/api/$1.pid"; }
part_stop() { must kill -STOP "$(part_pid "$1")"; }
part_cont() { kill -CONT "$(part_pid "$1")"; }
part_kill() { # NAME
        local pid=$(part_pid "$1")
        must cp "/proc/$pid/cmdline" "$LAB/api/$1.argv"
        kill -KILL "$pid"
        must wait_for 10 test ! -d "/proc/$pid"
}
part_start() { # NAME
        local argv
        mapfile -d '' -t argv <"$LAB/api/$1.argv"
        rm "$LAB/api/$1.argv"
        (
                cd "$LAB/api" || exit
                setsid "${argv[@]}" >>"$1.log" 2>&1 </dev/null &
                echo $! >"$1.pid"
        )
}

# Kubernetes before 1.32, and 1.33, has that gate off; kubesim then sends no bookmarks either.
marks_off() {
        : >"$LAB/marks-off"
        if [[ $E2E_API == kubesim ]]; then
                must api POST /_kubesim/bookmarks '{"initial_end":false,"interval_ms":0}' >/dev/null
                return
        fi
        part_kill api
        printf '%s\0' --feature-gates=WatchList=false >>"$LAB/api/api.argv"
        part_start api
        must wait_for 60 api GET /readyz
}
marks_on() {
        [[ -f $LAB/marks-off ]] || return
        rm "$LAB/marks-off"
        if [[ $E2E_API == kubesim ]]; then
                api_try POST /_kubesim/bookmarks '{"initial_end":true,"interval_ms":60000}'
                return
        fi
        [[ -f $LAB/api/api.argv ]] || part_kill api
        sed -i 's/--feature-gates=WatchList=false\x0//' "$LAB/api/api.argv"
}

# ---- objects ----

delete_by() { # POLICY PATH
        must api DELETE "$2" '{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"'"$1"'"}' >/dev/null
}
lock_patch() { must api PATCH "$(lock_path)" "$1" application/merge-patch+json >/dev/null; }

lock_refuses() {
        local before=$(api GET "$(lock_path)") answer type=application/json
        [[ $1 == PUT ]] || type=application/merge-patch+json
        answer=$(api "$1" "$(lock_path)" "$2" "$type" 2>/dev/null) && fail "the API server took $1 $2"
        [[ $(jq -r .code <<<"$answer") == 422 ]] || fail "$1 $2: $answer"
        [[ $(lock .data) == $(jq -r .data <<<"$before") && $(lock .metadata.uid) == $(jq -r .metadata.uid <<<"$before") ]] || fail "the lock has changed"
}

lock_open() {
        local copy host
        copy=$(api GET "$(lock_path)" | jq -c 'del(.immutable) | .metadata |= {name, labels, finalizers, ownerReferences}')
        for host in "${LAB_HOSTS[@]}"; do # or one of them is faster
                hit "$host" leader-agent SIGSTOP
        done
        lock_patch '{"metadata":{"finalizers":null}}'
        must api DELETE "$(lock_path)" >/dev/null
        must api POST "/api/v1/namespaces/$AGENTS_NS/configmaps" "$copy" >/dev/null
        for host in "${LAB_HOSTS[@]}"; do
                hit "$host" leader-agent SIGCONT
        done
        takes_over 20 "$leader"
        settles 5
        [[ $(lock .immutable) != true ]] || fail "the lock is immutable"
}

lock_is_sound() {
        local lock owner
        lock=$(api GET "$(lock_path)") || return 1
        jq -e '(.metadata.annotations["leaderagent.io/placeholder-uid"] // .data.placeholderUid) as $uid | .metadata | .deletionTimestamp == null and
                .finalizers == ["leaderagent.io/unit-may-run"] and (.ownerReferences | length) == 1 and
                .ownerReferences[0].uid == $uid' <<<"$lock" || return 1
        owner=$(api GET "$(placeholder_path)") || return 1
        [[ $(jq -r 'select(.metadata.deletionTimestamp == null).metadata.uid' <<<"$owner") == $(jq -r '.metadata.ownerReferences[0].uid' <<<"$lock") ]]
}

settles() { # SECONDS
        local end=$(($(at) + $1 * 1000)) now
        until now=$(running) && [[ -n $now && $now != *$'\n'* && $(lock .data.holder) == "${now% *}" ]] && lock_is_sound >/dev/null; do
                (($(at) < end)) || fail "no leader with a sound lock; the unit runs on '$now', the lock names '$(lock .data.holder)'"
                sleep 0.1
        done
        leader=${now% *} run=$now
}

# ---- hosts ----

status_of() { host_exec "$1" leaderctl status --json; }
_says() { [[ $(status_of "$1") == *"$2"* ]]; }
says() { # HOST WORDS…
        wait_for 15 _says "$1" "${*:2}" || fail "$1 does not say '${*:2}': $(status_of "$1")"
}

packets() {
        local host sum=0
        for host in "${LAB_HOSTS[@]}"; do
                sum=$((sum + $(ip -n "$host" -j -s link show eth0 | jq '.[0].stats64.tx.packets')))
        done
        echo "$sum"
}

_relay_port() { echo $((7000 + $(_host_number "$1"))); } # HOST

relays_up() {
        local host
        for host in "${LAB_HOSTS[@]}"; do
                must mkfifo "$LAB/relay-$host.fifo"
                must sed -i "s|$API_URL|https://$LAB_API:$(_relay_port "$host")|" "$(host_root "$host")/etc/leader-agent/kubeconfig"
        done
        relays_start
}

relays_start() {
        local host
        for host in "${LAB_HOSTS[@]}"; do
                setsid "$LAB/base/usr/libexec/relay" "$LAB_API:$(_relay_port "$host")" "$LAB_API:6443" "$LAB/relay-$host.fifo" \
                        >>"$LAB/relay-$host.log" 2>&1 </dev/null &
                echo $! >"$LAB/relay-$host.pid"
        done
        relay all flow
}

relays_end() {
        local host pid
        for host in "${LAB_HOSTS[@]}"; do
                pid=$(<"$LAB/relay-$host.pid")
                must kill -KILL "$pid"
                wait "$pid" 2>/dev/null
        done
}

relay() { # HOST|all COMMAND…
        local host hosts=("$1")
        shift
        [[ ${hosts[0]} != all ]] || hosts=("${LAB_HOSTS[@]}")
        for host in "${hosts[@]}"; do
                must timeout 10 sh -c 'echo "$1" >"$2"' - "$*" "$LAB/relay-$host.fifo"
        done
}

# ---- credentials ----

token_write() { # HOST TEXT
        # In place: no other inode, as an administrator's `cat >` does.
        printf '%s\n' "$2" >"$(host_root "$1")/etc/leader-agent/token"
}

tokens_to_files() {
        local host dir
        for host in "${LAB_HOSTS[@]}"; do
                dir=$(host_root "$host")/etc/leader-agent
                (umask 077 && sed -n 's/.*{token: \(.*\)}}.*/\1/p' "$dir/kubeconfig" >"$dir/token")
                [[ -s $dir/token ]] || fail "there is no token in the kubeconfig of $host"
                chown --reference="$dir/kubeconfig" "$dir/token"
                must sed -i 's|{token: .*}}|{tokenFile: /etc/leader-agent/token}}|' "$dir/kubeconfig"
        done
}

# A token that is worth something as long as the Secret of that name exists.
secret_make() { # NAME
        must api POST "/api/v1/namespaces/$AGENTS_NS/secrets" '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"'"$1"'"}}' >/dev/null
}
secret_delete() { must api DELETE "/api/v1/namespaces/$AGENTS_NS/secrets/$1" >/dev/null; }
secret_token() { # NAME
        local uid=$(api_get "/api/v1/namespaces/$AGENTS_NS/secrets/$1" .metadata.uid)
        api POST "/api/v1/namespaces/$AGENTS_NS/serviceaccounts/leader-agent/token" \
                '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":3600,
                "boundObjectRef":{"apiVersion":"v1","kind":"Secret","name":"'"$1"'","uid":"'"$uid"'"}}}' | jq -er .status.token
}

# Before begin(): the agents' ServiceAccount is in another namespace, and its rights are in no namespace.
rights_elsewhere() {
        local ns=$AGENTS_NS-agents rbac=/apis/rbac.authorization.k8s.io/v1 token host
        local name='"metadata":{"name":"'"$ns"'"}'
        must api POST /api/v1/namespaces '{"apiVersion":"v1","kind":"Namespace",'"$name"'}' >/dev/null
        must api POST "/api/v1/namespaces/$ns/serviceaccounts" '{"apiVersion":"v1","kind":"ServiceAccount",'"$name"'}' >/dev/null
        must api POST $rbac/clusterroles '{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole",'"$name"',"rules":[
                {"apiGroups":["","coordination.k8s.io"],"resources":["configmaps","leases","pods"],"verbs":["*"]},
                {"apiGroups":[""],"resources":["namespaces"],"resourceNames":["'"$AGENTS_NS"'"],"verbs":["get"]}]}' >/dev/null
        must api POST $rbac/clusterrolebindings '{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding",
                '"$name"',"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"'"$ns"'"},
                "subjects":[{"kind":"ServiceAccount","name":"'"$ns"'","namespace":"'"$ns"'"}]}' >/dev/null
        token=$(api POST "/api/v1/namespaces/$ns/serviceaccounts/$ns/token" '{"apiVersion":"authentication.k8s.io/v1",
                "kind":"TokenRequest","spec":{"expirationSeconds":3600}}' | jq -er .status.token) || fail "no token"
        tokens_to_files
        for host in "${LAB_HOSTS[@]}"; do
                token_write "$host" "$token"
        done
}

forget_cluster() {
        must host_exec "$1" leaderctl forget-cluster "$AGENTS_NS" >/dev/null
}

# What the API server answers to a bearer of that token.
api_code() { # TOKEN
        curl -s -o /dev/null -w '%{http_code}' --max-time 10 --cacert "$API_CA" -H "Authorization: Bearer $1" "$API_URL$(lock_path)"
}

# ---- in-cluster company: Pods without a cluster to run them ----

pod_candidate_start() { # NAME
        api POST "/api/v1/namespaces/$AGENTS_NS/pods" '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"'"$1"'"},
                "spec":{"containers":[{"name":"operator","image":"operator"}]}}' >/dev/null || return 1
        export RECORD LOCK AGENTS_NS API_URL API_CA RECORDER=$LAB/base/usr/libexec/recorder
        # Its own host name: the recorder tells runs apart by it.
        setsid unshare --uts sh -c 'hostname "$1" && shift && exec "$@"' - "$1" "$here/pod_candidate.sh" "$1" "${API_AUTH[@]}" \
                >"$LAB/$1.log" 2>&1 </dev/null &
        echo $! >"$LAB/$1.candidate"
}

# What a kubelet does with a Pod: its processes first, then the object.
pod_candidate_stop() { # NAME
        local pid=$(<"$LAB/$1.candidate")
        rm "$LAB/$1.candidate"
        kill -TERM -- "-$pid"
        must wait_for 10 test ! -d "/proc/$pid"
}
pod_candidate_end() { # NAME
        pod_candidate_stop "$1"
        must api DELETE "/api/v1/namespaces/$AGENTS_NS/pods/$1?gracePeriodSeconds=0" >/dev/null
}
