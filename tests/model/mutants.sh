#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Breaks the protocol on purpose, one rule at a time (mutants_table.sh), and demands that the explorer notices. What is
# broken is named by a marker in the sources of the core or the model (mutate.awk), or by a function's name; the names
# that a replacement uses are checked by the compiler.
#
#   mutants.sh BUILD [NAME...]          builds and runs the mutants; without names: all
#   mutants.sh --build BUILD [NAME...]  builds them only: one line "ok …" or "not ok …" for each
# BUILD has the objects of the unbroken explorer. Environment: CC, JOBS (default: as many as processors; each
# wants up to half a gigabyte), MODEL_CFLAGS, MODEL_LDFLAGS, TRACES=1 (print each trace).
#
# Without names also checked: each marker is in one place and has a mutant, and docs/ARCHITECTURE.md names mutants that
# there are.
set -u
export LC_ALL=C

run=1
[[ ${1-} == --build ]] && run=0 && shift
build=${1:?usage: mutants.sh [--build] BUILD [NAME...]}
shift
only=("$@")
here=$(dirname "$0")
dir=$build/tests/model/mutants
jobs=${JOBS:-$(nproc)}
sources=(agent/core/*.c agent/base/{terms,timing,retry,restarts}.c tests/model/*.c)
flags=${MODEL_CFLAGS:--std=gnu17 -D_GNU_SOURCE -Iinclude -Iagent}
((run)) && flags+=' -O2' || flags+=' -O0'

# ---- the table ----

names=()
declare -A expected=() arguments=() operations=() home=() used=()
problems=()

# mutant NAME EXPECT ARGUMENTS OPERATION...
# EXPECT: caught (two units, a finalizer or a dead end), livelock (nothing of these, but a fair cycle), or harmless (told
# why in the comment above it). ARGUMENTS of the explorer, which finds nothing with them in the unbroken protocol.
# OPERATION: as mutate.awk has it, one word each.
mutant() {
        local name=$1
        names+=("$name")
        [[ -z ${expected[$name]-} ]] || problems+=("$name is there twice")
        expected[$name]=$2
        arguments[$name]=$3
        shift 3
        operations[$name]=$(printf '%q ' "$@")
}

# words WORD...: how many of them belong to the first operation.
words() {
        case $1 in
        drop) echo 2 ;;
        operand | argument) echo 4 ;;
        *) echo 3 ;;
        esac
}

markers() {
        local file line marker
        while IFS=: read -r file line marker; do
                marker=${marker#@}
                [[ -z ${home[$marker]-} ]] ||
                        problems+=("$file:$line: @$marker is in ${home[$marker]} too")
                home[$marker]=$file
        done < <(grep -noE '@[a-z][a-z0-9-]*' "${sources[@]}")
}

# The file that a marker (for body: a function) is in.
file_of() {
        local found
        if [[ $1 == body ]]; then
                mapfile -t found < <(grep -lE "^[a-z].*[ *]$2\(.*\{$" "${sources[@]}")
                ((${#found[@]} == 1)) && echo "${found[0]}"
        else
                echo "${home[$2]-}"
        fi
}

# ---- one mutant ----

# verdict NAME WORD TEXT
verdict() {
        echo "$2" >"$dir/$1/verdict"
        if ((run)); then
                printf '%-8s %s\n' "$2" "$1$3"
        elif [[ $2 == built ]]; then
                echo "ok $1"
        else
                echo "not ok $1$3"
        fi
}

break_it() {
        local name=$1 work=$dir/$1 n file
        local -a op
        eval "op=(${operations[$name]})"
        while ((${#op[@]})); do
                n=$(words "${op[@]}")
                file=$(file_of "${op[@]}")
                [[ $file ]] || {
                        verdict "$name" ERROR ": no ${op[0]} at ${op[1]-}: there is no such place"
                        return 1
                }
                mkdir -p "$work/${file%/*}"
                [[ -e $work/$file ]] || cp "$file" "$work/$file"
                awk -f "$here/mutate.awk" "${op[@]:0:n}" <"$work/$file" >"$work/broken" 2>"$work/why" || {
                        verdict "$name" ERROR ": $(cat "$work/why")"
                        return 1
                }
                cmp -s "$work/broken" "$work/$file" && {
                        verdict "$name" ERROR ": ${op[*]:0:n}: changes nothing"
                        return 1
                }
                mv "$work/broken" "$work/$file"
                op=("${op[@]:n}")
        done
}

make_it() {
        local name=$1 work=$dir/$1 file object
        local -a objects=()
        for file in "${sources[@]}"; do
                object=$build/${file%.c}.o
                if [[ -e $work/$file ]]; then
                        object=$work/${file%.c}.o
                        # shellcheck disable=SC2086
                        ${CC:-gcc} $flags -Itests/model -c -o "$object" "$work/$file" >"$work/build.log" 2>&1 || {
                                verdict "$name" ERROR ": $(grep -m1 error: "$work/build.log")"
                                return 1
                        }
                fi
                objects+=("$object")
        done
        ((run)) || {
                verdict "$name" built ''
                return
        }
        # shellcheck disable=SC2086
        ${CC:-gcc} ${MODEL_LDFLAGS-} -o "$work/model" "${objects[@]}" -lm >"$work/build.log" 2>&1 || {
                verdict "$name" ERROR ": does not link, see $work/build.log"
                return 1
        }
}

# The unbroken protocol with the same arguments must pass, or the catch would prove nothing.
control() {
        printf '%s/control-%s' "$dir" "$(printf '%s' "$1" | cksum | tr ' ' -)"
}

explore() {
        # shellcheck disable=SC2086
        "$1" $2 >"$3.report" 2>&1
        echo $? >"$3.status"
}

run_it() {
        local name=$1 work=$dir/$1 expect=${expected[$1]} args=${arguments[$1]} found complete
        [[ $(cat "$(control "$args").status") == 0 ]] || {
                verdict "$name" ERROR ": the unbroken protocol fails with these arguments: $args"
                return
        }
        explore "$work/model" "$args" "$work/model"
        rm "$work/model"
        found=$(grep -m1 -E 'VIOLATION|DEAD END|LIVELOCK' "$work/model.report")
        complete=$(grep -m1 -E 'complete' "$work/model.report")
        case $(cat "$work/model.status") in
        0)
                [[ $expect == harmless ]] && verdict "$name" harmless " ($args): $complete" && return
                verdict "$name" SURVIVED " ($args): $complete"
                ;;
        1)
                if [[ $expect == harmless ]]; then
                        verdict "$name" ERROR ": not harmless: $found ($args)"
                elif [[ $expect == livelock && $found != LIVELOCK* ]]; then
                        verdict "$name" ERROR ": caught, but not by fairness: $found ($args)"
                else
                        verdict "$name" caught ": $found, $(grep -cE '^ +[0-9]+\. ' "$work/model.report") steps ($args)"
                        [[ -n ${TRACES-} ]] && sed 's/^/         /' "$work/model.report"
                fi
                ;;
        *) verdict "$name" ERROR ": the explorer failed, see $work/model.report" ;;
        esac
}

each() {
        rm -rf "${dir:?}/$1"
        mkdir -p "$dir/$1"
        break_it "$1" && make_it "$1" && ((run)) && run_it "$1"
}

# in_turn COMMAND WORD...: COMMAND with each of the words, so many at a time.
in_turn() {
        local command=$1 n=0 word
        shift
        for word; do
                ((n++ < jobs)) || wait -n
                "$command" "$word" &
        done
        wait
}

unbroken() {
        explore "$build/tests/model/model" "$1" "$(control "$1")"
}

# ---- all of them ----

# shellcheck source=mutants_table.sh
. "$here/mutants_table.sh"
markers
if ((${#only[@]} == 0)); then
        only=("${names[@]}")
        for name in "${names[@]}"; do
                eval "op=(${operations[$name]})"
                while ((${#op[@]})); do
                        used[${op[1]-}]=1
                        [[ ${op[0]} == swap ]] && used[${op[2]-}]=1
                        op=("${op[@]:$(words "${op[@]}")}")
                done
        done
        for marker in "${!home[@]}"; do
                [[ -n ${used[$marker]-} ]] || problems+=("${home[$marker]}: @$marker has no mutant")
        done
        # In the table of the argument: the fourth column.
        mapfile -t cited < <(awk -F'|' '/^\| claim \|/ { on = 1; next } !/^\|/ { on = 0 } on && !/---/ { print $5 }' \
                docs/ARCHITECTURE.md | tr -s ', ' '\n' | sed '/^$/d')
        ((${#cited[@]})) || problems+=("docs/ARCHITECTURE.md names no mutant")
        for name in "${cited[@]}"; do
                # shellcheck disable=SC2053
                for known in "${names[@]}"; do [[ $known == $name ]] && continue 2; done
                problems+=("docs/ARCHITECTURE.md names $name: there is no such mutant")
        done
else
        for name in "${only[@]}"; do
                [[ -n ${expected[$name]-} ]] || problems+=("there is no mutant $name")
        done
fi
if ((${#problems[@]})); then
        printf 'not ok mutants: %s\n' "${problems[@]}"
        exit 1
fi
((run)) || echo 'ok markers and names'

mkdir -p "$dir"
if ((run)); then
        rm -f "$dir"/control-*
        mapfile -t wanted < <(for name in "${only[@]}"; do printf '%s\n' "${arguments[$name]}"; done | sort -u)
        in_turn unbroken "${wanted[@]}"
fi
in_turn each "${only[@]}"

declare -A count=()
for name in "${only[@]}"; do
        word=$(cat "$dir/$name/verdict" 2>/dev/null || echo ERROR)
        count[$word]=$((${count[$word]-0} + 1))
done
((run)) && echo "mutants: ${#only[@]} run, ${count[caught]-0} caught, ${count[harmless]-0} harmless as argued," \
        "${count[SURVIVED]-0} survived, ${count[ERROR]-0} could not be run or are not as told"
((${count[SURVIVED]-0} + ${count[ERROR]-0} == 0))
