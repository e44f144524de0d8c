/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "adapter/journal.h"
#include "daemon/agent.h"

/* The newest claim whose POST may still land. */
static const char *newest_unsettled(const struct record_claims *claims) {
        for (size_t i = claims->n_claims; i > 0; i--)
                if (!claims->claims[i - 1].settled)
                        return claims->claims[i - 1].claim;
        return NULL;
}

int agent_claim_new(struct agent *a, const char *scope, struct record_claims *claims,
                    char claim[static RECORD_CLAIM_HEX + 1], bool *doubtful, char problem[static 512]) {
        struct err err = {.text = ""};
        int r;

        if (claim[0] && !*doubtful)
                (void)store_claim_settle(a->store, scope, claim, NULL);
        claim[0] = '\0';
        *doubtful = false;
        r = store_claim_new(a->store, scope, claim, &err);
        if (r == -ENOSPC && newest_unsettled(claims)) {
                /* Many starts or lost answers in a short time. A claim may be carried by any number of POSTs, and what
                 * of them lands late is ours whichever it was: take the newest again rather than stay out. */
                *doubtful = true;
                r = util_copy(claim, RECORD_CLAIM_HEX + 1, newest_unsettled(claims)) ? 0 : -ENAMETOOLONG;
        }
        if (r >= 0)
                r = store_claims(a->store, scope, claims, &err);
        (void)snprintf(problem, 512, "%s", r < 0 ? err.text : "");
        if (r < 0)
                journal_log(LOG_ERR, "%s: cannot claim: %s", scope, err.text);
        return r;
}
