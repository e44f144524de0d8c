# SPDX-License-Identifier: Apache-2.0
# Two hundred locks, two hosts: all start, guard and agent are killed, all are stepped down, all are stopped. The connection
# between agent and guard never breaks by itself. By hand, it takes minutes: LOCKS=200.
variants=${LOCKS:+life lease}
scenario() {
        . "$here/faults_host.sh"
        local all=() count=${LOCKS:-200} n
        # One placeholder carries them all: each renewal is a permit for each of them. 200 requests at once take longer than the
        # timing of other scenarios allows.
        AGENTS_TIMING="30s 12s 4s 3600ms 2s 5s"
        agents_configure "$tenure" "$placeholder"
        for ((n = 1; n <= count; n++)); do
                all+=("$n")
        done
        crowd_unit
        locks_more "$AGENTS_NS" "${all[@]/#/op-}"
        conf_add "defaults = { step_down_hold = \"10m\"; }; $(ops_conf "${all[@]}")"
        ops_enroll

        timed "start" start_agents web-1
        timed "all run" crowd_on web-1 120
        breaks_are web-1 0
        start_agents web-2
        crowd_waits web-2
        sleep 5
        breaks_are web-1 0
        breaks_are web-2 0
        starts_are "$count"

        hit web-1 leader-agent KILL
        timed "agent killed" crowd_back
        [[ $tenure == lease ]] || starts_are "$count"
        hit web-1 leader-guard KILL
        timed "guard killed" crowd_back
        [[ $tenure == lease ]] || starts_are "$count"
        timed "all on one host" gather web-1
        timed "all led" crowd_led web-1
        crowd_judged

        must host_exec web-1 sh -c 'for n in $(seq "$1"); do leaderctl step-down "op-$n" >/dev/null || exit 1; done' - "$count"
        timed "step-down of all" crowd_on web-2 120
        crowd_led web-2
        crowd_judged
        must host_exec web-1 systemctl restart leader-agent # which forgets the holds
        crowd_waits web-1
        timed "systemctl stop" must host_exec web-2 systemctl stop leader-agent
        crowd_on web-2 0 0
        timed "taken over" crowd_on web-1 120
        crowd_led web-1
        timed "systemctl stop" must host_exec web-1 systemctl stop leader-agent
        crowd_on web-1 0 0
        crowd_judged
}
# As op@… of ops_unit, without its ticks. Each run holds a lock that all hosts share, as long as anything of it lives.
crowd_unit() {
        local host
        for host in "${LAB_HOSTS[@]}"; do
                printf '%s\n' '[Service]' Type=exec \
                        'ExecStart=/bin/sh -c '\''exec 9>/lab/crowd.%i; flock -n 9 || echo "%H %i" >>/lab/crowd-overlap; \
                                echo "%H %i" >>/lab/crowd-starts; exec sleep infinity'\' \
                        >"$(host_root "$host")/etc/systemd/system/op@.service"
        done
        rm -f "$LAB"/shared/crowd*
        touch "$LAB/shared/crowd-starts" "$LAB/shared/crowd-overlap"
        chmod 666 "$LAB"/shared/crowd-*
}
timed() { # WHAT COMMAND…
        local from=$(at)
        "${@:2}"
        echo "$count locks, $1: $(($(at) - from)) ms" | tee -a "$LAB/note"
}
_crowd_on() { (($(ops_on "$1" | wc -l) == $2)); }
crowd_on() { # HOST SECONDS [N]
        wait_for "$2" _crowd_on "$1" "${3:-$count}" || fail "$(ops_on "$1" | wc -l) units on $1 instead of ${3:-$count}"
}
_crowd_led() { [[ $(status_of "$1" | jq '[.locks[] | select((.lock | contains("/op-")) and .role == "leader")] | length') == "$count" ]]; }
crowd_led() { wait_for 120 _crowd_led "$1" || fail "$1 does not lead all: $(status_text "$1")"; } # HOST
crowd_waits() { wait_for 60 _role_is "$1" candidate "op-$count" || fail "op-$count is $(role_of "$1" "op-$count") on $1"; } # HOST
# All run, wherever.
_crowd_back() { (($(ops_on web-1 | wc -l) + $(ops_on web-2 | wc -l) == count)); }
crowd_back() {
        sleep 2
        wait_for 120 _crowd_back || fail "$(ops_on web-1 | wc -l) and $(ops_on web-2 | wc -l) units run instead of $count"
}
gather() { # HOST: what a lease lost meanwhile goes back there
        local unit
        _crowd_on "$1" "$count" && return
        for unit in $(ops_on web-2); do
                unit=${unit#op@}
                must host_exec web-2 leaderctl step-down "op-${unit%.service}" >/dev/null
        done
        crowd_on "$1" 120
        must host_exec web-2 systemctl restart leader-agent # which forgets the holds
        crowd_waits web-2
}
breaks_of() { status_of "$1" | jq .guard.breaks; }
breaks_are() { # HOST N
        [[ $(breaks_of "$1") == "$2" ]] || fail "the connection to leader-guard broke $(breaks_of "$1") times on $1: $(status_text "$1")"
}
crowd_starts() { wc -l <"$LAB/shared/crowd-starts"; }
starts_are() { (($(crowd_starts) == $1)) || fail "$(crowd_starts) starts instead of $1"; }
# No start while another run lived.
crowd_judged() { [[ ! -s $LAB/shared/crowd-overlap ]] || fail "two units: $(head -3 "$LAB/shared/crowd-overlap")"; }
