#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every C file given is formatted as .clang-format says (`make fmt` does it).
bad=$(clang-format-14 --dry-run "$@" 2>&1 | sed -n 's/^\([^:]*\):.*code should be clang-formatted.*/\1/p' | sort -u)
if [[ $bad ]]; then
        echo "not ok formatting - run 'make fmt'; wrong in:" $bad
        exit 1
fi
echo "ok formatting of $# files"
