# SPDX-License-Identifier: Apache-2.0
# An admin overrides the unit of a standby by a later drop-in (the file that wins is named), then masks the unit: each is said,
# and the standby does not compete until it is mended.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        begin
        local host other
        for host in $(others); do
                [[ $host == "$leader" ]] || break
        done
        unit_dropin "$host" zzz-site.conf '[Unit]' AssertPathExists=
        shows "$host" "overridden, no gate: AssertPathExists="
        in_journal "$host" "applied after ours: /etc/systemd/system/$UNIT.d/zzz-site.conf"
        rm "$(dropin_dir "$host")/zzz-site.conf"
        must host_exec "$host" systemctl daemon-reload
        in_journal "$host" "$UNIT is fit again"
        must host_exec "$host" sh -c "mv /etc/systemd/system/$UNIT /usr/lib/systemd/system/; systemctl mask $UNIT"
        shows "$host" "$UNIT is masked; run: systemctl unmask $UNIT"
        for other in $(others); do
                [[ $other == "$host" ]] || must host_exec "$other" systemctl stop leader-agent
        done
        must host_exec "$leader" systemctl stop leader-agent
        ends 5
        nobody 3
        must host_exec "$host" systemctl unmask "$UNIT"
        takes_over 20 "$host"
        stays 2
}
