#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs what building and testing need, when it is missing. As root it calls apt; otherwise it names what is missing
# and prints the line to run as root. Takes no noticeable time when nothing is missing.
#
#   tests/setup.sh [build|test|lab ...]     default: all three groups
#   tests/setup.sh --list GROUP             only prints the packages
#
# Exit status: 0 everything is there; 1 something is missing or could not be installed.
set -euo pipefail

# The only list of Debian packages in this repository, by purpose.
build=(gcc make scdoc pkg-config libc6-dev libcurl4-openssl-dev libssl-dev libjson-c-dev libsystemd-dev \
        libconfig-dev libfyaml-dev)
test=(libmicrohttpd-dev libcmocka-dev clang-format-14 clang-tidy-14 clang-14 libclang-rt-14-dev shellcheck dbus jq curl \
        openssl valgrind)
lab=(systemd-container debootstrap iproute2 util-linux procps jq curl openssl ca-certificates)

if [[ ${1:-} == --list ]]; then
        declare -n list=$2
        echo "${list[*]}"
        exit
fi
(($#)) || set -- build test lab
wanted=()
for group; do
        case $group in
        build) wanted+=("${build[@]}") ;;
        test) wanted+=("${test[@]}") ;;
        lab) wanted+=("${lab[@]}") ;;
        *)
                echo "setup: unknown group '$group'; there are build, test and lab" >&2
                exit 1
                ;;
        esac
done

if ! command -v dpkg-query >/dev/null; then
        echo "setup: not a Debian system; needed are what Debian 12 calls: ${wanted[*]}" >&2
        exit 1
fi

mapfile -t missing < <(comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) \
        <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${wanted[@]}" 2>/dev/null |
                awk '$1 == "ii" {print $2}' | sort -u))
((${#missing[@]})) || exit 0

line="apt-get install --no-install-recommends -y ${missing[*]}"
if ((EUID != 0)); then
        echo "setup: left out, for they need root: ${missing[*]}" >&2
        echo "setup: to have them, run:  sudo $line" >&2
        exit 1
fi
echo "setup: installing ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# The package lists may be old or absent: refresh them only when the first try fails.
if ! $line >"$log" 2>&1 && ! { apt-get update && $line; } >"$log" 2>&1; then
        tail -20 "$log" >&2
        echo "setup: apt failed; the line was: $line" >&2
        exit 1
fi
