/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a token outlasts the time until leader-agent-token.timer has it renewed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Says on f, with the command that cures it, that a token which was given for so long may end before the next
 * renewal. Asks PID 1 for the timer in force; where there is none the one that is shipped counts, or
 * (elsewhere: of another kubeconfig than the agent's) nothing is said. */
void renew_timer_warn(uint64_t good_usec, bool elsewhere, FILE *f);
