# SPDX-License-Identifier: Apache-2.0
# Sourced. Keeps what is costly to make (the lab's root image, the control plane's binaries) between runs, named by a hash
# of what it was made from. Found by fresh checkouts too, because it lies outside of them when root makes it.

cache_dir() {
        if [[ -n ${LEADER_AGENT_CACHE:-} ]]; then
                echo "$LEADER_AGENT_CACHE"
        elif ((EUID == 0)); then
                echo /var/cache/leader-agent-tests
        else
                echo "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../.cache"
        fi
}

# stdin -> 12 hex digits
cache_hash() {
        sha256sum | cut -c1-12
}

# cache_get NAME BUILD: prints the directory NAME of the cache. When it is absent, `BUILD DIR` is called to fill an empty
# directory, which gets its name only when BUILD returned 0 (`set -e` does not reach into it); of two that ask at once one builds and the other waits.
cache_get() {
        local dir
        dir=$(cache_dir)
        if [[ ! -d $dir/$1 ]]; then
                mkdir -p "$dir"
                (
                        flock 9
                        [[ -d $dir/$1 ]] && exit 0
                        rm -rf "$dir/$1.new"
                        mkdir "$dir/$1.new" && "$2" "$dir/$1.new" >&2 && mv -T "$dir/$1.new" "$dir/$1"
                ) 9>"$dir/$1.lock" || return 1
        fi
        readlink -f "$dir/$1"
}
