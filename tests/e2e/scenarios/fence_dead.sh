# SPDX-License-Identifier: Apache-2.0
# The leader's host is dead for good, and a human says so: another host leads at once.
variants="life lease life/pod"
scenario() {
        . "$here/faults_host.sh"
        begin
        local identity=$(lock .data.identity)
        host_crash "$leader"
        [[ $tenure == lease ]] || nobody 3
        fence web-9-00000000 --yes && fail "fenced a holder that is none"
        must fence "$identity" --yes
        takes_over 15 $(others)
        [[ $(lock .data.fenced) == *"power is off"* ]] || fail "the next lock does not say who was fenced: $(lock .data)"
        stays 3
}
