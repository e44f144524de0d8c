# SPDX-License-Identifier: Apache-2.0
# Sourced by check.sh: the examples of docs/UNITS.md, each taken from the page and run, with tests/guard/permit in the agent's place.
# Stand-ins for the programs: ip, java, podman (and its generator, which makes a service of a .container), myapp.

page=$here/../../docs/UNITS.md

# The blocks of the section TITLE: files (a first line "# /PATH") into the host, commands into $commands, the units into $units.
example() { # TITLE
        local title=$1 path= line in=
        commands= units=
        in_host sh -c 'rm -rf /etc/systemd/system/myapp* /etc/containers /etc/leader-agent/*.d; : >/run/stand-in'
        while IFS= read -r line; do
                case $in,$line in
                ,'```') in=first ;;
                first,'# /'*) in=file path=${line#\# } && in_host mkdir -p "${path%/*}" && in_host sh -c ": >$path" ;;
                first,*) in=commands commands+=$line$'\n' ;;
                *,'```') in= ;;
                file,*) printf '%s\n' "$line" | sed -E 's#/usr/s?bin/(ip|java|podman|myapp[a-z-]*)#/usr/libexec/standin-\1#' |
                        in_host sh -c "cat >>$path" ;;
                commands,*) commands+=$line$'\n' ;;
                esac
        done < <(awk -v t="## $title" '/^## / { on = $0 == t } on' "$page")
        units=$(in_host sed -nE 's/.*units? = \(?([^;)]*)\)?;.*/\1/p' /etc/leader-agent/leader-agent.conf | tr -d '",')
        units=${units%% on_failure*}
        in_host systemctl daemon-reload
        [[ $commands && $units ]]
}
typed() { in_host sh -ec "$commands" >/run/units.said 2>&1 || { sed 's/^/# /' /run/units.said; return 1; }; }
each_is() { # STATES UNIT…
        local unit state states=$1
        shift
        for unit; do
                state=$(in_host systemctl show -P ActiveState "$unit")
                [[ " $states " == *" $state "* ]] || { echo "# $unit is $state"; return 1; }
        done
}
# What holds of every example.
lives() { # NAME UID
        check "units: $1: enrolled as the page says" typed
        check "units: $1: … nothing is wrong" in_host leaderctl enroll --check
        check "units: $1: leads" says 'running .*permit='"$2" permit lead "$units" "$2" life 5000
}
ends_with_it() { # NAME UID
        check "units: $1: revoked" says 'ok stopped final=1' permit revoke "$units" "$2" 5000
        check "units: $1: … nothing of it is left" each_is 'inactive failed' $units
}

for name in ip java podman myapp myapp-nightly; do
        printf '#!/bin/sh\necho "%s $*" >>/run/stand-in\n' "$name"
        case $name in
        java) printf 'trap "exit 143" TERM\nwhile :; do sleep 0.1; done\n' ;;
        podman) printf 'systemd-notify --ready\nexec sleep infinity\n' ;;
        myapp) printf 'exec sleep infinity\n' ;;
        esac
done | awk -v dir=/usr/libexec/standin- 'BEGIN { split("ip java podman myapp myapp-nightly", n, " ") } /^#!/ { i++ } { print n[i] "\t" $0 }' |
        in_host sh -c 'while IFS="	" read -r name line; do printf "%s\n" "$line" >>/usr/libexec/standin-$name; chmod +x /usr/libexec/standin-$name; done'
in_host sh -c 'mkdir -p /etc/systemd/system-generators; cat >/etc/systemd/system-generators/quadlet; chmod +x /etc/systemd/system-generators/quadlet' <<'G'
#!/bin/sh
for f in /etc/containers/systemd/*.container; do
        [ -e "$f" ] || continue
        name=$(basename "$f" .container)
        printf '[Unit]\nSourcePath=%s\n[Service]\nType=notify\nNotifyAccess=all\nKillMode=mixed\nDelegate=yes\nExecStart=/usr/libexec/standin-podman run --name=%s --cgroups=split --sdnotify=conmon -d image\n' \
                "$f" "$name" >"$1/$name.service"
done
G

check "units: an address and a service" example "An address and a service"
lives address W1
check "units: address: added before the service starts" says $'^ip address add 192.0.2.10/24 dev eth0\nmyapp' in_host cat /run/stand-in
check "units: address: … both run" each_is active $units
ends_with_it address W1
check "units: address: deleted at last" says 'ip address delete' in_host tail -n 1 /run/stand-in

check "units: a nightly job" example "A job that runs nightly on the leader only"
lives nightly W2
check "units: nightly: the timer is up, the job is not" eval 'each_is active myapp-nightly.timer && each_is inactive myapp-nightly.service'
check "units: nightly: the job can run here" in_host systemctl start myapp-nightly.service
check "units: nightly: … and has" says 'myapp-nightly' in_host cat /run/stand-in
ends_with_it nightly W2
check "units: nightly: … the job cannot run here now" eval '! in_host systemctl start myapp-nightly.service 2>/dev/null'

check "units: a container" example "A container: podman with Quadlet"
lives container W3
check "units: container: … in the unit's control group" populated myapp.service
ends_with_it container W3

check "units: a Java program" example "A Java program"
lives java W4
ends_with_it java W4
check "units: java: its end is no failure" active myapp.service inactive

check "units: a socket" example "A socket-activated service"
lives socket W5
check "units: socket: it listens, the service does not run" eval 'each_is active myapp.socket && each_is inactive myapp.service'
check "units: socket: … a connection is taken" in_host perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Peer => "/run/myapp.sock") or die "$!\n"'
check "units: socket: … and starts it" wait_for 5 each_is active myapp.service
ends_with_it socket W5

check "units: a migration" example "Migrating a unit that runs in production"
in_host systemctl start myapp.service
pid=$(in_host systemctl show -P MainPID myapp.service)
lives migration W6
check "units: migration: without a restart" says "^$pid$" in_host systemctl show -P MainPID myapp.service
ends_with_it migration W6
in_host sh -c 'rm -rf /etc/systemd/system/myapp* /etc/containers /etc/systemd/system-generators/quadlet /etc/leader-agent/leader-agent.conf; systemctl daemon-reload'
