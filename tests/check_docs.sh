#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The documents name what the sources have, all of it and nothing else: every configuration key (agent/codec/conf_keys.c)
# with its default in the manual page and in the sample configuration, every journal field and MESSAGE_ID in
# docs/JOURNAL.md, each of these ids with an entry in the catalog, an id in every record that is more urgent than info,
# every package that the build needs in README.md, every test that docs/SECURITY.md names.
#
#   tests/check_docs.sh     from the top of the tree
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1
bad=0

# verdict NAME [PROBLEM…]: one line for the runner, and what is wrong.
verdict() {
        local name=$1
        shift
        if (($# == 0)); then
                echo "ok $name"
        else
                echo "not ok $name"
                printf '  %s\n' "$@"
                bad=1
        fi
}

# same NAME WHERE WANTED FOUND: two lists, a line each; an empty WANTED means that the sources are read wrongly.
same() {
        local problems=()
        [[ $3 ]] || problems+=("nothing found in the sources: has their form changed? (tests/check_docs.sh)")
        mapfile -O ${#problems[@]} -t problems < <(
                comm -23 <(sort -u <<<"$3") <(sort -u <<<"$4") | sed "/^\$/d; s|\$|: is not in $2|"
                comm -13 <(sort -u <<<"$3") <(sort -u <<<"$4") | sed "/^\$/d; s|\$|: is in $2, and not in the sources|"
        )
        verdict "$1 ($(grep -c . <<<"$3"))" "${problems[@]}"
}

# ---- configuration ----

keys=agent/codec/conf_keys.c
page=docs/man/leader-agent.conf.5.scd
sample=conf/leader-agent.conf

# keys_of TABLE: lines "KEY=DEFAULT" ("KEY=" when it has none). The default of tenure "lease" where there are two.
keys_of() {
        sed -n "/^const struct conf_key $1\[\]/,/^};/p" "$keys" |
                sed -nE 's/^ *\{"([a-z_]+)".*\.preset = "([^"]*)".*/\1=\2/p; t; s/^ *\{"([a-z_]+)".*/\1=/p'
}
# In the manual page: terms "*KEY*" or "*KEY*, *KEY*" alone on their line, below a heading.
page_keys() { sed -n "/^# $1\$/,/^# /p" "$page" | grep -E '^\*[a-z_]+\*(, \*[a-z_]+\*)*$' | tr -d '*,' | tr ' ' '\n'; }
# In the sample: "KEY = VALUE;" or "#KEY = VALUE;", in the list of locks (two blanks or more before it) or outside.
sample_keys() { sed -nE "s/^$1#?([a-z_]+) = .*/\1/p" "$sample" | grep -vxE 'locks|defaults'; }

# (`units` is `unit`, several of them: conf_units.c)
agent=$(keys_of conf_keys) lock=$(keys_of conf_lock_keys | sed "s,^unit=.*,&\nunits=,")
names() { cut -d= -f1 <<<"$1"; }
same "keys of the agent in the manual page" "$page, THE AGENT" "$(names "$agent")" "$(page_keys 'THE AGENT')"
same "keys of a lock in the manual page" "$page, LOCKS" "$(names "$lock")" "$(page_keys LOCKS)"
same "keys of the agent in the sample" "$sample" "$(names "$agent")" "$(sample_keys '')"
same "keys of a lock in the sample" "$sample, locks" "$(names "$lock")" "$(sample_keys ' +')"

# Defaults: the sample shows each as it is, the text below the key in the manual page names it.
found=()
while IFS='=' read -r key preset; do
        [[ $preset ]] || continue
        grep -qE "^ *#?$key = \"?$preset\"?;\$" "$sample" || found+=("$key: $sample does not show the default $preset")
        awk -v key="*$key*" '/^\*/ { mine = index($0, key) == 1 || index($0, ", " key) } /^#/ { mine = 0 } mine' "$page" |
                grep -qF -- "$preset" || found+=("$key: $page does not name the default $preset")
done <<<"$agent"$'\n'"$lock"
verdict "defaults in manual page and sample" "${found[@]}"

# ---- installing ----

same "packages of the build" "README.md, Install" "$(tests/setup.sh --list build | tr ' ' '\n')" \
        "$(awk '/apt-get install/ { on = 1 } on; on && !/\\$/ { exit }' README.md | tr ' ' '\n' | grep -vxE '\\|-.*|sudo|apt-get|install')"

# ---- security ----

# What docs/SECURITY.md rests on is there: files, scenarios, and the settings of the units that are open to the network.
found=()
security=docs/SECURITY.md
mapfile -t named < <(grep -oE '(tests|units|conf)/[a-zA-Z0-9_./@-]+[a-z]' "$security" | sort -u)
for file in "${named[@]}"; do
        [[ -e $file ]] || found+=("$security names $file, which is not there")
done
mapfile -t scenarios < <(grep -oE '\([a-z_]+(, [a-z_]+)*\)' "$security" | tr -d '(),' | tr ' ' '\n' | grep _ | sort -u)
for name in "${scenarios[@]}"; do
        [[ -e tests/e2e/scenarios/$name.sh ]] || found+=("$security names the scenario $name, which is not there")
done
for setting in MemoryMax TasksMax LimitCORE=0 NoNewPrivileges=yes CapabilityBoundingSet=\$ ProtectSystem=strict ProtectHome=yes \
        PrivateDevices=yes; do
        grep -q "^$setting" units/leader-agent.service || found+=("units/leader-agent.service has no $setting")
done
((${#named[@]} > 5 && ${#scenarios[@]} > 5)) || found+=("$security names too little: has its form changed? (tests/check_docs.sh)")
verdict "docs/SECURITY.md names what there is ($((${#named[@]} + ${#scenarios[@]})))" "${found[@]}"

# ---- journal ----

journal=docs/JOURNAL.md
header=include/adapter/journal.h
mapfile -t sources < <(grep -rlE 'struct journal_field' agent include/adapter/journal.h | sort)

# Fields are the first member of a struct journal_field, or written by the sink itself; or named by a macro of the header.
fields=$(
        cat "${sources[@]}" | grep -oE '\{"[A-Z][A-Z0-9_]+",|journal_field\(.*, "[A-Z][A-Z0-9_]+",' | grep -oE '[A-Z][A-Z0-9_]+' | sort -u
        sed -nE 's/^#define +[A-Z_]+ +"([A-Z][A-Z0-9_]+)".*/\1/p' "$header"
)
same "journal fields" "$journal" "$fields" \
        "$(sed -n '/^## Fields/,/^\*\*/p' "$journal" | grep -oE '`[A-Z][A-Z0-9_]+`' | tr -d '`')"

same "MESSAGE_IDs" "$journal" \
        "$(sed -nE 's/^#define +JOURNAL_([A-Z_]+) +"([0-9a-f]{32})".*/\2 \1/p' "$header")" \
        "$(sed -nE 's/^\| `([0-9a-f]{32})` ([A-Z_]+) \|.*/\1 \2/p' "$journal")"
found=()
for id in $(grep -oE '[0-9a-f]{32}' "$journal" | sort -u); do
        grep -q "$id" "$header" || found+=("$id: an example names it, and no source does")
done
verdict "MESSAGE_IDs of examples" "${found[@]}"

# Each call on a line of its own, behind the name of its file; not those of the sink, nor of what hands on an id.
# shellcheck disable=SC2016 # (a program of awk)
calls=$(find agent -name '*.c' ! -path agent/adapter/journal.c ! -name agent_journal.c | sort | xargs awk '
        function done() { if (call != "") print call; call = "" }
        FNR == 1 { done() }
        call == "" && match($0, /(journal_log|journal_record|agent_journal)\(/) {
                call = FILENAME ": "
                $0 = substr($0, RSTART)
        }
        call != "" { sub(/^ +/, ""); call = call $0 " " }
        /\);( *\/\*.*)?$/ { done() }
        END { done() }')
# What is more urgent than LOG_INFO has an id, so that it is found, and explained by journalctl -x; the exceptions are in
# the document, with the reason, each as the message begins.
found=()
mapfile -t plain < <(sed -n '/^\*\*Lines without a kind/,/^\*\*Why/p' "$journal" | sed -nE 's/^\| `([^`]+)` \| .+ \|$/\1/p')
while IFS= read -r call; do
        [[ $call =~ (journal_log|journal_record|agent_journal)\(([^\"]*)(.*) ]]
        head=${BASH_REMATCH[2]} message=${BASH_REMATCH[3]}
        if [[ ${BASH_REMATCH[1]} == journal_log ]]; then
                [[ ! $head =~ ^\ *LOG_(INFO|DEBUG),\ *$ ]] || continue
                for begin in "${plain[@]}"; do
                        [[ $message != "\"$begin"* ]] || continue 2
                done
                found+=("$call: more urgent than LOG_INFO, and no record with a MESSAGE_ID")
        elif [[ ! ${head//JOURNAL_KEY_/} =~ JOURNAL_[A-Z]+ ]]; then
                found+=("$call: a record of no kind")
        fi
done <<<"$calls"
for begin in "${plain[@]}"; do
        grep -qF "\"$begin" <<<"$calls" || found+=("$journal: \"$begin\" is a line without a kind, and no source has it")
done
for name in $(sed -nE 's/^#define +(JOURNAL_[A-Z_]+) +"[0-9a-f]{32}".*/\1/p' "$header"); do
        grep -qE "\b$name\b" <<<"$calls" || found+=("$name: no record is of that kind")
done
[[ $calls ]] || found+=("no record found in the sources: has their form changed? (tests/check_docs.sh)")
verdict "urgent records have a kind ($(wc -l <<<"$calls"))" "${found[@]}"

# The fields that a call names are among those that the document says its kind may have (not where the call hands on a
# list that was made before).
declare -A field_of row_of
while read -r key name; do
        field_of[$key]=$name
        row_of[$name]=$(sed -nE "/^## Fields/,/^States/ s/^\| \`$name\` \| ([^|]*) \|.*/\1/p" "$journal")
done < <(sed -nE 's/^#define +(JOURNAL_KEY_[A-Z_]+) +"([A-Z_]+)".*/\1 \2/p' "$header")
found=()
while IFS= read -r call; do
        head=${call%%\"*}
        mapfile -t kinds < <(grep -oE 'JOURNAL_[A-Z_]+' <<<"$head" | grep -v '^JOURNAL_KEY_' | sed 's/^JOURNAL_//')
        mapfile -t keys < <(grep -oE 'JOURNAL_KEY_[A-Z_]+' <<<"$call")
        [[ $call != *agent_journal* ]] || keys+=(JOURNAL_KEY_LOCK JOURNAL_KEY_UNIT)
        for kind in "${kinds[@]}"; do
                for key in "${keys[@]}"; do
                        row=" ${row_of[${field_of[$key]}]//,/ } "
                        [[ $row == *" $kind "* ]] ||
                                found+=("${field_of[$key]} of $kind: $journal does not say that such a record may have it")
                done
        done
done <<<"$calls"
mapfile -t found < <(printf '%s\n' "${found[@]}" | grep . | sort -u)
verdict "fields of each kind" "${found[@]}"

# ---- its catalog ----

catalog=units/leader-agent.catalog

# entries SED-SCRIPT: what it prints of the catalog's lines, each behind the name (LOCK_STATE) of the id it stands below.
entries() {
        local line name=
        while IFS= read -r line; do
                [[ $line == "-- "* ]] && name=$(sed -nE "s/^#define +JOURNAL_([A-Z_]+) +\"${line#-- }\".*/\1/p" "$header")
                printf '%s %s\n' "${name:-?}" "$line"
        done < <(grep -v '^#' "$catalog") | sed -nE "$1"
}

same "catalog entries" "$catalog" "$(sed -nE 's/^#define +JOURNAL_[A-Z_]+ +"([0-9a-f]{32})".*/\1/p' "$header")" \
        "$(sed -n 's/^-- //p' "$catalog")"
found=()
for key in Subject Defined-By Documentation; do
        while read -r name; do
                [[ $(entries "s/^$name ($key: .+)/\1/p" | grep -c .) == 1 ]] || found+=("$name: not one $key:")
        done < <(entries 's/^([A-Z_]+) -- .*/\1/p')
done
found+=("$(sed -n 's/^-- //p' "$catalog" | sort | uniq -d | sed 's/$/: two entries/')")
# A field that a record may lack would leave a hole in a sentence or in a command.
always=$(sed -nE '/^## Fields/,/^States/ s/^\| `([A-Z_]+)` \| ([^|]*) \|.*/\1 \2/p' "$journal" |
        while read -r field kinds; do
                tr ',' '\n' <<<"$kinds" | sed -nE "s/^ *([A-Z_]+)\$/\1 $field/p"
        done)
while read -r name field; do
        grep -qxF "$name $field" <<<"$always" ||
                found+=("@$field@ in the entry of $name: $journal does not say that such a record always has it")
done < <(entries 's/@([A-Z_]+)@/\n\1\n/g; p' | awk '/^[A-Z_?]+ / { name = $1 } /^[A-Z_]+$/ { print name, $1 }' | sort -u)
verbs=$(sed -nE 's/^ +VERB\(([a-z_]+)\).*/\1/p' agent/ctl/verbs.h | tr _ -)
while read -r verb; do
        grep -qxF "$verb" <<<"$verbs" || found+=("leaderctl $verb: there is no such verb")
done < <(grep -oE 'leaderctl [a-z-]+' "$catalog" | cut -d' ' -f2 | sort -u)
mapfile -t found < <(printf '%s\n' "${found[@]}" | grep .)
verdict "what catalog entries say" "${found[@]}"

# journalctl takes a line of "#" or ";" for a comment, and much else for text: what it has read must be all of it.
if command -v journalctl >/dev/null; then
        root=$(mktemp -d)
        trap 'rm -rf "$root"' EXIT
        install -D -m 0644 "$catalog" "$root/usr/lib/systemd/catalog/leader-agent.catalog"
        refused=$(journalctl --update-catalog --root="$root" 2>&1 && journalctl --dump-catalog --root="$root" 2>&1 |
                diff <(grep -v '^#' "$catalog" | grep . | sort) <(grep . | sort))
        verdict "journalctl reads the catalog" ${refused:+"$refused"}
else
        echo "ok journalctl reads the catalog # SKIP there is no journalctl"
fi

exit $bad
