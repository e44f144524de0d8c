#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `make install` and `make uninstall` in a directory of the test's: no file is ever incomplete or of another mode under its
# name, since D-Bus and systemd read what appears; and what was installed goes again, the operator's own stays.
#
#   tests/integration/test_install.sh     from the top of the tree, which is built; O: its objects
set -u
export LC_ALL=C
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
O=${O:-build}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
. tests/lib/verdict.sh

# -o all: what is built is taken as it is.
run() { make -s -o all O="$O" DESTDIR="$dir/root" "$@" >"$dir/log" 2>&1 || { echo "make $* failed:"; cat "$dir/log"; }; }
# Every file below the root, with its mode.
files() { (cd "$dir/root" && find . ! -type d -printf '/%P %m\n' | sort); }

# ---- written beside its place ----

# Programs that write files tell where: the last argument, and their standard output.
mkdir "$dir/bin"
for tool in install sed scdoc cp chmod; do
        real=$(command -v "$tool") || continue
        printf '#!/bin/bash\nprintf "%%s\\n" "${@: -1}" "$(readlink /proc/self/fd/1)" >>%q\nexec %q "$@"\n' \
                "$dir/written" "$real" >"$dir/bin/$tool"
        chmod 0755 "$dir/bin/$tool"
done
: >"$dir/written"
problems=$(umask 077 && PATH=$dir/bin:$PATH run install)
verdict "installs" "$problems"
problems=
while read -r path _; do
        ! grep -qxF "$dir/root$path" "$dir/written" || problems+="$path is written in place"$'\n'
done < <(files)
verdict "each file appears whole, by a rename" "$problems"

# ---- what there is ----

problems=$(files | grep -vE '^/usr/s?bin/[a-z-]+ 755$|^[^ ]+ 644$')
verdict "modes" "$problems"
problems=$(find "$dir/root/etc/leader-agent" -type d ! -perm 0755)
verdict "the agent's user can look into the directory of the configuration" "$problems"
problems=
for path in /usr/sbin/leader-agent /usr/sbin/leader-guard /usr/sbin/leader-agent-exec /usr/bin/leaderctl \
        /usr/lib/systemd/system/leader-agent-exec.socket /usr/lib/systemd/system/leader-agent-exec@.service \
        /usr/lib/systemd/system/leader-agent.service \
        /usr/lib/systemd/system/leader-guard.service /usr/lib/systemd/system/leader-guard.socket \
        /usr/lib/systemd/system/leader-guard-reap.service /usr/lib/systemd/system/leader-agent-token.service \
        /usr/lib/systemd/system/leader-agent-token.timer /usr/lib/sysusers.d/leader-agent.conf \
        /usr/lib/tmpfiles.d/leader-agent.conf /usr/lib/systemd/catalog/leader-agent.catalog \
        /usr/share/dbus-1/system.d/io.leaderagent.Agent1.conf \
        /etc/leader-agent/leader-agent.conf /usr/share/doc/leader-agent/leader-agent.conf /usr/share/doc/leader-agent/rbac.yaml; do
        [[ -s $dir/root$path ]] || problems+="there is no $path"$'\n'
done
problems+=$(grep -lE '@S?BINDIR@' -r "$dir/root")
verdict "files" "$problems"

# Only what is installed into this system itself may change its catalog.
problems=
for target in install uninstall; do
        make -n -o all O="$O" DESTDIR= "$target" | grep -q '^journalctl --update-catalog' ||
                problems+="make $target does not make journalctl read the catalog"$'\n'
        ! make -n -o all O="$O" DESTDIR="$dir/root" "$target" | grep -q '^journalctl' ||
                problems+="make $target DESTDIR= changes the catalog of this system"$'\n'
done
verdict "journalctl reads the catalog" "$problems"

# ---- again, over what is there ----

echo 'locks = ();' >"$dir/root/etc/leader-agent/leader-agent.conf"
echo secret >"$dir/root/etc/leader-agent/token"
echo '# more' >"$dir/root/etc/leader-agent/conf.d/more.conf"
mkdir -p "$dir/root/usr/share/dbus-1/system.d" "$dir/root/var/lib/leader-agent" "$dir/root/etc/systemd/system/a.service.d"
echo other >"$dir/root/usr/share/dbus-1/system.d/org.example.conf"
echo x >"$dir/root/var/lib/leader-agent/identity"
echo y >"$dir/root/etc/systemd/system/a.service.d/zz-leader-agent.conf"
before=$(files)
problems=$(run install)
verdict "an upgrade" "$problems$(diff <(echo "$before") <(files))"
problems=
[[ $(<"$dir/root/etc/leader-agent/leader-agent.conf") == 'locks = ();' ]] || problems="the configuration was overwritten"
verdict "an upgrade leaves the configuration alone" "$problems"

# ---- and away ----

problems=$(run uninstall)
verdict "uninstalls" "$problems"
said=$(<"$dir/log")
problems=$(diff <(files | cut -d' ' -f1) - <<'E'
/etc/leader-agent/conf.d/more.conf
/etc/leader-agent/leader-agent.conf
/etc/leader-agent/token
/etc/systemd/system/a.service.d/zz-leader-agent.conf
/usr/share/dbus-1/system.d/org.example.conf
/var/lib/leader-agent/identity
E
)
[[ ! -d $dir/root/usr/share/doc/leader-agent ]] || problems+=$'\n'"its directory of documents is left"
verdict "only the operator's files and those of others are left" "$problems"
problems=
for path in /etc/leader-agent /var/lib/leader-agent /etc/systemd/system/a.service.d/zz-leader-agent.conf; do
        [[ $said == *"$path"* ]] || problems+="it does not say that $path stays"$'\n'
done
verdict "says what stays" "$problems"
problems=$(run uninstall)
verdict "twice" "$problems"

# ---- elsewhere ----

rm -rf "$dir/root"
problems=$(run install PREFIX=/opt/la SYSCONFDIR=/opt/etc UNITDIR=/opt/units)
problems+=$(grep -L '^ExecStart=/opt/la/sbin/leader-' "$dir"/root/opt/units/leader-{agent,guard}.service)
problems+=$(run uninstall PREFIX=/opt/la SYSCONFDIR=/opt/etc UNITDIR=/opt/units)
problems+=$(diff <(files | cut -d' ' -f1) <(echo /opt/etc/leader-agent/leader-agent.conf))
verdict "other directories" "$problems"

exit $bad
