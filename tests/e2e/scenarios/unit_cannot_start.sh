# SPDX-License-Identifier: Apache-2.0
# The unit cannot start on two hosts: no such binary, and an ExecStartPre= that fails. They give the lock up, say why and
# pause; the third host leads.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        unit_dropin web-1 50-test.conf '[Service]' ExecStart= ExecStart=/usr/libexec/nothing
        unit_dropin web-2 50-test.conf '[Service]' ExecStartPre=/bin/false
        unit_enroll web-1
        unit_enroll web-2
        start_agents web-1 web-2
        role_is web-1 cooldown
        role_is web-2 cooldown
        in_journal web-1 "the unit failed or would not start"
        nobody 1
        start_agents web-3
        takes_over 20 web-3
        stays 5
        lock_names web-3
}
