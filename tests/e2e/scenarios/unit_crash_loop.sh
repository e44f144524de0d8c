# SPDX-License-Identifier: Apache-2.0
# The unit crashes a moment after each start. systemd's own Restart= comes first; when that gives up the lock is released,
# and the pause before the next term grows each time. A host where the unit works takes over.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        local host
        conf_add 'defaults = { cooldown = "2s"; };'
        for host in "${LAB_HOSTS[@]}"; do
                unit_dropin "$host" 50-test.conf '[Unit]' StartLimitIntervalSec=30 StartLimitBurst=3 '[Service]' Restart=on-failure RestartSec=100ms
        done
        echo "RECORDER_OPTIONS=--crash-after=200" >"$(host_root web-1)/etc/recorder.env"
        start_agents web-1
        must wait_for 30 crashed_terms 3
        # Starts per term, and the pauses between terms in ms.
        awk '$3 == "START" { if ($5 != term) { if (term) printf "term %s: %d starts, then a pause of %d ms\n", term, n, ($4 - last) / 1e6; term = $5; n = 0 }; n++ } { last = $4 }' \
                "$RECORD" | tee "$LAB/terms"
        awk '$3 != 3 + 0 && $3 != "3" { exit 1 }' "$LAB/terms" || fail "not 3 starts in each term: $(<"$LAB/terms")"
        awk 'NR == 1 && $(NF - 1) < 2000 || NR == 2 && $(NF - 1) < 4000 { exit 1 }' "$LAB/terms" || fail "the pauses do not grow: $(<"$LAB/terms")"
        start_agents web-2 web-3
        takes_over_at_last 20 web-2 web-3
        stays 4
}
crashed_terms() { # N: that many were begun
        (($(awk '$3 == "START" { print $5 }' "$RECORD" | sort -u | wc -l) >= $1))
}
