/* SPDX-License-Identifier: Apache-2.0 */
/* Between fault.c (schedule, faults of the cluster and by humans) and fault_host.c (faults of one host). */
#pragma once

#include "world.h"

/* From the seed of the fault in hand. */
uint64_t fault_draw(uint64_t bound);
uint64_t fault_span(uint64_t low_msec, uint64_t high_msec);

typedef void (*fault_fn)(struct host *h, unsigned lock);

void fault_partition(struct host *h, unsigned lock);
void fault_slow(struct host *h, unsigned lock);
void fault_flaky(struct host *h, unsigned lock);
void fault_watch_stall(struct host *h, unsigned lock);
void fault_agent_kill(struct host *h, unsigned lock);
void fault_agent_crash(struct host *h, unsigned lock);
void fault_agent_freeze(struct host *h, unsigned lock);
void fault_agent_stop(struct host *h, unsigned lock);
void fault_agent_restart(struct host *h, unsigned lock);
void fault_guard_kill(struct host *h, unsigned lock);
void fault_guard_crash(struct host *h, unsigned lock);
void fault_guard_freeze(struct host *h, unsigned lock);
void fault_host_crash(struct host *h, unsigned lock);
void fault_host_reboot(struct host *h, unsigned lock);
void fault_unit_crash(struct host *h, unsigned lock);
void fault_unit_misbehaves(struct host *h, unsigned lock);
void fault_admin(struct host *h, unsigned lock);
void fault_past_the_gate(struct host *h, unsigned lock);
void fault_pid1_busy(struct host *h, unsigned lock);
void fault_pid1_reexec(struct host *h, unsigned lock);
void fault_wall_clock(struct host *h, unsigned lock);
void fault_disk_lost(struct host *h, unsigned lock);
void fault_unit_stuck(struct host *h, unsigned lock);
void fault_disk_full(struct host *h, unsigned lock);
/* These never end. */
void fault_agent_ends(struct host *h, unsigned lock);
void fault_run_fails(struct host *h, unsigned lock);
void fault_var_fails(struct host *h, unsigned lock);
void fault_late_answer(struct host *h, unsigned lock);
void fault_hang_at_deadline(struct host *h, unsigned lock);
/* Everything of this host is as it should be again. */
void fault_host_heal(struct host *h);
