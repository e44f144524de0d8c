#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes the corpus of one fuzzer the smallest that reaches what it and what is new reach. Inputs that once failed
# (regress-NAME) stay.
#   tests/fuzz/merge.sh DIR NAME
set -eu
dir=$1 name=$2 corpus=tests/fuzz/corpus/$2
next=$(mktemp -d "$dir/merge.XXXXXX")
trap 'rm -rf "$next"' EXIT
mkdir -p "$dir/new/$name" "$corpus"
"$dir/fuzz_$name" -merge=1 -rss_limit_mb=1024 "$next" "$corpus" "$dir/new/$name" >"$next.log" 2>&1 || {
        tail -30 "$next.log"
        exit 1
}
rm -f "$next.log"
find "$corpus" -type f ! -name 'regress-*' -delete
# Names of 12 digits, by content.
for f in "$next"/*; do
        cp "$f" "$corpus/$(sha1sum <"$f" | cut -c1-12)"
done
echo "$name: $(find "$corpus" -type f | wc -l) inputs, $(cat "$corpus"/* | wc -c) bytes"
