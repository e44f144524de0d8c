#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kubesim-up.sh DIR [ADDR [KUBESIM OPTION...]]: start kubesim with certificates and tokens; state, certificates, log, pid
# file and kubeconfigs (admin: client certificate, agent: token) in DIR, laid out as the real control plane's up script
# does. API on ADDR:6443 (default 127.0.0.1; --port 0 in the options chooses a free one). KUBESIM: the binary.
# Stop it with: kill "$(cat DIR/kubesim.pid)"
set -euo pipefail
DIR=$1; ADDR=${2:-127.0.0.1}; shift; [ $# -eq 0 ] || shift
HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
BIN=$(readlink -f "${KUBESIM:-$HERE/../../build/kubesim}")
[ -x "$BIN" ] || { echo "$BIN: not there; run: make build/kubesim" >&2; exit 1; }
mkdir -p "$DIR"; DIR=$(readlink -f "$DIR"); cd "$DIR"

openssl ecparam -name prime256v1 -genkey -noout -out ca.key
openssl req -x509 -new -key ca.key -subj /CN=test-ca -days 30 -out ca.crt
cert() { # name subject [subjectAltName]
        openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
        openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
        openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" -extfile \
                <(printf 'keyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n%s\n' "${3:+subjectAltName=$3}") \
                2>/dev/null
}
cert server /CN=kube-apiserver "IP:127.0.0.1,IP:$ADDR,DNS:localhost,DNS:kubernetes.default"
cert admin /O=system:masters/CN=admin
TOKEN=$(openssl rand -hex 16)
printf '%s,system:serviceaccount:default:agent\n' "$TOKEN" > tokens
printf '%s' "$TOKEN" > agent.token

: > kubesim.out
setsid "$BIN" --address "$ADDR" --port 6443 --cert server.crt --key server.key --client-ca ca.crt --tokens tokens "$@" \
        > kubesim.out 2> kubesim.log < /dev/null &
PID=$!
echo "$PID" > kubesim.pid
for _ in $(seq 200); do
        grep -q '^kubesim ready' kubesim.out && break
        kill -0 "$PID" 2>/dev/null || { cat kubesim.log >&2; exit 1; }
        sleep 0.05
done
SERVER=$(sed -n 's/^kubesim ready on //p' kubesim.out)
[ -n "$SERVER" ] || { echo "kubesim is not ready after 10 s" >&2; kill "$PID"; exit 1; }
kubeconfig() { # user credentials
        cat > "$1.kubeconfig" <<K
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "$SERVER", certificate-authority: $DIR/ca.crt}}]
users: [{name: $1, user: {$2}}]
contexts: [{name: test, context: {cluster: test, user: $1}}]
current-context: test
K
}
kubeconfig admin "client-certificate: $DIR/admin.crt, client-key: $DIR/admin.key"
kubeconfig agent "token: $TOKEN"
