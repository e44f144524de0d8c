# SPDX-License-Identifier: Apache-2.0
# The agents' credentials are those of a plugin (exec), good for 12 s each: nobody notices that they end, nor that the plugin
# hangs for a while. Where it fails for longer, the leader under a lease is stopped in time and another host leads; a life
# leader leads on. It runs as a user of its own, what it says is in the journal (not all, when that is too much), and what it
# leaves behind ends.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        . "$here/faults_host.sh"
        local host runs
        for host in "${LAB_HOSTS[@]}"; do
                plugin_install "$host"
        done
        begin
        stays 18
        runs=$(plugin_runs "$leader")
        ((runs >= 3)) || fail "the plugin ran $runs times in 18 s on $leader"
        grep -q '^uid=[0-9]*(leader-agent-exec)' "$(plugin_home "$leader")/runs" || fail "it runs as another user: $(<"$(plugin_home "$leader")/runs")"

        # Shorter than what is left of the credential.
        plugin_mode "$leader" hang
        must wait_for 15 plugin_hangs "$leader"
        stays 3
        plugin_mode "$leader" answer
        stays 8

        # It fails, and says why.
        plugin_mode "$leader" fail
        in_journal "$leader" "executable /opt/plugin failed with exit code 3"
        shows "$leader" "NO NEW CREDENTIALS (getting credentials: exec: executable /opt/plugin failed with exit code 3"
        must host_exec "$leader" journalctl -q -t leader-agent-exec --grep "not today 7$" >/dev/null
        ! host_exec "$leader" journalctl -q -t leader-agent-exec --grep "not today 2999$" >/dev/null || fail "the journal took all it says"
        # Each run has left one, in a session of its own and with its standard output.
        ! host_exec "$leader" pgrep -u leader-agent-exec -f "sleep 98765" >/dev/null || fail "what the plugin left behind runs"
        if [[ $tenure == life ]]; then
                shows "$leader" "NO CREDENTIALS (getting credentials"
                stays 4
                lock_names "$leader"
                plugin_mode "$leader" answer
                gives_again() { [[ $(status_text "$leader") != *"CREDENTIALS"* ]]; }
                wait_for 40 gives_again || fail "the status does not forget: $(status_text "$leader")"
                must host_exec "$leader" leaderctl step-down "$LOCK"
        else
                ends 25
        fi
        takes_over 30 $(others)
        stays 3
        lock_names "$leader"
}

plugin_home() { echo "$(host_root "$1")/var/lib/leader-agent-exec"; }
plugin_runs() { grep -c ^uid= "$(plugin_home "$1")/runs"; }
plugin_hangs() { [[ -e $(plugin_home "$1")/hangs ]]; }
plugin_mode() { # HOST MODE
        echo "$2" >"$(host_root "$1")/opt/mode.new"
        must mv "$(host_root "$1")/opt/mode.new" "$(host_root "$1")/opt/mode"
}
plugin_install() { # HOST
        local root=$(host_root "$1") file token
        file=$root/etc/leader-agent/kubeconfig
        token=$(sed -nE 's/.*\{token: ([^}]*)\}.*/\1/p' "$file")
        [[ -n $token ]] || fail "no token in $file"
        mkdir -p "$root/opt"
        cat >"$root/opt/plugin" <<-P
		#!/bin/bash
		id >>~/runs
		while read -r mode </opt/mode && [[ \$mode == hang ]]; do touch ~/hangs; sleep 0.2; done
		rm -f ~/hangs
		[[ \$mode == answer ]] || { for i in {1..2999}; do echo "not today \$i" >&2; done; exit 3; }
		setsid sleep 98765 &
		printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s","expirationTimestamp":"%s"}}\n' \\
		        "$token" "\$(date -u -d '12 seconds' +%FT%TZ)"
	P
        chmod 0755 "$root/opt/plugin"
        plugin_mode "$1" answer
        must sed -i "s|{token: .*}}|{exec: {apiVersion: client.authentication.k8s.io/v1, command: /opt/plugin, interactiveMode: Never}}}|" "$file"
}
