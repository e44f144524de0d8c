#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What `make sbom` writes is SPDX 2.3 as its schema has it (the fields that it demands, and their form), true, and the same
# each time.
#
#   tests/check_sbom.sh VERSION PROGRAM…     from the top of the tree
set -u
export LC_ALL=C SOURCE_DATE_EPOCH=1700000000
bad=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
check() { # TEXT COMMAND…
        local text=$1
        shift
        if "$@" >"$dir/output" 2>&1; then
                echo "ok sbom: $text"
        else
                bad=1
                echo "not ok sbom: $text"
                sed 's/^/  /' "$dir/output" | head -20
        fi
}
tools/sbom.sh "$@" >"$dir/one"
tools/sbom.sh "$@" >"$dir/two"
version=$1
shift
holds() { jq -e "$1" "$dir/one"; }

check "the same each time" cmp "$dir/one" "$dir/two"
check "head" holds '.spdxVersion == "SPDX-2.3" and .dataLicense == "CC0-1.0" and .SPDXID == "SPDXRef-DOCUMENT" and .name != "" and
        (.documentNamespace | test("^https?://[^#]+$")) and .creationInfo.created == "2023-11-14T22:13:20Z" and
        (.creationInfo.creators | length > 0 and all(test("^(Tool|Person|Organization): ")))'
check "packages" holds '.packages | length > 1 and all(.name != "" and .downloadLocation != "" and (.filesAnalyzed | type) == "boolean" and
        .versionInfo != "" and .licenseConcluded != null and .licenseDeclared != null and .copyrightText != null and
        (.filesAnalyzed | not) == (has("packageVerificationCode") | not))'
check "files" holds '.files | all((.fileName | startswith("./")) and .copyrightText != null and .licenseConcluded == "Apache-2.0" and
        (.fileTypes == ["SOURCE"] or .fileTypes == ["BINARY"]) and
        ([.checksums[] | .algorithm + (.checksumValue | test("^[0-9a-f]+$") | tostring)] == ["SHA1true", "SHA256true"]))'
check "names" holds '[.SPDXID, .packages[].SPDXID, .files[].SPDXID] | all(test("^SPDXRef-[a-zA-Z0-9.-]+$")) and length == (unique | length)'
check "relationships" holds '[.SPDXID, .packages[].SPDXID, .files[].SPDXID] as $ids | .relationships |
        length == (unique | length) and any(.relationshipType == "DESCRIBES") and
        all((.spdxElementId | IN($ids[])) and (.relatedSpdxElement | IN($ids[])) and
                (.relationshipType | IN("DESCRIBES", "CONTAINS", "DEPENDS_ON", "DYNAMIC_LINK")))'
check "every file is of the package" holds '([.relationships[] | select(.relationshipType == "CONTAINS")] | length) == (.files | length)'
check "version" holds ".packages[0] | .name == \"leader-agent\" and .versionInfo == \"$version\" and .licenseDeclared == \"Apache-2.0\""
sums() { # the sums of what is in it, by sha256sum
        jq -r '.files[] | select(.fileTypes == ["SOURCE"]) | .checksums[1].checksumValue + "  " + .fileName' "$dir/one" | sha256sum -c --quiet -
}
check "sums of the sources" sums
sources() { diff <(jq -r '.files[] | select(.fileTypes == ["SOURCE"]) | .fileName[2:]' "$dir/one" | sort) \
        <(find LICENSE Makefile agent include units conf -type f | sort); }
check "all sources" sources
code() { [[ $(jq -r '.files[].checksums[0].checksumValue' "$dir/one" | sort | tr -d '\n' | sha1sum | cut -d' ' -f1) == \
        "$(jq -r '.packages[0].packageVerificationCode.packageVerificationCodeValue' "$dir/one")" ]]; }
check "verification code" code
for program in "$@"; do
        name=${program##*/}
        is() { [[ $(jq -r --arg n "./$name" '.files[] | select(.fileName == $n).checksums[1].checksumValue' "$dir/one") == \
                "$(sha256sum <"$program" | cut -d' ' -f1)" ]]; }
        check "$name: its sum" is
        # As the loader finds them, and dpkg knows them.
        links() {
                diff <(jq -r --arg n "SPDXRef-File-$name" '(.packages | map({(.SPDXID): (.name + " " + .versionInfo)}) | add) as $p |
                        .relationships[] | select(.relationshipType == "DYNAMIC_LINK" and .spdxElementId == $n) | $p[.relatedSpdxElement]' "$dir/one" | sort) \
                        <(objdump -p "$program" | awk '$1 == "NEEDED" { print $2 }' | while read -r so; do
                                path=$(ldd "$program" | awk -v so="$so" '$1 == so { print $3 }')
                                package=$(dpkg -S "*/$(basename "$(readlink -f "$path")")" | sed -n '1s/:.*//p')
                                dpkg-query -W -f '${Package} ${Version}\n' "$package" | head -1
                        done | sort -u)
        }
        if command -v dpkg-query >/dev/null; then check "$name: its libraries" links; fi
done
exit $bad
