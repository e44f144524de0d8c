/* SPDX-License-Identifier: Apache-2.0 */
/* leader-guard's own file is read, and not the agent asked: the agent may be away, and the guard goes by the file. */
#include "ctl/enroll_lease.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "adapter/gate.h"
#include "base/clock.h"
#include "codec/permitfile.h"
#include "ctl/verbs.h"

/* 1: in *ret; 0: there is none; negative errno with err set: it cannot be told. */
static int read_permit(const struct enroll_want *w, struct permit_request *ret, struct err *err) {
        char text[PERMITFILE_MAX], cgroup[PERMITFILE_CGROUP_SIZE];
        _cleanup_close_ int fd = -1;
        int n, r;

        /* (gate_open() would make what is not there) */
        fd = open(w->runtime_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 0 : err_setf(err, -errno, "cannot open %s: %m", w->runtime_dir);
        n = gate_read_permit(&(struct gate){.fd = fd}, w->unit, text, sizeof(text));
        if (n == -ENOENT)
                return 0;
        if (n < 0)
                return err_setf(err, n, "permit file of %s: %s", w->unit, strerror(-n));
        r = permitfile_parse(ret, cgroup, NULL, text, (size_t)n, w->unit, /* boot_id= */ NULL, err);
        return r < 0 ? r : 1;
}

int enroll_lease_check(const struct enroll_want *w, bool remove, bool up, const char *then) {
        struct permit_request q = {};
        struct err err = {};
        uint64_t now;
        int r;

        r = read_permit(w, &q, &err);
        if (r == 0)
                return 0;
        if (r < 0) {
                (void)ctl_error("%s; so whether a lease is in force cannot be told: the drop-in of %s was not changed. "
                                "leader-guard ends such a permit when it is restarted, and stops the unit:\n"
                                "    systemctl restart leader-guard && while test -e %s/permits/%s; do sleep 0.1; "
                                "done; %s",
                                err.text, w->unit, w->runtime_dir, w->unit, then);
                return r;
        }
        now = clock_boottime_usec();
        if (!enroll_loosens(remove ? NULL : w, &q, up, now))
                return 0;
        (void)ctl_error("%s is permitted under a lease (lock %s): until that has ended systemd alone must be able to "
                        "stop it within %g s, should leader-guard hang or die, and its drop-in is what says so: "
                        "nothing was changed. %s",
                        w->unit, q.lock, (double)q.stop_timeout_usec / (double)USEC_PER_SEC,
                        now < q.kill_at_usec ? "Give the lock up first:" : "It is over, but the unit is not stopped:");
        if (now < q.kill_at_usec)
                (void)fprintf(
                        stderr,
                        "    leaderctl step-down --force %s && while test -e %s/permits/%s; do sleep 0.1; done; %s\n"
                        "(where no other host could take over: step-down --force); or, where leader-agent does "
                        "not run, wait until the lease has ended (%" PRIu64 " s at most), and then:\n    %s\n",
                        q.lock, w->runtime_dir, w->unit, then, (q.kill_at_usec - now + USEC_PER_SEC - 1) / USEC_PER_SEC,
                        then);
        else
                (void)fprintf(stderr, "    systemctl stop %s && %s\n", w->unit, then);
        return -EBUSY;
}
