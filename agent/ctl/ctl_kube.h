/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs that talk to the API server, from any machine with a kubeconfig: one request after the other, each waited for.
 * What an answer means is adapter/kube.h. */
#pragma once

#include "adapter/kube.h"
#include "ctl/verbs.h"

/* Where to connect; NULL fields mean kubectl's defaults. */
struct ctl_kube_options {
        const char *kubeconfig;
        const char *context;
        const char *ns;
};

/* The rows of a verb's options for them: `where` is that member of the verb's struct `type`. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type and a member, not values */
#define CTL_KUBE_OPTIONS(type, where)                                                                                  \
        {"namespace", 'n', "NS", offsetof(type, where.ns), ctl_set_text},                                              \
                {"kubeconfig", 0, "FILE", offsetof(type, where.kubeconfig), ctl_set_text}, {                           \
                "context", 0, "NAME", offsetof(type, where.context), ctl_set_text                                      \
        }
/* NOLINTEND(bugprone-macro-parentheses) */

struct ctl_kube {
        sd_event *event;
        struct kubeconfig *config;
        struct kube *kube;
        const char *ns; /* of --namespace, else of the context */
};

/* Reads the kubeconfig; nothing is sent. o must outlive it. Returns a negative errno with err set. */
int ctl_kube_open(struct ctl_kube *ret, const struct ctl_kube_options *o, struct err *err);
/* Also after ctl_kube_open() failed, and twice. */
void ctl_kube_close(struct ctl_kube *k);

/* Whether the file is below the directory, as typed or where links lead: from a working directory, by another name. */
bool ctl_kube_is_below(const char *path, const char *directory);

/* The name of a lock, as humans write it. */
struct ctl_lock_name {
        char ns[64]; /* empty: the one of the connection */
        char name[254];
};

/* Reads NAMESPACE/NAME or NAME. Returns -EINVAL with err set when it cannot be a name. */
int ctl_lock_name_parse(struct ctl_lock_name *ret, const char *text, const struct ctl_kube_options *o, struct err *err);

/* The outcome of one request; has_lock, has_placeholder: that is the object in the answer. */
struct ctl_answer {
        bool done;
        enum kube_result result;
        char text[512]; /* for a human, unless KUBE_OK */
        bool has_lock, has_placeholder;
        struct lock_object lock;
        struct placeholder_object placeholder;
};

/* A kube_reply_cb; userdata: struct ctl_answer. Takes copies. */
void ctl_kube_answer(const struct kube_reply *reply, void *userdata);
/* Runs the loop until the answer is there. started: what the kube_…() call returned. Returns 0, or negative errno when
 * the request could not be sent; a->text says so then too, and a->result is KUBE_UNREACHABLE. */
int ctl_kube_wait(struct ctl_kube *k, int started, struct ctl_answer *a);
/* Waits until the Events are sent, or 5 s. */
void ctl_kube_flush(struct ctl_kube *k);
