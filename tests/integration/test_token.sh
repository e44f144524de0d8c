#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# leaderctl renew-token against the test API server: the new token is in the file, whole, with the owner and mode of the
# old one; and whatever goes wrong is told with what helps, and leaves the file as it was.
#
#   tests/integration/test_token.sh     from the top of the tree, which is built; O: its objects
set -u
export LC_ALL=C TZ=UTC
O=${O:-build}
dir=$(mktemp -d)
trap 'kill "$(cat "$dir/api/kubesim.pid")"; rm -rf "$dir"' EXIT
. tests/lib/verdict.sh

KUBESIM=$O/kubesim tests/kubesim/kubesim-up.sh "$dir/api" 127.0.0.1 --port 0 || exit 1
server=$(sed -n 's/^kubesim ready on //p' "$dir/api/kubesim.out")
accounts=/api/v1/namespaces/default/serviceaccounts
user=system:serviceaccount:default:default

curl() { command curl -sS --max-time 20 --cacert "$dir/api/ca.crt" "$@"; }
control() { curl --fail -o /dev/null -X "$1" -d "${3-}" "$server/_kubesim/$2"; } # METHOD ENDPOINT [BODY]
is_accepted() { [[ $(curl -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $1" "$server/api/v1/namespaces/default/configmaps") == 200 ]]; }
# As an administrator makes it: kubectl create token default --duration SECONDS.
create_token() { # SECONDS
        curl --fail --cert "$dir/api/admin.crt" --key "$dir/api/admin.key" -H 'Content-Type: application/json' "$server$accounts/default/token" \
                -d '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":'"$1"'}}' |
                sed -E 's/.*"token": ?"([^"]+)".*/\1/'
}
base64url() { base64 -w0 | tr '+/' '-_' | tr -d =; }
claims() { # TOKEN
        local payload
        payload=$(cut -d. -f2 <<<"$1" | tr '_-' '/+')
        while ((${#payload} % 4)); do payload+='='; done
        base64 -d <<<"$payload"
}
claim() { claims "$1" | sed -nE "s/.*\"$2\":([0-9]+).*/\1/p"; }
life() { echo $(($(claim "$1" exp) - $(claim "$1" iat))); } # TOKEN

etc=$dir/etc
mkdir -p "$etc"
chmod 0755 "$dir" "$etc" # mktemp's is for us alone
config() { # USER [SERVER]: what stands for credentials
        cat >"$etc/kubeconfig" <<-K
		current-context: c
		contexts: [{name: c, context: {cluster: k, user: u, namespace: default}}]
		clusters: [{name: k, cluster: {server: "${2:-$server}", certificate-authority: $dir/ca.crt}}]
		users: [{name: u, user: {$1}}]
	K
}
cp "$dir/api/ca.crt" "$dir/ca.crt"
chmod 0644 "$dir/ca.crt"
cat >"$etc/leader-agent.conf" <<C
kubeconfig = "$etc/kubeconfig";
locks = ( { name = "a-lock"; unit = "a.service"; } );
C
# A file with an old token of ten hours, as all cases begin.
begin() {
        control DELETE faults && control DELETE deny && control POST token_limit '{"seconds":0}' || exit 1
        config 'tokenFile: token'
        rm -rf "${etc:?}"/token*
        old=$(create_token 36000)
        (umask 077 && echo "$old" >"$etc/token")
        chmod 0640 "$etc/token"
        before=$(stat -c '%i %U:%G %a' "$etc/token")
}
# run STATUS [ARGUMENT…]: what it printed is in $said; prints what is not as it should be.
secrets=()
run() {
        local wanted=$1 status
        shift
        said=$("${RUN_AS[@]}" "$O/leaderctl" renew-token --config "$etc/leader-agent.conf" "$@" 2>&1)
        status=$?
        secrets+=("$old" "$(<"$etc/token")")
        for s in "${secrets[@]}"; do [[ $said != *"$s"* ]] || echo "it prints a token"; done
        ((status == wanted)) || echo "exit status $status, not $wanted: $said"
}
RUN_AS=()
says() { for t in "$@"; do [[ $said == *"$t"* ]] || echo "it does not say '$t': $said"; done; }
is_unchanged() {
        [[ $(<"$etc/token") == "$old" && $(stat -c '%i %U:%G %a' "$etc/token") == "$before" ]] || echo "the file is another one"
        [[ $(ls -A "$etc") == $'kubeconfig\nleader-agent.conf\ntoken' ]] || echo "left behind: $(ls -A "$etc")"
}
refused() { # NAME WORDS…: the last begin() and what was changed since
        local name=$1 problems said
        shift
        run 1 >"$dir/problems"
        problems=$(<"$dir/problems")$(says "$@")$(is_unchanged)
        verdict "$name" "$problems"
}

# ---- renewed ----

begin
run 0 >"$dir/problems"
new=$(<"$etc/token")
problems=$(cat "$dir/problems"; says "$etc/token: new token of service account default/default, valid until ")
[[ $new != "$old" && $(stat -c '%U:%G %a' "$etc/token") == "${before#* }" ]] || problems+="not another one of the same owner and mode"
[[ $(ls -A "$etc") == $'kubeconfig\nleader-agent.conf\ntoken' ]] || problems+="left behind: $(ls -A "$etc")"
is_accepted "$new" || problems+="the server does not take it"
[[ $(life "$new") == 36000 ]] || problems+="it is for $(life "$new") s"
[[ $said != *"not for the"* ]] || problems+="$said"
verdict "a new token for as long as the old one was given" "$problems"

old=$new
run 0 >"$dir/problems"
problems=$(cat "$dir/problems")
[[ $(<"$etc/token") != "$old" && $(life "$(<"$etc/token")") == 36000 ]] || problems+="not another one"
verdict "the new one renews itself" "$problems"

begin
problems=$(run 0 --duration 24h)
[[ $(life "$(<"$etc/token")") == 86400 ]] || problems+="it is for $(life "$(<"$etc/token")") s"
verdict "--duration" "$problems"

begin
control POST token_limit '{"seconds":3600}'
run 0 >"$dir/problems"
problems=$(cat "$dir/problems"; says "The cluster gave it for 1h, not for the 10h that were asked for." \
        ", and leader-agent-token.timer, where it is enabled, renews it every 4h (up to 1h 1min later): it may end before that" \
        "OnCalendar=*:0/20\\nRandomizedDelaySec=300s\\n' >/etc/systemd/system/leader-agent-token.timer.d/zz-interval.conf && systemctl daemon-reload")
grep -qx 'OnCalendar=00/4:00' units/leader-agent-token.timer && grep -qx 'RandomizedDelaySec=1h' units/leader-agent-token.timer ||
        problems+="units/leader-agent-token.timer has another interval"
run 0 >"$dir/problems"
problems+=$(<"$dir/problems")
[[ $said != *"not for the"* ]] || problems+="it asks for more than it was given: $said"
[[ $(life "$(<"$etc/token")") == 3600 ]] || problems+="it is for $(life "$(<"$etc/token")") s"
verdict "a cluster that caps their life: told, and then asked for no more" "$problems"

# What is printed makes a timer that is often enough, whatever is given: two renewals may fail.
for hours in 1 2 3 4 5; do
        begin
        problems=$(run 0 --duration "${hours}h"; says "run:"$'\n'"mkdir -p ")
        run 0 --duration "${hours}h" >"$dir/problems"
        spec=$(sed -nE 's/.*\\nOnCalendar=([^\\]+)\\n.*/\1/p' <<<"$said")
        if command -v systemd-analyze >/dev/null; then
                every=$(systemd-analyze calendar --iterations=2 --base-time='2030-01-01 00:00:01' "$spec" | sed -nE 's/.*(Next elapse|Iter. #2|Iteration #2): //p')
                [[ $every ]] && (($(date -d "${every##*$'\n'}" +%s) - $(date -d "${every%%$'\n'*}" +%s) <= hours * 1200)) || problems+="$spec: $every"
        fi
        verdict "a token of $hours h ends before the timer: told, with a timer that does" "$problems"
done
begin
run 0 --duration 6h >"$dir/problems"
problems=$(cat "$dir/problems")
[[ $said != *timer* ]] || problems+="$said"
verdict "one of 6 h does not" "$problems"

begin
mkdir "$etc/token.d"
mv "$etc/token" "$etc/token.d/now"
ln -s token.d/now "$etc/token"
problems=$(run 0)
[[ -L $etc/token && $(<"$etc/token") != "$old" && $(ls -A "$etc/token.d") == now ]] || problems+="$(ls -lR "$etc")"
verdict "what a symlink leads to is replaced, not the link" "$problems"

begin
echo "half a tok" >"$etc/token.new"
problems=$(run 0)
[[ ! -e $etc/token.new && $(<"$etc/token") != "$old" ]] || problems+="$(ls -A "$etc")"
verdict "what one that was killed has left goes" "$problems"

if ((EUID == 0)); then
        begin
        chown 12345:23456 "$etc/token"
        problems=$(RUN_AS=(setpriv "--bounding-set=-all,+chown,+dac_override" --inh-caps=-all) && run 0)
        [[ $(stat -c '%u:%g %a' "$etc/token") == "12345:23456 640" ]] || problems+=$(stat -c '%u:%g %a' "$etc/token")
        verdict "owner, group and mode, with the rights of the service" "$problems"
else
        echo "ok owner, group and mode, with the rights of the service # SKIP needs root"
fi

# ---- refused: told with what helps, and the file stays as it was ----

begin
control POST deny '{"user":"'$user'","verb":"create","resource":"serviceaccounts/token"}'
refused "without the right the rule to add is named" "User \"$user\" cannot create resource \"serviceaccounts/token\"" \
        '- {apiGroups: [""], resources: [serviceaccounts/token], resourceNames: [default], verbs: [create]}' "Role in namespace default"

begin
control POST tokens '{"token":"'"$old"'"}'
refused "a token that is not accepted any more" "The token in $etc/token is not accepted any more" "kubectl -n default create token default"

begin
echo "$(base64url <<<'{"alg":"none"}').$(base64url <<<'{"iat":1893553445,"exp":1893557045,"sub":"system:serviceaccount:default:gone"}').eA" >"$etc/token"
old=$(<"$etc/token")
control POST tokens '{"token":"'"$old"'","user":"somebody"}'
refused "an account that is gone" 'serviceaccounts "gone" not found'

begin
control POST faults '{"match":{"verb":"create"},"action":{"status":200,"body":"<html>no</html>","content_type":"text/html"}}'
refused "an answer that is none" "answered HTTP 200, but:"
for when in before after; do
        begin
        control POST faults '{"match":{"verb":"create"},"action":{"drop":"'$when'"}}'
        refused "no answer ($when)" "no answer from the server"
done

begin
config "token: $old"
refused "the token is in the kubeconfig" "has no tokenFile" "tokenFile: FILE instead of token:"
begin
config "client-certificate: $dir/api/admin.crt, client-key: $dir/api/admin.key"
refused "a certificate" "has no tokenFile"
begin
config 'tokenFile: token' "http://${server#https://}"
refused "a server without TLS" "needs https"

begin
echo 0123456789abcdef >"$etc/token"
old=0123456789abcdef
refused "a token that is no service account's" "not one of a service account"

begin
echo "$(base64url <<<'{"alg":"none"}').$(base64url <<<'{"sub":"'$user'"}').eA" >"$etc/token"
old=$(<"$etc/token")
control POST tokens '{"token":"'"$old"'","user":"'$user'"}'
refused "a token without end needs none" "has no end: it needs no renewal" "--duration TIME"
problems=$(run 0 --duration 1h)
[[ $(life "$(<"$etc/token")") == 3600 ]] || problems+="it is for $(life "$(<"$etc/token")") s"
verdict "unless one is asked for" "$problems"

begin
((EUID != 0)) || RUN_AS=(setpriv --reuid=65534 --regid=65534 --clear-groups)
((EUID == 0)) || chmod 0555 "$etc"
chmod 0644 "$etc/token"
before=$(stat -c '%i %U:%G %a' "$etc/token")
refused "a directory that may not be written" "cannot write token file $etc/token: Permission denied" "run this as root"
RUN_AS=()
chmod 0755 "$etc"

begin
exec 9<"$etc/token"
flock 9
refused "somebody else at it" "somebody else writes there: run this again"
exec 9<&-

begin
exec 9<"$etc"
flock 9
problems=$(run 0)
verdict "a lock that anybody may take is none" "$problems"
exec 9<&-

# As the owner of a directory can, who would have root write into another one.
begin
mkdir "$dir/other"
echo precious >"$dir/other/token"
for how in link written; do
        control POST faults '{"match":{"verb":"create"},"action":{"delay_ms":1000}}'
        (
                sleep 0.5
                if [[ $how == link ]]; then
                        mv "$etc/token" "$etc/token.away" && ln -s "$dir/other/token" "$etc/token"
                else
                        echo "one from elsewhere" >"$etc/token"
                fi
        ) &
        run 1 >"$dir/problems"
        wait $!
        problems=$(<"$dir/problems")
        [[ $(<"$dir/other/token") == precious && $(ls -A "$dir/other") == token && ! -e $etc/token.new ]] || problems+="it was written elsewhere"
        problems+=$(says "cannot write token file $etc/token: it is not the one that was read any more; it stays as it is: run this again")
        [[ $how == link || $(<"$etc/token") == "one from elsewhere" ]] || problems+="it is overwritten"
        verdict "a token file that became another one meanwhile ($how)" "$problems"
        begin
done

# ---- wrong usage ----

begin
run 2 --duration 5min >"$dir/problems"
verdict "--duration that the API does not take" "$(cat "$dir/problems"; says "at least 10min")"
run 2 token >"$dir/problems"
verdict "an argument" "$(cat "$dir/problems"; says "takes no argument")"
echo 'locks = ( { name = "a-lock"; unit = "a.service"; } );' >"$etc/leader-agent.conf"
refused "a configuration that names no kubeconfig" "the configuration names no kubeconfig" "--kubeconfig FILE"
run 0 --kubeconfig "$etc/kubeconfig" >"$dir/problems"
verdict "--kubeconfig" "$(cat "$dir/problems")"
run 0 --kubeconfig "$etc/kubeconfig" --duration 1h >"$dir/problems"
[[ $said != *timer* ]] || echo "$said" >>"$dir/problems"
verdict "--kubeconfig where there is no timer: nothing renews it every so often" "$(cat "$dir/problems")"

exit $bad
