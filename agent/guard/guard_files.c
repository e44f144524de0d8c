/* SPDX-License-Identifier: Apache-2.0 */
/* A unit's permit and environment file. ARCHITECTURE 5, claims 1 and 6: a permit is on disk before its gate is there,
 * so that the next guard keeps to the same instants. */
#include <errno.h>

#include "adapter/journal.h"
#include "base/clock.h"
#include "guard/guard_files.h"

int guard_files_write_permit(struct guard_unit *u) {
        struct permitfile_past past = u->past;
        char text[PERMITFILE_MAX];
        int r;

        u->permit.magic = PERMIT_MAGIC;
        u->permit.type = PERMIT_PERMIT;
        u->permit.seq = 1;
        u->permit.tenure = u->s.tenure;
        u->permit.stop_at_usec = u->s.stop_at_usec;
        u->permit.kill_at_usec = u->s.kill_at_usec;
        u->permit.stop_timeout_usec = u->s.stop_timeout_usec;
        if (u->s.state == SUPERVISE_ENDED)
                past.course = PERMITFILE_ENDED;
        else if (u->s.state == SUPERVISE_FAILED)
                past.course = PERMITFILE_FAILED;
        else if (u->s.state == SUPERVISE_WAITING)
                past.course = PERMITFILE_WAITING;
        else if (supervise_started(&u->s))
                past.course = PERMITFILE_STARTED;
        /* A permit that 0.1.0 wrote, of a unit that is up: what happens from here on is under it. */
        if (!past.begun_usec && past.course == PERMITFILE_STARTED)
                past.begun_usec = clock_monotonic_usec();
        r = permitfile_format(&u->permit, u->guard->boot_id, u->cgroup[0] ? u->cgroup : u->cgroup_wanted, &past, text);
        if (r >= 0)
                r = gate_write_permit(&u->guard->gate, u->name, text);
        if (r >= 0)
                u->past = past;
        return r;
}

int guard_files_write_environment(struct guard_unit *u) {
        char text[PERMITFILE_MAX];

        (void)permitfile_environment(&u->permit, text);
        return gate_write_environment(&u->guard->gate, u->name, text);
}

const char *guard_files_cure(int r) {
        if (r == -ENOENT)
                return "somebody removed it: systemctl restart leader-guard.socket leader-guard.service";
        if (r == -ENOSPC || r == -EDQUOT)
                return "make room: df -h /run; df -i /run";
        if (r == -EROFS)
                return "mount -o remount,rw /run";
        return "see: ls -la /run/leader-agent; journalctl -k";
}

enum supervise_file guard_files_load(struct guard_unit *u, struct supervise_event *ev) {
        struct guard *g = u->guard;
        char text[PERMITFILE_MAX];
        struct err err = {};
        int n, r;

        n = gate_read_permit(&g->gate, u->name, text, sizeof(text));
        if (n == -ENOENT)
                return SUPERVISE_FILE_NONE;
        r = n < 0 ? err_setf(&err, n, "permit file of %s: %s", u->name, strerror(-n))
                  : permitfile_parse(&u->permit, u->cgroup, &u->past, text, (size_t)n, u->name, g->boot_id, &err);
        if (r < 0) {
                journal_record(
                        LOG_ERR, JOURNAL_GUARD_UNABLE,
                        (const struct journal_field[]){{JOURNAL_KEY_UNIT, u->name}, {JOURNAL_KEY_REASON, err.text}}, 2,
                        "%s; no valid permit: closing the gate and stopping the unit", err.text);
                return SUPERVISE_FILE_BAD;
        }
        ev->uid = util_token(u->permit.lock_uid);
        ev->tenure = (uint8_t)u->permit.tenure;
        ev->stop_at_usec = u->permit.stop_at_usec;
        ev->kill_at_usec = u->permit.kill_at_usec;
        ev->stop_timeout_usec = u->permit.stop_timeout_usec;
        ev->revoked = gate_is_revoked(&g->gate, u->permit.lock_uid) != 0;
        return SUPERVISE_FILE_VALID;
}
