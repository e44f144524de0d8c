# SPDX-License-Identifier: Apache-2.0
# A unit that was started by hand before it was enrolled hangs on its way down (ExecStop= without an end, while its main process
# works on), and the lock is free. Enrolled, its host takes the lock, so that nobody begins beside it; ends what is left after the
# stop timeout; and lets go. (Under a lease the drop-in bounds the stop.)
variants="life"
scenario() {
        . "$here/faults_host.sh"
        must host_exec web-1 leaderctl enroll --remove "$UNIT"
        unit_dropin web-1 50-test.conf '[Service]' 'ExecStop=/bin/sleep infinity' 'TimeoutStopSec=infinity'
        must host_exec web-1 systemctl start "$UNIT"
        takes_over 5 web-1
        start_agents web-1
        role_is web-1 blocked
        must host_exec web-1 systemctl stop --no-block "$UNIT"
        must host_exec web-1 leaderctl enroll --adopt "$UNIT"
        shows web-1 "a stop that hangs ends this term"
        lock_names web-1
        start_agents web-2 web-3
        in_journal web-1 "it is still on its way down, and is killed when the stop timeout is over; to end it now: systemctl kill -s KILL $UNIT"
        takes_over 10 web-2 web-3
        role_is web-1 candidate
        stays 3
}
