# SPDX-License-Identifier: Apache-2.0
# The leader's token file is rewritten in place with another good token, the old one is revoked: nobody notices.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        needs_real
        local host old new
        tokens_to_files
        secret_make old
        secret_make new
        old=$(secret_token old) && new=$(secret_token new) || fail "no token"
        for host in "${LAB_HOSTS[@]}"; do
                token_write "$host" "$old"
        done
        begin
        for host in "${LAB_HOSTS[@]}"; do
                token_write "$host" "$new"
        done
        secret_delete old
        refused() { [[ $(api_code "$old") == 401 ]]; }
        must wait_for 40 refused
        stays 4
        lock_names "$leader"
}
