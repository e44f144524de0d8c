/* SPDX-License-Identifier: Apache-2.0 */
/* The permit file as text. Read strictly: written out again it must be the same bytes, or it is no permit.
 * ARCHITECTURE 5, claim 6. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/unit_list.h"
#include "codec/permitfile.h"

#define HEAD     "leader-guard permit 2\n"
#define HEAD_0_1 "leader-guard permit 1\n" /* without `begun` and `course` */

static const char *const courses[] = {"none", "waiting", "started", "ended", "failed"};

static bool cgroup_valid(const char *path) {
        if (path[0] == '\0')
                return true;
        for (const char *p = path; *p; p++)
                if ((unsigned char)*p <= ' ')
                        return false;
        return path[0] == '/' && !strstr(path, "/../") && strlen(path) < PERMITFILE_CGROUP_SIZE;
}

int permitfile_format(const struct permit_request *q, const char *boot_id, const char *cgroup,
                      const struct permitfile_past *past, char *buf) {
        char begun[64] = "";
        int n, m;

        if (permit_request_check(q, sizeof(*q), NULL) < 0 || q->type != PERMIT_PERMIT || !cgroup_valid(cgroup))
                return -EINVAL;
        if (past->begun_usec)
                (void)snprintf(begun, sizeof(begun), "begun=%" PRIu64 "\ncourse=%s\n", past->begun_usec,
                               courses[past->course]);
        n = snprintf(buf, PERMITFILE_MAX,
                     "%sboot=%s\nunit=%s\nlock=%s\nuid=%s\nterm=%s\nidentity=%s\ntenure=%s\n"
                     "stop_at=%" PRIu64 "\nkill_at=%" PRIu64 "\nstop_timeout=%" PRIu64 "\ncgroup=%s\n%s",
                     past->begun_usec ? HEAD : HEAD_0_1, boot_id, q->unit, q->lock, q->lock_uid, q->term, q->identity,
                     tenure_to_string(q->tenure), q->stop_at_usec, q->kill_at_usec, q->stop_timeout_usec, cgroup,
                     begun);
        if (n < 0 || n >= PERMITFILE_MAX - 32)
                return -EINVAL;
        m = snprintf(buf + n, (size_t)(PERMITFILE_MAX - n), "check=%016" PRIx64 "\n", util_token(buf));
        return n + m;
}

/* Takes "key=VALUE\n" off *text; the value goes to buf. */
static bool take(const char **text, const char *key, char *buf, size_t size) {
        size_t n = strlen(key);
        const char *end, *value;

        if (strncmp(*text, key, n) != 0 || (*text)[n] != '=')
                return false;
        value = *text + n + 1;
        end = strchr(value, '\n');
        if (!end || (size_t)(end - value) >= size)
                return false;
        memcpy(buf, value, (size_t)(end - value));
        buf[end - value] = '\0';
        *text = end + 1;
        return true;
}

static bool take_usec(const char **text, const char *key, uint64_t *ret) {
        char buf[24], again[24];

        if (!take(text, key, buf, sizeof(buf)) || buf[0] < '0' || buf[0] > '9')
                return false;
        errno = 0;
        *ret = strtoull(buf, NULL, 10);
        (void)snprintf(again, sizeof(again), "%" PRIu64, *ret);
        return errno == 0 && util_streq(buf, again);
}

int permitfile_parse(struct permit_request *ret, char *ret_cgroup, struct permitfile_past *ret_past, const char *text,
                     size_t size, const char *unit, const char *boot_id, struct err *err) {
        struct permit_request q = {.magic = PERMIT_MAGIC, .type = PERMIT_PERMIT, .seq = 1};
        char buf[PERMITFILE_MAX], boot[64], tenure[8], cgroup[PERMITFILE_CGROUP_SIZE], again[PERMITFILE_MAX];
        const char *p = buf;
        char course[16] = "none";
        struct permitfile_past past = {};
        bool old;

        if (size == 0 || size >= sizeof(buf) || memchr(text, '\0', size))
                return err_setf(err, -EBADMSG, "permit file of %s: size %zu, empty or damaged", unit, size);
        memcpy(buf, text, size);
        buf[size] = '\0';
        old = strncmp(p, HEAD_0_1, strlen(HEAD_0_1)) == 0;
        if (!old && strncmp(p, HEAD, strlen(HEAD)) != 0)
                return err_setf(err, -EBADMSG, "permit file of %s: does not begin with \"%.*s\"", unit,
                                (int)strlen(HEAD) - 1, HEAD);
        p += strlen(HEAD);
        if (!take(&p, "boot", boot, sizeof(boot)) || !take(&p, "unit", q.unit, sizeof(q.unit)) ||
            !take(&p, "lock", q.lock, sizeof(q.lock)) || !take(&p, "uid", q.lock_uid, sizeof(q.lock_uid)) ||
            !take(&p, "term", q.term, sizeof(q.term)) || !take(&p, "identity", q.identity, sizeof(q.identity)) ||
            !take(&p, "tenure", tenure, sizeof(tenure)) || !take_usec(&p, "stop_at", &q.stop_at_usec) ||
            !take_usec(&p, "kill_at", &q.kill_at_usec) || !take_usec(&p, "stop_timeout", &q.stop_timeout_usec) ||
            !take(&p, "cgroup", cgroup, sizeof(cgroup)) ||
            (!old && (!take_usec(&p, "begun", &past.begun_usec) || !take(&p, "course", course, sizeof(course)))))
                return err_setf(err, -EBADMSG, "permit file of %s: truncated or damaged at \"%.20s\"", unit, p);
        q.tenure = util_streq(tenure, tenure_to_string(TENURE_LEASE)) ? TENURE_LEASE : TENURE_LIFE;
        for (unsigned i = 0; i < ELEMENTSOF(courses); i++)
                if (util_streq(courses[i], course))
                        past.course = (enum permitfile_course)i;
        /* Written out again it must be the same bytes, check line included: nothing missing, added or changed. */
        if (permitfile_format(&q, boot, cgroup, &past, again) < 0 || !util_streq(buf, again))
                return err_setf(err, -EBADMSG, "permit file of %s: truncated or damaged (check line wrong)", unit);
        if (unit_list_find(q.unit, unit) < 0)
                return err_setf(err, -EXDEV, "permit file of %s: written for unit %s", unit, q.unit);
        if (boot_id && !util_streq(boot, boot_id))
                return err_setf(err, -EXDEV, "permit file of %s: written in another boot (%s)", unit, boot);
        *ret = q;
        memcpy(ret_cgroup, cgroup, sizeof(cgroup));
        if (ret_past)
                *ret_past = past;
        return 0;
}

int permitfile_environment(const struct permit_request *q, char *buf) {
        return snprintf(buf, PERMITFILE_MAX, "LEADER_TERM=%s\nLEADER_LOCK=%s\nLEADER_LOCK_UID=%s\nLEADER_IDENTITY=%s\n",
                        q->term, q->lock, q->lock_uid, q->identity);
}
