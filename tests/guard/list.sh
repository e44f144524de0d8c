# SPDX-License-Identifier: Apache-2.0
# Sourced by check.sh: several units under one permit. What they write as they start and stop tells the order.

said() { in_host sh -c 'tr "\n" " " </run/said'; }
quiet() { in_host sh -c ': >/run/said'; }
list='l-addr.service l-app.service l-job.timer l-job.service'

in_host systemctl start plain.service
quiet
check "list: one starts when the one before is up, and the timer when its job has the permit" \
        says 'running .*permit=Z1' permit lead "$list" Z1 life 5000
check "list: … in this order, the job by its timer" wait_for 5 says '^\+l-addr \+l-app \+l-job $' said
check "list: each has its gate" eval 'gate l-addr.service && gate l-app.service && gate l-job.timer && gate l-job.service'
check "list: a list that names others is busy" says '^busy ' permit permit 'l-addr.service l-app.service' Z1 life 5000
check "list: … and so is one of them alone" says '^busy ' permit permit l-app.service Z1 life 5000
quiet
check "list: revoked, it is stopped when all are" says 'ok stopping final=0 revoked=1.*
ok stopped final=1 revoked=1' permit revoke "$list" Z1 5000
check "list: … the last one first, each after the one behind it" says '^-l-app -l-addr $' said
check "list: … nothing of it is left" eval \
        'active l-addr.service inactive && active l-app.service inactive && active l-job.timer inactive && no_gate l-addr.service && no_gate l-job.timer'
check "list: … its uid is over, for each" says '^revoked ' permit permit "$list" Z1 life 5000

check "list: … for one of them alone, too" says '^revoked ' permit permit l-addr.service Z1 life 5000

check "list: one that does not come up fails all, and says which" \
        says 'failed .*permit=Z2.*l-false.service: ' permit lead 'l-addr.service l-false.service l-app.service' Z2 life 5000
check "list: … what comes after it is not started" active l-app.service inactive
check "list: a revoke by the name of one of them stops all" says 'ok stopped final=1' permit revoke l-false.service Z2 5000
check "list: … all" active l-addr.service inactive

check "list: a guard is killed between two starts" says '^ok starting .*permit=Z3' permit permit "$list" Z3 life 5000
guard=$(guard_pid)
in_host systemctl kill -s KILL leader-guard; wait_for 10 new_guard "$guard"
check "list: … the next one goes on when the agent asks again" says 'running .*permit=Z3' permit lead "$list" Z3 life 5000
guard=$(guard_pid)
in_host systemctl kill -s KILL leader-guard; wait_for 10 new_guard "$guard"
check "list: … and takes up all of it" says '^ok running .*permit=Z3' permit wait "$list" running 5
check "list: revoked" says 'ok stopped final=1' permit revoke "$list" Z3 5000

quiet
check "list: another" says 'running .*permit=Z4' permit lead 'l-addr.service l-app.service l-hangs.service' Z4 life 5000
check "list: … one hangs in its stop: the second instant kills, and those before it stop as well" says 'ok stopped final=1' \
        permit revoke 'l-addr.service l-app.service l-hangs.service' Z4 1000
check "list: … all" eval 'empty l-hangs.service && empty l-app.service && active l-addr.service inactive || active l-addr.service failed'

check "list: one unit of somebody else's is not stopped with it" says '(^|
)enroll ' hostile revoke "l-addr.service plain.service" Z9 5000
