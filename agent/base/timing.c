/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of ARCHITECTURE 5, claims 5 and 6:
 *
 *   holder      sent ── renew_deadline ──► stop ── stop_timeout ──► kill ── kill_margin ──► nothing is left
 *   challenger  seen ── duration + margin for clock rates ──────────────────────────────────────────────► may begin
 *
 * "seen" is never before "sent". Both sides keep the margin, each for its own clock. */
#include "base/timing.h"

uint64_t timing_rate_margin_usec(uint64_t duration_usec, uint32_t rate_permille) {
        return duration_usec / 1000 * rate_permille; /* @clock-margin */
}

uint64_t timing_silence_usec(uint64_t duration_usec, uint32_t rate_permille) {
        return util_usec_add(duration_usec,
                             timing_rate_margin_usec(duration_usec, rate_permille)); /* @challenger-margin */
}

uint64_t timing_usable_usec(uint64_t duration_usec, uint32_t rate_permille) {
        return util_usec_sub(duration_usec, timing_rate_margin_usec(duration_usec, rate_permille)); /* @holder-margin */
}

uint64_t timing_kill_margin_floor_usec(void) {
        return TIMING_WATCHDOG_USEC + TIMING_WATCHDOG_LATE_USEC;
}

uint64_t timing_deadline_usec(const struct timing_lease *t) {
        uint64_t stopping =
                util_usec_add(t->stop_timeout_usec, t->kill_margin_usec); /* @stop-and-kill-before-the-end */
        uint64_t left = util_usec_sub(timing_usable_usec(t->duration_usec, t->rate_permille), stopping);

        return left < t->renew_deadline_usec ? left : t->renew_deadline_usec; /* @record-binds-the-holder */
}

uint64_t timing_killed_usec(const struct timing_lease *t) {
        return util_usec_add(t->renew_deadline_usec, t->stop_timeout_usec);
}

uint64_t timing_lasting_usec(const struct timing_lease *t) {
        return util_usec_add(timing_killed_usec(t), t->kill_margin_usec);
}

bool timing_instants(const struct timing_lease *t, uint64_t proven_at_usec, uint64_t *ret_stop_at_usec,
                     uint64_t *ret_kill_at_usec) {
        uint64_t deadline = timing_deadline_usec(t);

        *ret_stop_at_usec = util_usec_add(proven_at_usec, deadline);
        *ret_kill_at_usec = util_usec_add(*ret_stop_at_usec, t->stop_timeout_usec); /* @kill-instant */
        return deadline >= TIMING_RENEW_MIN_USEC;
}

uint64_t timing_pause_harmless_usec(const struct timing_lease *t) {
        return util_usec_sub(timing_usable_usec(t->duration_usec, t->rate_permille), timing_killed_usec(t));
}
