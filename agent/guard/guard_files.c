/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "adapter/journal.h"
#include "guard/guard_parts.h"

int guard_files_write_permit(struct guard_unit *u) {
        char text[PERMITFILE_MAX];
        int r;

        u->permit.magic = PERMIT_MAGIC;
        u->permit.type = PERMIT_PERMIT;
        u->permit.seq = 1;
        u->permit.tenure = u->s.tenure;
        u->permit.stop_at_usec = u->s.stop_at_usec;
        u->permit.kill_at_usec = u->s.kill_at_usec;
        u->permit.stop_timeout_usec = u->s.stop_timeout_usec;
        r = permitfile_format(&u->permit, u->guard->boot_id, u->cgroup[0] ? u->cgroup : u->cgroup_wanted, text);
        return r < 0 ? r : gate_write_permit(&u->guard->gate, u->name, text);
}

int guard_files_write_environment(struct guard_unit *u) {
        char text[PERMITFILE_MAX];

        (void)permitfile_environment(&u->permit, text);
        return gate_write_environment(&u->guard->gate, u->name, text);
}

/* Reads the permit file of a unit; anything but a sound one of this boot is SUPERVISE_FILE_BAD. */
static enum supervise_file load(struct guard_unit *u, struct supervise_event *ev) {
        struct guard *g = u->guard;
        char text[PERMITFILE_MAX];
        struct err err = {};
        int n, r;

        n = gate_read_permit(&g->gate, u->name, text, sizeof(text));
        if (n == -ENOENT)
                return SUPERVISE_FILE_NONE;
        r = n < 0 ? err_setf(&err, n, "permit file of %s: %s", u->name, strerror(-n))
                  : permitfile_parse(&u->permit, u->cgroup, text, (size_t)n, u->name, g->boot_id, &err);
        if (r < 0) {
                journal_log(LOG_ERR, "%s; no valid permit: closing the gate and stopping the unit", err.text);
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

static int found(const char *name, void *userdata) {
        struct guard *g = userdata;

        if (!permit_unit_valid(name)) {
                journal_log(LOG_ERR, "%s: file \"%s\" is not named after a unit, removing it", g->gate.dir, name);
                (void)gate_remove(&g->gate, name);
                (void)gate_remove_permit(&g->gate, name);
                return 0;
        }
        return guard_unit_get(g, name) ? 0 : -ENOMEM;
}

int guard_files_find(struct guard *g, struct err *err) {
        int r;

        r = gate_each(&g->gate, found, g);
        if (r < 0)
                return err_setf(err, r, "cannot read the permits in %s: %s", g->gate.dir, strerror(-r));
        for (size_t i = 0; i < g->n_units; i++) {
                struct supervise_event ev = {.type = SUPERVISE_EV_FOUND};
                struct guard_unit *u = g->unit[i];

                r = gate_exists(&g->gate, u->name);
                if (r < 0)
                        return err_setf(err, r, "cannot see the gate of %s: %s", u->name, strerror(-r));
                ev.gate = r > 0;
                ev.file = (uint8_t)load(u, &ev);
                guard_unit_step(u, &ev, NULL);
                if (supervise_permitted(&u->s))
                        journal_log(LOG_INFO, "%s: taking up the permit of lock %s again", u->name, u->permit.lock);
                if (!supervise_permitted(&u->s) && gate_exists(&g->gate, u->name) != 0)
                        return err_setf(err, -EIO, "cannot remove the gate of %s in %s: not ready", u->name,
                                        g->gate.dir);
        }
        return 0;
}
