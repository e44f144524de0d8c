/* SPDX-License-Identifier: Apache-2.0 */
/* The table of configuration keys; only for the files conf*.c. */
#pragma once

#include "codec/conf.h"

enum conf_type {
        CONF_TYPE_PATH,      /* absolute path; char * */
        CONF_TYPE_TEXT,      /* not empty; char * */
        CONF_TYPE_LABEL,     /* DNS-1123 label; char * */
        CONF_TYPE_SUBDOMAIN, /* DNS-1123 subdomain; char * */
        CONF_TYPE_UNIT,      /* NAME.service; char * */
        CONF_TYPE_USEC,      /* time span, min to max; uint64_t */
        CONF_TYPE_CHOICE,    /* one of choices; int */
        CONF_TYPE_COUNT,     /* a number, 0 to 1000; uint32_t */
};

struct conf_choice {
        const char *name; /* NULL ends the list */
        int value;
};

struct conf_key {
        const char *name;
        enum conf_type type;
        size_t offset; /* in struct conf, or in struct conf_lock */
        uint64_t min_usec, max_usec;
        const struct conf_choice *choices;
        const char *preset;      /* default as text; NULL: none, the field stays NULL */
        const char *preset_life; /* another default for tenure "life"; NULL: the same */
        bool required;
        bool own;   /* lock keys only: not in `defaults` */
        bool lease; /* lock keys only: for tenure "lease" */
};

/* Both end with a row whose name is NULL; at most 32 rows, so that a bit of a word stands for "was set". */
extern const struct conf_key conf_keys[];
extern const struct conf_key conf_lock_keys[];

/* The row, and its index in *ret_i; NULL: no such key. */
const struct conf_key *conf_key_find(const struct conf_key *table, const char *name, size_t *ret_i);

/* Checks text against the row and stores it into the struct at base; an earlier value is freed. Returns 0; -EINVAL with
 * err saying what is expected (the caller adds file and line); -ENOMEM. */
int conf_key_set(const struct conf_key *key, void *base, const char *text, struct err *err);

/* The same for a plain integer, which only counts and time spans (seconds) accept. */
int conf_key_set_number(const struct conf_key *key, void *base, long long number, struct err *err);

/* Copies a value from one struct of this kind to another. */
int conf_key_copy(const struct conf_key *key, void *base, const void *from);

/* As it would be written in the file, without quotes; NULL: unset. buf is used for time spans and counts. */
const char *conf_key_text(const struct conf_key *key, const void *base, char *buf);

/* Frees what the table's strings hold. */
void conf_key_free_all(const struct conf_key *table, void *base);

/* Refuses in the text of a file what libconfig does not stand: @include, and groups so large or deep that it would take
 * minutes. Returns 0, or -EINVAL with err set: FILE:LINE. */
int conf_text_check(const char *path, const char *text, struct err *err);
