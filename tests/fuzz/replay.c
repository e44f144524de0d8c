/* SPDX-License-Identifier: Apache-2.0 */
/* Runs inputs once, without libFuzzer: for the coverage of a corpus, and for gdb and valgrind.
 *   NAME [FILE | DIRECTORY]… */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay.h"

static unsigned run_file(const char *path) {
        FILE *f = fopen(path, "re");
        static uint8_t data[1 << 20];
        size_t n;

        if (!f) {
                perror(path);
                exit(1);
        }
        n = fread(data, 1, sizeof(data), f);
        (void)fclose(f);
        (void)LLVMFuzzerTestOneInput(data, n);
        return 1;
}

static unsigned run(const char *path) {
        DIR *dir = opendir(path);
        unsigned n = 0;

        if (!dir)
                return run_file(path);
        for (struct dirent *e; (e = readdir(dir));) {
                char file[4096];

                if (*e->d_name == '.')
                        continue;
                (void)snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
                n += run_file(file);
        }
        (void)closedir(dir);
        return n;
}

int main(int argc, char **argv) {
        unsigned n = 0;

        fuzz_every = true;
        for (int i = 1; i < argc; i++)
                n += run(argv[i]);
        (void)printf("%u inputs\n", n);
        return n == 0;
}
