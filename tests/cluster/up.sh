#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Starts the real control plane (etcd, kube-apiserver with RBAC, kube-controller-manager with garbage collection) and
# returns when it serves, after about 4 seconds. The processes are children of nobody: end them by the .pid files.
#
#   tests/cluster/up.sh BIN DIR [ADDRESS [PORT]]       default 127.0.0.1 6443; etcd takes PORT+1 and PORT+2, the
#                                                      controller manager PORT+3, all on the loopback
#
# CLUSTER_GATES: feature gates of the API server, such as WatchList=false.
# In DIR afterwards: api.env (API_URL and the files a client needs), admin.kubeconfig, etcd.pid, api.pid, kcm.pid and logs.
set -euo pipefail
bin=$(readlink -f "$1") dir=$2 addr=${3:-127.0.0.1} port=${4:-6443}
mkdir -p "$dir"
dir=$(readlink -f "$dir")
cd "$dir"

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
cert() { # NAME SUBJECT [SUBJECTALTNAME]
        key "$1.key"
        openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
        openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" -extfile \
                <(printf 'keyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n%s\n' "${3:+subjectAltName=$3}")
}
{
        key ca.key
        openssl req -x509 -new -key ca.key -subj /CN=test-ca -days 30 -out ca.crt
        cert server /CN=kube-apiserver "IP:127.0.0.1,IP:$addr,IP:10.96.0.1,DNS:localhost,DNS:kube-api"
        cert admin /O=system:masters/CN=admin
        cert kcm /CN=system:kube-controller-manager
        key sa.key
} 2>certs.log || {
        cat certs.log >&2
        exit 1
}
for user in admin kcm; do
        cat >$user.kubeconfig <<K
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "https://$addr:$port", certificate-authority: $dir/ca.crt}}]
users: [{name: $user, user: {client-certificate: $dir/$user.crt, client-key: $dir/$user.key}}]
contexts: [{name: test, context: {cluster: test, user: $user}}]
current-context: test
K
done
cat >api.env <<E
API_URL=https://$addr:$port
API_CA=$dir/ca.crt
API_AUTH=(--cert $dir/admin.crt --key $dir/admin.key)
E

start() { # NAME COMMAND…
        local name=$1
        shift
        setsid "$@" >"$name.log" 2>&1 </dev/null &
        echo $! >"$name.pid"
}
ready() { # URL [CURL OPTION…]: waits for the answer of a health check; the bound only detects a hang
        local i
        for i in {1..600}; do
                [[ $(curl -s --max-time 5 "$@") =~ ^(ok$|\{\"health\":\"true\") ]] && return 0
                sleep 0.1
        done
        echo "cluster: $1 does not become ready; the end of the logs in $dir:" >&2
        tail -n 8 ./*.log >&2
        return 1
}

etcd=http://127.0.0.1:$((port + 1))
start etcd "$bin/etcd" --data-dir "$dir/etcd" --unsafe-no-fsync --log-level warn \
        --listen-client-urls "$etcd" --advertise-client-urls "$etcd" --listen-peer-urls "http://127.0.0.1:$((port + 2))"
start api "$bin/kube-apiserver" --etcd-servers "$etcd" --bind-address "$addr" --secure-port "$port" \
        --tls-cert-file server.crt --tls-private-key-file server.key --client-ca-file ca.crt \
        --authorization-mode RBAC --service-account-issuer https://kubernetes.default.svc \
        --service-account-signing-key-file sa.key --service-account-key-file sa.key --service-cluster-ip-range 10.96.0.0/24 \
        ${CLUSTER_GATES:+--feature-gates="$CLUSTER_GATES"}
ready "https://$addr:$port/readyz" --cacert ca.crt --cert admin.crt --key admin.key
start kcm "$bin/kube-controller-manager" --kubeconfig kcm.kubeconfig --leader-elect=false --bind-address 127.0.0.1 \
        --secure-port $((port + 3)) --use-service-account-credentials --service-account-private-key-file sa.key \
        --root-ca-file ca.crt --controllers=garbage-collector-controller,namespace-controller,serviceaccount-controller,serviceaccount-token-controller,pod-garbage-collector-controller
