#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What an operator reads in trouble: three real hosts are brought into one situation after the other (situations.sh), and
# what `systemctl status`, `leaderctl status` and the journal say there is printed side by side, to be read by a human. Each
# situation waits for the words that have to be there; one that does not find them says so, and the exit status is 1.
#
#   tests/e2e/status/run.sh [--list] [SITUATION…]       make status-transcript [SITUATIONS="…"]
#
# The output is Markdown. A whole one is the appendix of docs/STATUS.md.
set -uo pipefail
status_here=$(dirname "$(readlink -f "$0")")
here=$(dirname "$status_here")
. "$status_here/situations.sh"

if [[ ${1:-} == --list ]]; then
        printf '%s\n' "${situations[@]}"
        exit 0
fi
if [[ -z ${LAB_CGROUP:-} ]]; then
        if bin=$("$here/../cluster/build.sh"); then
                export STATUS_API=real STATUS_BIN=$bin
        else
                echo "status: no control plane here; the situations need one" >&2
                exit 1
        fi
        exec "$here/../lab/run.sh" --build="${LAB_BUILD:-$here/../../build}" "$(readlink -f "$0")" "$@"
fi
. "$here/../lab/lab.sh"
. "$here/../lib/api.sh"
. "$here/../lib/agents.sh"
. "$here/lib.sh"
E2E_API=$STATUS_API

# ---- the words that situations are written in, beside those of scenarios ----

# The shell's prompt and the command, as somebody would type it there; then what it says. Long lines are folded.
typed() { # HOST COMMAND…
        printf '%s#%s\n' "$1" "$(printf ' %q' "${@:2}")"
        host_exec "$@" 2>&1 | fold -s -w 118 | sed 's/^/  /; s/ *$//'
}
status_said() { # HOST
        printf '%s# systemctl status leader-agent\n' "$1"
        echo "  $(host_exec "$1" systemctl show --value -p ActiveState,SubState leader-agent | paste -sd' ')"
        status_text "$1" | sed 's/^/Status: /' | fold -s -w 118 | sed 's/^/  /; s/ *$//'
}
# What was written since the last picture of that host, debug messages aside, and what only a container's systemd says.
journal_said() { # HOST
        printf '%s# journalctl -u leader-agent -u leader-guard\n' "$1"
        host_journal "$1" --cursor-file="$LAB/$1.cursor" --quiet -p info -o short --no-hostname -u leader-agent -u leader-guard |
                grep -vE 'loopback network device|Cannot lock memory' | sed -E 's/^[A-Z][a-z]{2} [0-9 ]{2} //; s/\[[0-9]+\]:/:/' | fold -s -w 118 | sed 's/^/  /; s/ *$//'
}
journal_read() { # HOST…: what is there already is of no interest
        local host
        for host; do
                host_journal "$host" --cursor-file="$LAB/$host.cursor" --quiet -n 1 >/dev/null
        done
}
picture() { # HOST…
        local host
        echo '```'
        for host; do
                status_said "$host"
                typed "$host" leaderctl status
                journal_said "$host"
                echo
        done
        echo '```'
}
told() { printf '\n%s\n\n' "$*"; } # what is done, or has happened
show() { # HOST COMMAND…: one command in a block of its own
        echo '```'
        typed "$@"
        echo '```'
}

prepare() { # NUMBER
        local host
        rm -f "$LAB"/*.cursor
        lab_wipe && : >"$RECORD" && chmod 666 "$RECORD" || return 1
        agents_allow "status-$1" && agents_configure "$tenure" lease && sed -i '/^log_level/d' "$LAB"/web-*/root/etc/leader-agent/leader-agent.conf &&
                lab_boot || return 1
        for host in "${LAB_HOSTS[@]}"; do
                agents_enroll "$host" || return 1
        done
}

lab_create 3
api_start "$E2E_API" "$STATUS_BIN" || { echo "status: the API server does not start" >&2; exit 1; }
number=0 failed=0
for line in "${situations[@]}"; do
        read -r name tenure title <<<"$line"
        [[ $# == 0 || " $* " == *" $name "* ]] || continue
        ((++number))
        printf '### %d. %s (%s)\n' "$number" "$title" "$tenure"
        : >"$LAB/verdict"
        # In a subshell: fail() ends it; healing is its exit trap.
        (
                . "$here/faults_api.sh"
                . "$here/faults_host.sh"
                prepare "$number" || fail "cannot prepare the hosts"
                "$name"
        )
        if [[ $? != 0 ]]; then
                ((++failed))
                printf '\nNOT AS WANTED: %s\n' "$(<"$LAB/verdict")"
        fi
        echo
done
echo "status: $((number - failed)) passed, $failed failed" >&2
exit $((failed > 0))
