/* A disk that fails on purpose: preloaded into a real server, it makes calls of the store's files fail.
 *
 * DISK_FAULTS names a file. While it exists, its lines say what fails: a call's name and an errno,
 * such as "flush 5". Calls on anything that is not called data.mdb are left alone.
 *
 *     flush   fdatasync of the data file
 *     write   writing its pages
 *     meta    writing its meta pages, which LMDB does through a descriptor of their own, opened O_DSYNC
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int fault(const char *call, int descriptor)
{
    char link[64], path[4096], name[32];
    int code, found = 0;
    const char *plan = getenv("DISK_FAULTS");
    FILE *lines;
    ssize_t length;

    if (plan == NULL || access(plan, F_OK) != 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    length = readlink(link, path, sizeof path - 1);
    if (length < 8 || memcmp(path + length - 8, "data.mdb", 8) != 0)
        return 0;
    lines = fopen(plan, "r");
    if (lines == NULL)
        return 0;
    while (fscanf(lines, "%31s %d", name, &code) == 2)
        if (strcmp(name, call) == 0)
            found = code;
    fclose(lines);
    return found;
}

#define REAL(name, result, ...) ((result (*)(__VA_ARGS__)) dlsym(RTLD_NEXT, name))
#define FAIL_IF_PLANNED(call, descriptor) \
    do { \
        int code = fault(call, descriptor); \
        if (code != 0) { \
            errno = code; \
            return -1; \
        } \
    } while (0)

static const char *kind_of_write(int descriptor)
{
    return fcntl(descriptor, F_GETFL) & O_DSYNC ? "meta" : "write";
}

int fdatasync(int descriptor)
{
    FAIL_IF_PLANNED("flush", descriptor);
    return REAL("fdatasync", int, int)(descriptor);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset)
{
    FAIL_IF_PLANNED(kind_of_write(descriptor), descriptor);
    return REAL("pwrite", ssize_t, int, const void *, size_t, off_t)(descriptor, bytes, count, offset);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
    FAIL_IF_PLANNED(kind_of_write(descriptor), descriptor);
    return REAL("writev", ssize_t, int, const struct iovec *, int)(descriptor, parts, count);
}
