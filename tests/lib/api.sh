# SPDX-License-Identifier: Apache-2.0
# Sourced after lab.sh. The lab's API server, and requests to it as its administrator.

# API_AGENT_TOKEN: a bearer token for the agents, where the server hands out none of its own (kubesim).
API_URL= API_CA= API_AUTH=() API_AGENT_TOKEN=

# Starts it at $LAB_API and uses it from here on; state, logs and api.pid are in $LAB/api.
api_start() { # kubesim | real BIN, with the directory of its binaries
        local tests=$LAB_SOURCE/tests
        if [[ $1 == real ]]; then
                "$tests/cluster/up.sh" "$2" "$LAB/api" "$LAB_API" >&2 || return 1
        else
                KUBESIM=$LAB/base/usr/libexec/kubesim "$tests/kubesim/kubesim-up.sh" "$LAB/api" "$LAB_API" >&2 || return 1
                cp "$LAB/api/kubesim.pid" "$LAB/api/api.pid"
                cat >"$LAB/api/api.env" <<-E
			API_URL=https://$LAB_API:6443
			API_CA=$LAB/api/ca.crt
			API_AUTH=(--cert $LAB/api/admin.crt --key $LAB/api/admin.key)
			API_AGENT_TOKEN=$(<"$LAB/api/agent.token")
		E
        fi
        . "$LAB/api/api.env"
}

# api METHOD PATH [BODY [CONTENT-TYPE]]: prints the answer's body; returns 1 when its status is not 2xx (22: the status
# is on the last line of stderr), or when there is none.
api() {
        local args=(-sS --max-time 10 --cacert "$API_CA" "${API_AUTH[@]}" -X "$1" --fail-with-body)
        (($# < 3)) || args+=(--data-binary "$3" -H "Content-Type: ${4:-application/json}")
        curl "${args[@]}" "$API_URL$2" || return 1
}

# Like api, for what may be absent or exist already: silent, and the answer does not matter.
api_try() { api "$@" >/dev/null 2>&1 || true; }

# api_get PATH JQ-FILTER: one value, nothing when absent
api_get() { api GET "$1" 2>/dev/null | jq -r "$2 // empty" 2>/dev/null; }

# Deletes an object also when a finalizer holds it, as a test's reset may. PATH
api_erase() {
        api_try DELETE "$1"
        api_try PATCH "$1" '{"metadata":{"finalizers":null}}' application/merge-patch+json
}
