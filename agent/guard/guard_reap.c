/* SPDX-License-Identifier: Apache-2.0 */
/* A host that was paused wakes up past its instants, and PID 1 may see the guard's watchdog overdue before the guard
 * has had its turn. The next guard waits for the units that PID 1 is stopping, for their whole stop timeout; this does
 * not. ARCHITECTURE 5, claim 6. */
#include "guard/guard_reap.h"

#include <errno.h>

#include "adapter/boot.h"
#include "adapter/cgroup.h"
#include "adapter/gate.h"
#include "adapter/journal.h"
#include "base/clock.h"
#include "codec/permitfile.h"

struct reaping {
        struct gate gate;
        const char *cgroup_root;
        char boot_id[BOOT_ID_SIZE];
        int killed;
};

static int on_unit(const char *name, void *userdata) {
        struct reaping *p = userdata;
        char text[PERMITFILE_MAX], cgroup[PERMITFILE_CGROUP_SIZE];
        struct permit_request q;
        const struct journal_field fields[] = {
                {JOURNAL_KEY_UNIT, name}, {JOURNAL_KEY_LOCK, q.lock}, {JOURNAL_KEY_LOCK_UID, q.lock_uid}};
        struct err err = {};
        int n = permit_unit_valid(name) ? gate_read_permit(&p->gate, name, text, sizeof(text)) : -EINVAL;

        /* What is not a valid permit the next guard tells, and stops. */
        if (n < 0 || permitfile_parse(&q, cgroup, NULL, text, (size_t)n, name, p->boot_id, &err) < 0)
                return 0;
        if (clock_boottime_usec() < q.kill_at_usec || cgroup_populated(p->cgroup_root, cgroup) != CGROUP_POPULATED)
                return 0;
        n = cgroup_kill(p->cgroup_root, cgroup);
        if (n < 0)
                journal_record(LOG_ERR, JOURNAL_REAPED, fields, ELEMENTSOF(fields),
                               "%s: its permit is over and leader-guard has died, but it cannot be killed: %s", name,
                               strerror(-n));
        else {
                p->killed++;
                journal_record(LOG_WARNING, JOURNAL_REAPED, fields, ELEMENTSOF(fields),
                               "%s: its permit is over and leader-guard has died: killed", name);
        }
        return 0;
}

int guard_reap(const struct guard_options *o, struct err *err) {
        struct reaping p = {.cgroup_root = o->cgroup_root};
        int r = boot_id_read(p.boot_id);

        if (r < 0)
                return err_setf(err, r, "cannot read this boot's id: %s", strerror(-r));
        r = gate_open(&p.gate, o->runtime_dir, err);
        if (r < 0)
                return r;
        r = gate_each_permit(&p.gate, on_unit, &p);
        gate_close(&p.gate);
        return r < 0 ? err_setf(err, r, "cannot read the permits in %s: %s", o->runtime_dir, strerror(-r)) : p.killed;
}
