/* SPDX-License-Identifier: Apache-2.0 */
/* One function per suite; each returns the number of failed tests. */
#pragma once

/* The table that every test world is held against: tests/rules. */
int suite_rules(void);
int suite_writes(void);
int suite_patch(void);
int suite_delete(void);
int suite_gc(void);
int suite_namespace(void);
int suite_other_kinds(void);
int suite_tokens(void);
int suite_watch(void);
