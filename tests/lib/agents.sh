# SPDX-License-Identifier: Apache-2.0
# Sourced after lab.sh and api.sh. Puts the agents on the lab's hosts the way an administrator does on real ones: install,
# rights in the cluster, kubeconfig, configuration, enrolment, start. The programs are in the hosts already: run.sh --base=DIR
# with a DIR filled by stage.sh.
#
#   agents_allow NAMESPACE        namespace, ServiceAccount and rights, from conf/rbac.yaml as we ship it
#   agents_configure TENURE [PLACEHOLDER]     kubeconfig and configuration of every host
#   agents_enroll H, agents_start H           drop-in of the unit; enable and start agent and guard
#   unit_options OPTION…          of the recorder (tests/lab/recorder.c), on every host
#
# AGENTS_NS is the namespace, AGENTS_KUBECONFIG a kubeconfig for all hosts instead of agents_allow's.

UNIT=myapp-operator.service
LOCK=myapp-operator-lock
RECORD=$LAB/shared/record
JUDGE=$LAB/base/usr/libexec/judge
AGENTS_NS= AGENTS_KUBECONFIG=${AGENTS_KUBECONFIG:-}
# As `lease_duration renew_deadline stop_timeout kill_margin renew_interval request_timeout`; short, so that tests are.
AGENTS_TIMING=${AGENTS_TIMING:-7s 2200ms 1200ms 3510ms 500ms 1500ms}

# The name that the host's agent gives itself: host name and 8 hex digits of its machine id, hashed with the agent's own
# id as sd_id128_get_machine_app_specific() does.
agents_identity() { # HOST
        local app
        app=$(sed -n 's/^#define STORE_APP_ID SD_ID128_MAKE(\(.*\))/\1/p' "$LAB_SOURCE/agent/adapter/store.c" | tr -d ', ')
        printf '%s-%.8s\n' "$1" "$(printf '%b' "$(sed 's/../\\x&/g' <<<"$app")" |
                openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(<"$(host_root "$1")/etc/machine-id")" -r)"
}

# The file that we ship for this, with its variables filled in and its optional parts on.
_agents_rbac() {
        local host id list names=()
        for host in "${LAB_HOSTS[@]}"; do
                id=leader-agent-$(agents_identity "$host")
                names+=("$id" "$id-lease")
        done
        list="${names[*]}"
        sed -e "s/NAMESPACE/$AGENTS_NS/g" -e "s/myapp-operator-lock/$LOCK/g" -e 's/^# \(- {.*pods.*\)/\1/' \
                -e "s/^  # \(resourceNames: \[\)leader-agent-.*/  \1${list// /, }]/" "$LAB_SOURCE/conf/rbac.yaml"
}

# Prints the documents of a YAML file, each ended by a zero byte.
_yaml_documents() { sed 's/^---$/\x00/'; }

agents_allow() { # NAMESPACE
        local yaml path ns=/api/v1/namespaces/$1
        AGENTS_NS=$1
        api POST /api/v1/namespaces '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"'"$1"'"}}' >/dev/null || return 1
        # kubesim knows users, but no rules for them.
        [[ -z $API_AGENT_TOKEN ]] || return 0
        while IFS= read -r -d '' yaml; do
                case $yaml in
                *"kind: ServiceAccount"$'\n'*) path=$ns/serviceaccounts ;;
                *"kind: RoleBinding"$'\n'*) path=/apis/rbac.authorization.k8s.io/v1/namespaces/$1/rolebindings ;;
                *"kind: Role"$'\n'*) path=/apis/rbac.authorization.k8s.io/v1/namespaces/$1/roles ;;
                *) return 1 ;;
                esac
                api POST "$path" "$yaml" application/yaml >/dev/null || return 1
        done < <(_agents_rbac | _yaml_documents && printf '\0')
        # A Pod placeholder names this one; the controller makes it a moment after the namespace, or when it has noticed that
        # the API server is back (after half a minute of tries, on a busy machine).
        wait_for 90 api GET "$ns/serviceaccounts/default"
}

_agents_token() {
        api POST "/api/v1/namespaces/$AGENTS_NS/serviceaccounts/leader-agent/token" \
                '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":36000}}' |
                jq -er .status.token
}

_agents_kubeconfig() {
        local token
        token=$API_AGENT_TOKEN
        [[ -n $token ]] || token=$(_agents_token) || return 1
        cat <<-K
		apiVersion: v1
		kind: Config
		clusters: [{name: lab, cluster: {server: "$API_URL", certificate-authority-data: $(base64 -w0 "$API_CA")}}]
		users: [{name: agent, user: {token: $token}}]
		contexts: [{name: lab, context: {cluster: lab, user: agent, namespace: $AGENTS_NS}}]
		current-context: lab
	K
}

# The given kubeconfig for a host, with the files that it names. They get other names: the agent cannot look into /root.
_agents_given_kubeconfig() { # HOST-DIRECTORY
        local text key path n=0
        text=$(<"$AGENTS_KUBECONFIG")
        while IFS=$'\t' read -r key path; do
                ((++n))
                (cd "$(dirname "$AGENTS_KUBECONFIG")" && exec cp "$path" "$1/kubeconfig-$n") || return 1
                text=$(sed -E "s|($key: *)[\"']?${path}[\"']?|\\1/etc/leader-agent/kubeconfig-$n|" <<<"$text")
        done < <(sed 's/[{,]/\n/g' <<<"$text" | tr -d "\"']}" |
                sed -nE 's/^[ -]*(certificate-authority|client-certificate|client-key|tokenFile): *([^ #]+).*/\1\t\2/p' | sort -u)
        echo "$text" >"$1/kubeconfig"
}

agents_configure() { # TENURE [PLACEHOLDER]
        local host root user
        for host in "${LAB_HOSTS[@]}"; do
                root=$(host_root "$host")
                systemd-sysusers --root="$root" 2>/dev/null
                user=$(awk -F: '$1 == "leader-agent" {print $3 ":" $4}' "$root/etc/passwd")
                mkdir -p "$root/etc/leader-agent"
                if [[ -n $AGENTS_KUBECONFIG ]]; then
                        (umask 077 && _agents_given_kubeconfig "$root/etc/leader-agent") || return 1
                else
                        (umask 077 && _agents_kubeconfig >"$root/etc/leader-agent/kubeconfig") || return 1
                fi
                chown "${user:-0:0}" "$root"/etc/leader-agent/kubeconfig*
                _agents_conf "$@" >"$root/etc/leader-agent/leader-agent.conf"
        done
}

_agents_conf() { # TENURE [PLACEHOLDER]
        local duration deadline stop margin renew request
        read -r duration deadline stop margin renew request <<<"$AGENTS_TIMING"
        cat <<-C
		kubeconfig = "/etc/leader-agent/kubeconfig";
		namespace = "$AGENTS_NS";
		renew_interval = "$renew";
		request_timeout = "$request";
		log_level = "debug";
		trace = "/var/lib/leader-agent/trace";
		locks = ({
		  name = "$LOCK";
		  unit = "$UNIT";
		  tenure = "$1";
		  placeholder = "${2:-lease}";
		  stop_timeout = "$stop";
	C
        [[ $1 != lease ]] || cat <<-C
		  lease_duration = "$duration";
		  renew_deadline = "$deadline";
		  kill_margin = "$margin";
	C
        echo '});'
}

unit_options() { # OPTION…
        local host
        for host in "${LAB_HOSTS[@]}"; do
                echo "RECORDER_OPTIONS=$*" >"$(host_root "$host")/etc/recorder.env"
        done
}

agents_enroll() { # HOST
        host_exec "$1" leaderctl enroll "$UNIT" >/dev/null
}

agents_start() { # HOST
        host_exec "$1" systemctl --quiet enable --now leader-guard.socket leader-guard.service leader-agent.service
}
