/* SPDX-License-Identifier: Apache-2.0 */
/* What never ends, and hosts that are configured otherwise than the rest: in few runs, and drawn from a stream of
 * numbers of their own, so that the other draws of a seed stay what they were. Seeds below LASTING_SEEDS have none of
 * it. After the faults each lock is led, or everybody who is left says by name what a human must do. */
#pragma once

#include "world.h"

#define LASTING_SEEDS UINT64_C(10000000)

/* always: in every run, whatever its seed. */
void lasting_begin(bool always);
/* After setup_world(): names of units, tenures, durations, placeholder kinds and on_failure that differ between the
 * hosts, to the end. */
void lasting_setup(void);
/* Whether one of the faults that never end comes, and when; ret_seed: of its own. */
bool lasting_draw(unsigned *ret_kind, uint64_t *ret_at, uint64_t *ret_seed);

/* Why no unit of that lock needs to run now, and what is said about it; NULL: it needs to, and *ret_untold tells who
 * does not say it when everything else would excuse it. */
const char *lasting_excuse(unsigned lock, const char **ret_untold);
