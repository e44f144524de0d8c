/* SPDX-License-Identifier: Apache-2.0 */
/* `leaderctl enroll [--check | --remove] [--tenure life|lease] [--stop-timeout SECONDS] [--config FILE] [UNIT…]`:
 * writes, checks or removes the drop-in that makes a unit startable only by the leader. Without UNIT: every unit of the
 * configuration, which also gives tenure and stop timeout. */
#pragma once

/* argv[0] is "enroll". Prints to standard output and standard error. Returns 0 when every unit is as it must be, 1 when
 * something is wrong (said with its cure), 2 for wrong usage. */
int ctl_enroll(int argc, char **argv);
