# SPDX-License-Identifier: Apache-2.0
# The leader's host is shut down in an orderly way: the unit stops and the lock is released on the way.
variants="life lease"
scenario() {
        begin
        host_poweroff "$leader"
        takes_over 6 $(others)
        stays 2
}
