#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the real etcd, kube-apiserver and kube-controller-manager (unmodified, versions in go.mod), once, and prints the
# directory of the binaries. Needs Go and, the first time, the network and about 5 minutes on 2 cores.
#
#   tests/cluster/build.sh            exit status 0: printed; 1: failed; 2: no fitting Go, said so on stderr
#   tests/cluster/build.sh --cached   print the directory if it is built already, else exit 2 in silence
#   tests/cluster/build.sh --version  print the version of Kubernetes
#
# K8S=1.30: another version than the pinned one, from go-1.30.mod
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
. "$here/../lib/cache.sh"

mod=go${K8S:+-$K8S}.mod
[[ -f $here/$mod ]] || {
        echo "cluster: K8S=$K8S is not known; there are: $(cd "$here" && echo go-*.mod | sed 's/go-//g; s/\.mod//g')" >&2
        exit 1
}
name=cluster-$(cat "$here/$mod" "$here/etcd/main.go" | cache_hash)
version=$(awk '$1 == "require" && $2 == "k8s.io/kubernetes" {print substr($3, 2)}' "$here/$mod")
needed=$(awk '$1 == "go" {print $2}' "$here/$mod")
if [[ ${1:-} == --version ]]; then
        echo "$version"
        exit
fi

loud() {
        printf '%s\n' "" \
                "********************************************************************************" \
                "* The REAL control plane (Kubernetes $version) is NOT tested in this run:" \
                "* $1" \
                "* Install Go $needed or later from https://go.dev/dl/ (Debian 12 has 1.19, which is" \
                "* too old) and run again. Until then the simulated API server stands in." \
                "********************************************************************************" "" >&2
        exit 2
}

if [[ ! -d $(cache_dir)/$name ]]; then
        [[ ${1:-} != --cached ]] || exit 2
        command -v go >/dev/null || loud "there is no 'go' in PATH."
        have=$(cd / && GOTOOLCHAIN=local go env GOVERSION)
        have=${have#go}
        [[ $(printf '%s\n' "$needed" "$have" | sort -V | head -1) == "$needed" ]] ||
                loud "go is version $have, $needed is needed."
fi

build() { # DIR
        echo "cluster: building Kubernetes $version and etcd from source, about 5 minutes on 2 cores" >&2
        local major minor
        IFS=. read -r major minor _ <<<"$version"
        local v=k8s.io/component-base/version
        (cd "$here" && CGO_ENABLED=0 go build -buildvcs=false -modfile="$mod" -o "$1/" \
                -ldflags "-s -w -X $v.gitVersion=v$version -X $v.gitMajor=$major -X $v.gitMinor=$minor" \
                ./etcd k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kube-controller-manager)
}

cache_get "$name" build
