/* SPDX-License-Identifier: Apache-2.0 */
/* What a user may do, as authorization.k8s.io/v1 tells it of what auth.h knows. Nothing is stored. */
#pragma once

#include "auth.h"

/* Whether the call creates a review. */
bool review_is(const struct call *c);
/* Answers it. */
void review_execute(const struct auth *a, const struct call *c, struct reply *r);
