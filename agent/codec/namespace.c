/* SPDX-License-Identifier: Apache-2.0 */
/* From an API object to struct namespace_object. */
#include "codec/namespace.h"

#include <errno.h>

#include "codec/object.h"

int namespace_parse(const char *json, size_t n, struct namespace_object *ret, struct err *err) {
        _cleanup_(json_object_putp) struct json_object *object = NULL;
        struct json_object *metadata;
        char kind[64], version[64];
        int r;

        *ret = (struct namespace_object){};
        r = object_parse(json, n, &object, err);
        if (r < 0)
                return r;
        (void)object_get_string(object, "kind", kind, sizeof(kind));
        (void)object_get_string(object, "apiVersion", version, sizeof(version));
        if (!util_streq(kind, "Namespace") || !util_streq(version, "v1"))
                return err_setf(err, -EBADMSG, "answer is of kind '%s' (apiVersion '%s'), expected Namespace (v1)",
                                kind, version);
        metadata = object_get(object, "metadata");
        if (object_get_string(metadata, "name", ret->name, sizeof(ret->name)) <= 0 ||
            object_get_string(metadata, "uid", ret->uid, sizeof(ret->uid)) <= 0)
                return err_setf(err, -EBADMSG, "answer has no or an unusable metadata.name or metadata.uid");
        return 0;
}
