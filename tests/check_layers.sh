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

# A header of another folder is one of include/: what lies beside sources is that folder's own.
found=()
for f in agent/*/*.[ch] include/*/*.h; do
        own=${f#*/} own=${own%%/*}
        while IFS=: read -r line header; do
                [ -e "include/$header" ] && continue
                case $f in
                agent/*) [ "${header%%/*}" = "$own" ] && continue ;;
                esac
                found+=("$f:$line: includes $header, which is not in include/")
        done < <(grep -noE '^#include "[^"]+"' "$f" | sed -E 's/#include "([^"]+)"/\1/')
done
verdict "headers: what crosses folders is in include/" "${found[@]}"

none='<>'
mapfile -t f < <(files base)
layer_libc base '"base/[^"]*"' "$none" "${f[@]}"
mapfile -t f < <(files core | grep -v '/supervise')
layer core "\"(base/(util|terms|timing|retry|restarts|lock_keys)|core/(core|core_parts|steps|facts|election|election_parts|election_step|placeholder))\.h\"|$pure" "${f[@]}"
mapfile -t f < <(files core 'supervise*')
layer core/supervise "\"(base/(util|terms|timing)|core/supervise[a-z_]*)\.h\"|$pure" "${f[@]}"
mapfile -t f < <(files codec)
layer_libc codec '"(base|codec)/[^"]*"' '<(json-c/.*|libconfig\.h|libfyaml\.h|openssl/.*)>' "${f[@]}"
mapfile -t found < <(grep -rlE '#include <openssl/' agent include | grep -v '^agent/codec/tls\.c$' |
        sed 's/$/: only codec\/tls.c may include openssl/')
verdict "openssl: only in codec/tls.c" "${found[@]}"

# Adapters: each stands alone (files of one module share its name up to the first '_'); kube alone stands on others, http and
# exec.
found=()
n=0
for f in agent/adapter/*.c agent/adapter/*.h include/adapter/*.h; do
        [ -e "$f" ] || continue
        n=$((n + 1))
        module=${f##*/} module=${module%.[ch]} module=${module%%_*}
        peers="${module}[a-z_]*"
        [ "$module" = kube ] && peers="(kube[a-z_]*|http|exec)"
        case $module in
        http) libraries='<(curl/.*|systemd/sd-event\.h)>' ;;
        kube | link | exec) libraries='<systemd/sd-event\.h>' ;;
        *) libraries='<systemd/.*>' ;;
        esac
        while read -r line; do found+=("$line"); done < <(
                strangers "\"(base|codec)/[^\"]*\"|\"adapter/$peers\.h\"|$libraries|$libc" "$f"
        )
done
[ "$n" -gt 0 ] || found+=("no file found")
verdict "adapter: includes of $n files" "${found[@]}"

mapfile -t found < <(grep -rlE '#include <curl/' agent include | grep -vE '/adapter/http(_[a-z]+)*\.[ch]$' |
        sed 's/$/: only adapter\/http may include curl/')
verdict "curl: only in adapter/http" "${found[@]}"

mapfile -t f < <(files daemon)
layer_libc daemon '"(base|codec|adapter|daemon)/[^"]*"|"core/(core|steps|facts)\.h"' '<systemd/sd-(event|id128|journal|daemon)\.h>' "${f[@]}"
mapfile -t f < <(files guard)
layer_libc guard '"(base|guard)/[^"]*"|"core/supervise(_list)?\.h"|"codec/(permit|permit_queue|permitfile|enroll)\.h"|"adapter/(units|cgroup|gate|dropin|notify|journal|boot|peer)\.h"' '<systemd/sd-(event|daemon)\.h>' "${f[@]}"
mapfile -t f < <(files ctl)
layer_libc ctl '"(base|codec|adapter|ctl)/[^"]*"' "$none|<systemd/sd-[a-z0-9]+\.h>|<json-c/json\.h>" "${f[@]}"

mapfile -t f < <(files exec)
layer_libc exec '"base/util\.h"|"adapter/exec\.h"' "$none" "${f[@]}"

# The core has a door: the shell calls, applies and steps; it reads and writes no field.
mapfile -t found < <(grep -nE '(->|\.)core\.[a-z]|core->|struct (election|placeholder|core_lock|core_placeholder)\b[^_]' agent/daemon/*.[ch] |
        grep -vE 'struct core(_[a-z]+)? ' | sed 's/$/ (a field of the core)/')
verdict "daemon: no field of the core" "${found[@]}"

# What comes in through other headers: the compiler wrote it down beside each object.
found=()
for d in "$build"/agent/{daemon,guard,exec,ctl}/*.d; do
        [ -e "$d" ] || continue
        refused='(agent/adapter/(http|kube_internal)|agent/core/|(agent|include)/codec/(object|kubeconfig_parts))[a-z_]*\.h'
        case $d in
        */agent/guard/*) refused='(agent|include)/(adapter/(http|kube|store|bus)|codec/(object|conf|kubeconfig|lock|watch)|core/(core|steps|election|placeholder))[a-z_]*\.h' ;;
        */agent/exec/*) refused='(agent|include)/(codec/(conf|kubeconfig|object|lock)|adapter/(http|kube|bus)|core/|daemon/|guard/)[a-z_]*\.h' ;;
        */agent/ctl/*) refused='(agent|include)/(adapter/http|core/|daemon/|guard/)[a-z_]*\.h' ;;
        esac
        while read -r line; do found+=("${d#"$build"/}: $line comes in through another header"); done < <(
                grep -oE "$refused" "$d" | sort -u
        )
done
verdict "shells: nothing forbidden through other headers" "${found[@]}"

# ---- objects ----

# The core, and what of base it may call.
mapfile -t objects < <(find "$build/agent/core" -name '*.o' 2>/dev/null | sort)
objects+=("$build"/agent/base/{terms,timing,retry,restarts}.o)
sources=(agent/core/*.c agent/base/{terms,timing,retry,restarts}.c)
if [ "${#objects[@]}" -lt "${#sources[@]}" ]; then
        verdict "core: symbols" "${#objects[@]} objects for ${#sources[@]} sources: build first"
else
        mapfile -t found < <(
                nm "${objects[@]}" | awk '
                        NF == 3 && $2 ~ /^[A-Z]$/ { own[$3] = 1 }
                        /^.*\.o:$/ { file = $1 }
                        NF == 2 && $1 == "U" { used[$2] = used[$2] " " file }
                        END {
                                n = split("memcpy memset memcmp memmove strcmp __assert_fail __stack_chk_fail _GLOBAL_OFFSET_TABLE_", a)
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

# Inside a folder, too, files have an order: one that calls another is not called by it, nor by what that one calls.
for folder in base core codec adapter daemon guard exec ctl; do
        mapfile -t objects < <(find "$build/agent/$folder" -name '*.o' 2>/dev/null | sort)
        mapfile -t found < <(
                nm -A "${objects[@]}" | awk '
                        { file = $1; sub(/:.*/, "", file); sub(/.*\//, "", file); sub(/\.o$/, "", file) }
                        $(NF - 1) ~ /^[TDRBC]$/ { home[$NF] = file }
                        $(NF - 1) == "U" { uses[file, $NF] = 1 }
                        END {
                                for (k in uses) {
                                        split(k, p, SUBSEP)
                                        if (p[2] in home && home[p[2]] != p[1]) print p[1], home[p[2]]
                                }
                        }' | sort -u | tsort 2>&1 >/dev/null | sed 's/^tsort: -: input contains a loop:$/a circle:/; s/^tsort: /    /'
        )
        [ "${#objects[@]}" -gt 0 ] || found+=("no objects: build first")
        verdict "$folder: no circle among ${#objects[@]} files" "${found[@]}"
done

# The list at the top of agent_parts.h is that order for the daemon.
mapfile -t found < <(
        nm -A "$build"/agent/daemon/*.o 2>/dev/null | awk '
                FNR == NR {
                        if (match($0, /^ \*   [a-z_]+\.c /)) place[substr($0, 6, RLENGTH - 8)] = ++n
                        next
                }
                { file = $1; sub(/:.*/, "", file); sub(/.*\//, "", file); sub(/\.o$/, "", file); seen[file] = 1 }
                $(NF - 1) ~ /^[TDRBC]$/ { home[$NF] = file }
                $(NF - 1) == "U" { uses[file, $NF] = 1 }
                END {
                        for (f in seen) if (!(f in place)) print f ".c is not in the list"
                        for (f in place) if (!(f in seen)) print f ".c is in the list, and there is none"
                        for (k in uses) {
                                split(k, p, SUBSEP)
                                to = home[p[2]]
                                if (place[to] > place[p[1]]) print p[1] ".c calls " to ".c, which stands below it"
                        }
                }' agent/daemon/agent_parts.h - | sort -u
)
verdict "daemon: files in the order of agent_parts.h" "${found[@]}"

# ---- truths with one home ----

# home NAME HOME PATTERN [EXCEPT]: the extended regular expression occurs in the files of HOME only.
home() {
        local name=$1 where=$2 pattern=$3 except=${4-^$}
        mapfile -t found < <(grep -rnE "$pattern" agent include | grep -vE "^($where):" | grep -vE "$except" |
                sed "s#\$# (belongs to $where)#")
        # shellcheck disable=SC2046 # the homes are words: a | between file names
        grep -qE "$pattern" $(ls $(echo "$where" | tr '|' ' ') 2>/dev/null) || found+=("$where has it not: the check is stale")
        verdict "one home: $name" "${found[@]}"
}

home clocks agent/base/clock.c 'clock_gettime\('
home randomness agent/base/random.c '\bgetrandom\(|/dev/u?random|\brand(om)?\(\)'
home 'pace and backoff' agent/base/retry.c '\b(d|delay|pause|backoff)[a-z_]* *(\*=|<<=) *[12]\b|(delay|pause|retry|backoff)[a-z_]*usec \* 2\b'
home 'retry limits' 'include/base/retry.h' '#define [A-Z_]*(RETRY|BACKOFF|RECONNECT)[A-Z_]*(MIN|MAX|USEC)?[^_A-Z]*\(.*USEC_PER_' 'SUPERVISE_|UINT64_C'
home 'the clock margin' 'include/base/timing.h' '#define [A-Z_]*(PERMILLE|PERCENT)\b'
home 'the formula of the clock margin' 'agent/base/timing.c' '/ 100 ?\*|/ 1000 ?\*|[*/] *[a-z>.-]*rate_permille'
home 'the watchdog limit' 'include/base/timing.h' '#define [A-Z_]*WATCHDOG[A-Z_]*USEC'
home 'the default of a stop' 'include/base/timing.h' '\b90 \* USEC_PER_SEC|\b90000000\b' 'KUBE_WATCH_FIRST_USEC'
home 'sum of a lease' 'agent/base/timing.c' 'renew_deadline_usec( \+ .*|, [a-z>.-]*)stop_timeout_usec|stop_timeout_usec( \+ .*|, [a-z>.-]*)kill_margin_usec' 'agent/codec/conf_holes.c'
home 'words of the tenures' 'include/base/terms.h' '"(life|lease)"[^ ]*( [^"]|$)' '^[^:]*:[0-9]+: *(/\*|\*)|conf_keys\.|"lease"\};|placeholder\.c'
home 'words of the placeholder kinds' 'agent/base/terms.c' '"(Lease|Pod)"' '^[^:]*:[0-9]+: *(/\*|\*)'
home 'enum tenure' 'include/base/terms.h' '^ +[A-Z_]+_(LIFE|LEASE)( = [0-9]+)?,( |$)'
home 'enum unit_state' 'include/base/terms.h' '^ +[A-Z_]*UNIT_(RUNNING|STARTING|STUCK)( = [0-9]+)?,( |$)'
home 'enum guard_result' 'include/base/terms.h' '^ +[A-Z_]+_REFUSED_[A-Z]+( = [0-9]+)?,( |$)'

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
needs "$build/leader-agent-exec" '^lib(curl|json-c|fyaml|config|ssl|crypto|systemd|microhttpd)\b'
needs "$build/leader-agent" '^lib(microhttpd|cmocka)\b'
needs "$build/leaderctl" '^lib(microhttpd|cmocka)\b'

exit $bad
