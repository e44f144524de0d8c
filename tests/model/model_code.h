/* SPDX-License-Identifier: Apache-2.0 */
/* Between model_code.c (the world) and model_code_core.c (the core's structs): one value in canonical bytes, written or
 * read. */
#pragma once

#include "model.h"

enum {
        MAX_FINE = 12 + N_SLOTS,
};

struct coder {
        bool encode;
        uint8_t *bytes;
        size_t n;
        uint8_t map[N_TOKENS][256];
        uint8_t next[N_TOKENS];
        uint64_t fine[MAX_FINE]; /* sorted instants of the agent whose order matters */
        unsigned n_fine;
};

void coder_byte(struct coder *c, uint8_t *v);
void coder_flag(struct coder *c, bool *v);
/* Renumbered in the order in which they appear. */
void coder_token(struct coder *c, enum token kind, uint8_t *v);
void coder_token64(struct coder *c, enum token kind, uint64_t *v);
/* Something began then, and is compared with now after a wait of at most the longest lease duration and its margin. */
void coder_coarse(struct coder *c, uint64_t *v);
/* Something falls due then, or a tick after it at most. */
void coder_due(struct coder *c, uint64_t *v);
/* A duration, in whole ticks. */
void coder_span(struct coder *c, uint64_t *v);
/* An instant whose order among others of its agent is kept: those that coder_collect() gathered. */
void coder_fine(struct coder *c, uint64_t *v);
/* other: its second lock's half. */
void coder_collect(struct coder *c, const struct agent *g, const struct agent *other);

void code_guard_fact(struct coder *c, struct guard_fact *f);
void code_election(struct coder *c, struct election *e);
void code_core_placeholder(struct coder *c, struct placeholder *h);
void code_supervise(struct coder *c, struct supervise *s);
