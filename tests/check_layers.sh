#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The folders are the layers: checks that every file includes only what its layer may use, that the pure core calls
# nothing but itself and memcpy and the like, and that leader-guard is linked with libsystemd alone.
#
#   tests/check_layers.sh BUILD_DIR     from the top of the tree, after `make`
set -u
export LC_ALL=C

build=${1:?usage: tests/check_layers.sh BUILD_DIR}
cd "$(dirname "$0")/.." || exit 1
[ "${build#/}" = "$build" ] && build=$PWD/$build
bad=0

# verdict NAME [PROBLEM…]: one line for the runner, and what is wrong.
verdict() {
        local name=$1
        shift
        if [ $# -eq 0 ]; then
                echo "ok $name"
        else
                echo "not ok $name"
                printf '  %s\n' "$@"
                bad=1
        fi
}

# Prints the problems of the given files: includes that the pattern (extended regular expression, whole name with its
# quotes or brackets) does not allow.
strangers() {
        local allowed=$1
        shift
        grep -HnoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"][^>"]+[>"]' "$@" /dev/null |
                sed -E 's/#[[:space:]]*include[[:space:]]*//' |
                awk -F: -v allowed="^($allowed)\$" '{ gsub(/[ \t]/, "", $3); if ($3 !~ allowed) print $1 ":" $2 ": may not include " $3 }'
}

# files LAYER [GLOB]: sources and headers of a layer.
files() {
        find "agent/$1" "include/$1" -name "${2-*}" \( -name '*.c' -o -name '*.h' \) 2>/dev/null | sort
}

# layer NAME ALLOWED FILE…
layer() {
        local name=$1 allowed=$2
        shift 2
        [ $# -gt 0 ] || {
                verdict "$name: includes" "no file found"
                return
        }
        mapfile -t found < <(strangers "$allowed" "$@")
        verdict "$name: includes of ${#} files" "${found[@]}"
}

foreign='<(curl/.*|json-c/.*|libconfig\.h|libfyaml\.h|systemd/.*|microhttpd\.h|openssl/.*|cmocka\.h)>'
# The C library: every system header that is none of those.
libc='<([a-z_0-9]+|(sys|linux|arpa|netinet|net|asm)/[a-z_0-9]+)\.h>'
pure='<(assert|limits|stdbool|stddef|stdint|string)\.h>'

# Like layer(), for layers that may use the C library but only some foreign headers.
layer_libc() {
        local name=$1 own=$2 libraries=$3
        shift 3
        [ $# -gt 0 ] || {
                verdict "$name: includes" "no file found"
                return
        }
        mapfile -t found < <(
                strangers "$own|$libraries|$libc" "$@"
                grep -HnoE "#include $foreign" "$@" /dev/null | sed 's/#include //' |
                        awk -F: -v allowed="^($libraries)\$" '$3 !~ allowed { print $1 ":" $2 ": may not include " $3 }'
        )
        mapfile -t found < <(printf '%s\n' "${found[@]}" | sed '/^$/d' | sort -u)
        verdict "$name: includes of ${#} files" "${found[@]}"
}

none='<>'
mapfile -t f < <(files util)
layer_libc util '"base/[^"]*"' "$none" "${f[@]}"
mapfile -t f < <(files core | grep -v '/supervise')
layer core "\"(util/util|core/(core|election|election_parts|heartbeat|backoff|facts))\.h\"|$pure" "${f[@]}"
mapfile -t f < <(files core 'supervise*')
layer core/supervise "\"(util/util|core/supervise[a-z_]*)\.h\"|$pure" "${f[@]}"
mapfile -t f < <(files codec)
layer_libc codec '"(util|codec)/[^"]*"' '<(json-c/.*|libconfig\.h|libfyaml\.h)>' "${f[@]}"

# core -> election, heartbeat, backoff, and none of these the other way round
found=()
for f in agent/core/*.c include/core/*.h; do
        case ${f##*/} in
        core.[ch]) up= ;;
        election*) up='core/core\.h' ;;
        *) up='core/(core|election[a-z_]*)\.h' ;;
        esac
        [ -n "$up" ] && while read -r line; do found+=("$f:$line: includes upwards"); done < <(grep -nE "\"$up\"" "$f")
done
verdict "core: only downwards" "${found[@]}"

# Adapters: each stands alone (files of one module share its name up to the first '_'); kube alone stands on http.
found=()
n=0
for f in agent/adapter/*.c include/adapter/*.h; do
        [ -e "$f" ] || continue
        n=$((n + 1))
        module=${f##*/} module=${module%.[ch]} module=${module%%_*}
        peers="${module}[a-z_]*"
        [ "$module" = kube ] && peers="(kube[a-z_]*|http)"
        case $module in
        http) libraries='<(curl/.*|systemd/sd-event\.h)>' ;;
        kube | link) libraries='<systemd/sd-event\.h>' ;;
        *) libraries='<systemd/.*>' ;;
        esac
        while read -r line; do found+=("$line"); done < <(
                strangers "\"(util|codec)/[^\"]*\"|\"adapter/$peers\.h\"|$libraries|$libc" "$f"
        )
done
[ "$n" -gt 0 ] || found+=("no file found")
verdict "adapter: includes of $n files" "${found[@]}"

mapfile -t found < <(grep -rlE '#include <curl/' agent include | grep -vE '/adapter/http(_[a-z]+)*\.[ch]$' |
        sed 's/$/: only adapter\/http may include curl/')
verdict "curl: only in adapter/http" "${found[@]}"

mapfile -t f < <(files daemon)
layer_libc daemon '"(util|codec|adapter|daemon)/[^"]*"|"core/(core|election|heartbeat|facts)\.h"' '<systemd/sd-(event|id128|journal|daemon)\.h>' "${f[@]}"
mapfile -t f < <(files guard)
layer_libc guard '"(util|guard)/[^"]*"|"core/supervise\.h"|"codec/(permit|permitfile|enroll)\.h"|"adapter/(units|cgroup|gate|notify|journal|clock)\.h"' '<systemd/sd-(event|daemon)\.h>' "${f[@]}"
mapfile -t f < <(files ctl)
layer_libc ctl '"(util|codec|adapter|ctl)/[^"]*"' "$none|<systemd/sd-[a-z0-9]+\.h>|<json-c/json\.h>" "${f[@]}"

# What comes in through other headers: the compiler wrote it down beside each object.
found=()
for d in "$build"/agent/daemon/*.d "$build"/agent/guard/*.d "$build"/agent/ctl/*.d; do
        [ -e "$d" ] || continue
        refused='include/(adapter/http|adapter/kube_internal|codec/(object|kubeconfig_parts))[a-z_]*\.h'
        case $d in
        */agent/guard/*) refused='include/(adapter/(http|kube|store|bus)|codec/(object|conf|kubeconfig|lock|watch)|core/(core|election|heartbeat))[a-z_]*\.h' ;;
        */agent/ctl/*) refused='include/(adapter/http|core/|daemon/|guard/)[a-z_]*\.h' ;;
        esac
        while read -r line; do found+=("${d#"$build"/}: $line comes in through another header"); done < <(
                grep -oE "$refused" "$d" | sort -u
        )
done
verdict "shells: nothing forbidden through other headers" "${found[@]}"

# ---- objects ----

mapfile -t objects < <(find "$build/agent/core" -name '*.o' 2>/dev/null | sort)
sources=(agent/core/*.c)
if [ ${#objects[@]} -lt ${#sources[@]} ]; then
        verdict "core: symbols" "${#objects[@]} objects in $build/agent/core for ${#sources[@]} sources: build first"
else
        mapfile -t found < <(
                nm "${objects[@]}" | awk '
                        NF == 3 && $2 ~ /^[A-Z]$/ { own[$3] = 1 }
                        /^.*\.o:$/ { file = $1 }
                        NF == 2 && $1 == "U" { used[$2] = used[$2] " " file }
                        END {
                                n = split("memcpy memset memcmp memmove __assert_fail __stack_chk_fail _GLOBAL_OFFSET_TABLE_", a)
                                for (i = 1; i <= n; i++) own[a[i]] = 1
                                for (s in used)
                                        if (!(s in own) && s !~ /^__(asan|ubsan|sanitizer)_/) print "uses " s ":" used[s]
                        }' | sort
        )
        verdict "core: symbols of ${#objects[@]} objects" "${found[@]}"
        # Sanitizers keep tables of their own in writable sections.
        if ! nm "${objects[@]}" | grep -q __asan_; then
                mapfile -t found < <(objdump -t "${objects[@]}" | awk '
                        /file format/ { file = $1 }
                        $3 == "O" && $4 ~ /^\.(data|bss)/ && $4 !~ /^\.data\.rel\.ro/ { print file " has a variable: " $6 }')
                verdict "core: no variables" "${found[@]}"
        fi
fi

# needs BINARY REFUSED: shared libraries it must not be linked with.
needs() {
        local name=${1##*/}
        if [ ! -x "$1" ]; then
                verdict "$name: libraries" "$1 is not there: build first"
                return
        fi
        mapfile -t found < <(readelf -d "$1" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p' | grep -E "$2" |
                sed "s|^|$name is linked with |")
        verdict "$name: libraries" "${found[@]}"
}
needs "$build/leader-guard" '^lib(curl|json-c|fyaml|config|ssl|crypto|microhttpd)\b'
needs "$build/leader-agent" '^lib(microhttpd|cmocka)\b'
needs "$build/leaderctl" '^lib(microhttpd|cmocka)\b'

exit $bad
