#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the programs are made of, as SPDX 2.3 in JSON: the sources and programs with their sums, the libraries that the linker
# put in, with the versions that dpkg knows. The same input gives the same text (SOURCE_DATE_EPOCH: its time; default: that of
# the commit).
#
#   tools/sbom.sh VERSION PROGRAM…      from the top of the tree
set -euo pipefail
export LC_ALL=C
version=$1
shift
programs=("$@")
mapfile -t sources < <(find LICENSE Makefile agent include units conf -type f | sort)
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}

id() { echo "${1//[^a-zA-Z0-9.]/-}"; }
packages='' files='' relations='' n=0
relate() { relations+=$(printf ',\n  {"spdxElementId": "%s", "relationshipType": "%s", "relatedSpdxElement": "%s"}' "$@"); }

# Programs under their own name, wherever they were built.
while read -r sha1 sha256 f; do
        name=$f type=SOURCE
        ((++n > ${#programs[@]})) || name=${f##*/} type=BINARY
        ref=SPDXRef-File-${name//[^a-zA-Z0-9.]/-}
        printf -v file ',\n  {"SPDXID": "%s", "fileName": "./%s", "fileTypes": ["%s"], "checksums": [{"algorithm": "SHA1", "checksumValue": "%s"}, {"algorithm": "SHA256", "checksumValue": "%s"}], "licenseConcluded": "Apache-2.0", "licenseInfoInFiles": ["NOASSERTION"], "copyrightText": "NOASSERTION"}' \
                "$ref" "$name" "$type" "$sha1" "$sha256"
        files+=$file
        printf -v file ',\n  {"spdxElementId": "SPDXRef-Package-leader-agent", "relationshipType": "CONTAINS", "relatedSpdxElement": "%s"}' "$ref"
        relations+=$file
done < <(paste -d' ' <(sha1sum "${programs[@]}" "${sources[@]}" | cut -d' ' -f1) \
        <(sha256sum "${programs[@]}" "${sources[@]}" | sed 's/  / /'))
code=$(sha1sum "${programs[@]}" "${sources[@]}" | cut -d' ' -f1 | sort | tr -d '\n' | sha1sum | cut -d' ' -f1)

# owner FILE: the package that it is of, as "NAME VERSION ARCHITECTURE SOURCE"; nothing where dpkg does not know.
owner() {
        local path
        for path in "$1" "$(readlink -f "$1")" "${1#/usr}" "/usr$1"; do
                path=$(dpkg-query -S "$path" 2>/dev/null | sed -n '1s/: .*//p') || true
                [[ -z $path ]] || { dpkg-query -W -f '${Package} ${Version} ${Architecture} ${source:Package}\n' "$path" && return; }
        done
        return 0
}
declare -A known=()
for p in "${programs[@]}"; do
        while read -r soname; do
                path=$(ldd "$p" | awk -v so="$soname" '$1 == so { print $3 }')
                read -r package v arch source < <(owner "$path" | grep . || echo "$soname NOASSERTION - -")
                if [[ -z ${known[$package]:-} ]]; then
                        known[$package]=1 purl=
                        [[ $arch == - ]] || purl=$(printf ', "sourceInfo": "built from the Debian source package %s", "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:deb/debian/%s@%s?arch=%s"}]' \
                                "$source" "$package" "${v//+/%2B}" "$arch")
                        packages+=$(printf ',\n  {"SPDXID": "SPDXRef-Package-%s", "name": "%s", "versionInfo": "%s", "downloadLocation": "NOASSERTION", "filesAnalyzed": false, "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION"%s}' \
                                "$(id "$package")" "$package" "$v" "$purl")
                        relate SPDXRef-Package-leader-agent DEPENDS_ON "SPDXRef-Package-$(id "$package")"
                fi
                [[ -n ${known[$p $package]:-} ]] ||
                        relate "SPDXRef-File-$(id "${p##*/}")" DYNAMIC_LINK "SPDXRef-Package-$(id "$package")"
                known[$p $package]=1
        done < <(objdump -p "$p" | awk '$1 == "NEEDED" { print $2 }' | sort)
done

cat <<E
{"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "leader-agent-$version",
 "documentNamespace": "https://leaderagent.io/spdx/leader-agent-$version-$(sha256sum <<<"$packages$files" | cut -c1-32)",
 "creationInfo": {"created": "$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)", "creators": ["Tool: leader-agent-sbom"]},
 "packages": [
  {"SPDXID": "SPDXRef-Package-leader-agent", "name": "leader-agent", "versionInfo": "$version", "downloadLocation": "NOASSERTION", "filesAnalyzed": true, "packageVerificationCode": {"packageVerificationCodeValue": "$code"}, "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0", "licenseInfoFromFiles": ["NOASSERTION"], "copyrightText": "NOASSERTION"}$packages],
 "files": [${files#,}],
 "relationships": [
  {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-Package-leader-agent"}$relations]}
E
