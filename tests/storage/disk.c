/* A disk that fails on purpose: preloaded into a real server, it makes calls on the store's files fail.
 *
 * By kind: DISK_FAULTS names a file. While it exists, its lines say what fails: a call's name and an errno,
 * such as "flush 5". Calls on anything that is not called data.mdb are left alone.
 *
 *     flush   fdatasync of the data file
 *     write   writing its pages
 *     meta    writing its meta pages, which LMDB does through a descriptor of their own, opened O_DSYNC
 *
 * By number: DISK_ROOT names a directory, by its real path, and DISK_PLAN a file that holds a `struct plan`, shared
 * by all processes. Of the calls on anything below the directory that write, flush, make, rename, remove or resize,
 * the one with the number fails, or all from that one on; or, by the errno KILL, the process is killed before it. A write that meets a disk which is full from then on is
 * cut short, as the last one before a disk is full.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* As in disk.py. */
struct plan {
    uint64_t counted;    /* calls since it was armed */
    uint64_t number;     /* of the call to fail, from 1; 0 for none */
    uint64_t met;        /* how many have failed */
    uint32_t code;       /* errno */
    uint32_t persistent; /* whether all from that one on fail */
};

enum { KILL = 9999 };

static struct plan *plan;

#define REAL(name, result, ...) ((result (*)(__VA_ARGS__)) dlsym(RTLD_NEXT, name))

__attribute__((constructor)) static void prepare(void)
{
    const char *name = getenv("DISK_PLAN");
    int descriptor;

    if (name == NULL)
        return;
    descriptor = REAL("open", int, const char *, int, ...)(name, O_RDWR | O_CLOEXEC);
    plan = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (plan == MAP_FAILED)
        abort();
    close(descriptor);
}

static int below_root(const char *path)
{
    const char *root = getenv("DISK_ROOT");
    size_t length = root == NULL ? 0 : strlen(root);

    return length > 0 && strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* The errno with which this call, on something below the root, must fail; 0 for none. */
static int planned(void)
{
    uint64_t number;

    if (plan == NULL || plan->number == 0)
        return 0;
    number = __atomic_add_fetch(&plan->counted, 1, __ATOMIC_SEQ_CST);
    if (plan->persistent ? number < plan->number : number != plan->number)
        return 0;
    __atomic_add_fetch(&plan->met, 1, __ATOMIC_SEQ_CST);
    if (plan->code == KILL)
        kill(getpid(), SIGKILL);
    return plan->code;
}

static int fault(const char *call, int descriptor)
{
    char link[64], path[PATH_MAX], name[32];
    int code, found = 0;
    const char *kinds = getenv("DISK_FAULTS");
    FILE *lines;
    ssize_t length;

    if (plan == NULL && (kinds == NULL || access(kinds, F_OK) != 0))
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    length = readlink(link, path, sizeof path - 1);
    if (length < 8)
        return 0;
    path[length] = '\0';
    if (plan != NULL)
        return below_root(path) ? planned() : 0;
    if (memcmp(path + length - 8, "data.mdb", 8) != 0)
        return 0;
    lines = fopen(kinds, "r");
    if (lines == NULL)
        return 0;
    while (fscanf(lines, "%31s %d", name, &code) == 2)
        if (strcmp(name, call) == 0)
            found = code;
    fclose(lines);
    return found;
}

/* The same for a call on what `path` names, there or not. */
static int fault_of_name(const char *path)
{
    char parent[PATH_MAX], real[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int error = errno, ours;

    if (plan == NULL || plan->number == 0 || slash == NULL || (size_t) (slash - path) >= sizeof parent)
        return 0;
    snprintf(parent, sizeof parent, "%.*s", (int) (slash - path) + 1, path);
    ours = realpath(parent, real) != NULL && below_root(real);
    errno = error;
    return ours ? planned() : 0;
}

#define FAIL(code_or_0) \
    do { \
        int found = code_or_0; \
        if (found != 0) { \
            errno = found; \
            return -1; \
        } \
    } while (0)

static const char *kind_of_write(int descriptor)
{
    return fcntl(descriptor, F_GETFL) & O_DSYNC ? "meta" : "write";
}

int fdatasync(int descriptor)
{
    FAIL(fault("flush", descriptor));
    return REAL("fdatasync", int, int)(descriptor);
}

int fsync(int descriptor)
{
    FAIL(fault("fsync", descriptor));
    return REAL("fsync", int, int)(descriptor);
}

/* Whether the call that was just planned to fail is to be cut short instead. */
static int is_cut_short(int code)
{
    return plan != NULL && code == ENOSPC && plan->persistent && plan->met == 1;
}

/* One call that writes `count` of something at once, which makes it by itself with fewer of them. */
#define WRITING(kind, descriptor, count, call) \
    do { \
        int code = fault(kind, descriptor); \
        if (code != 0 && is_cut_short(code) && count > 1) \
            count /= 2; \
        else \
            FAIL(code); \
        return call; \
    } while (0)

ssize_t write(int descriptor, const void *bytes, size_t count)
{
    WRITING("append", descriptor, count, REAL("write", ssize_t, int, const void *, size_t)(descriptor, bytes, count));
}

ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
    WRITING(kind_of_write(descriptor), descriptor, count,
            REAL("writev", ssize_t, int, const struct iovec *, int)(descriptor, parts, count));
}

#define POSITIONED(name) \
    ssize_t name(int descriptor, const void *bytes, size_t count, off_t offset) \
    { \
        WRITING(kind_of_write(descriptor), descriptor, count, \
                REAL("pwrite", ssize_t, int, const void *, size_t, off_t)(descriptor, bytes, count, offset)); \
    }
POSITIONED(pwrite)
POSITIONED(pwrite64) /* what Python calls */

#define POSITIONED_PARTS(name) \
    ssize_t name(int descriptor, const struct iovec *parts, int count, off_t offset) \
    { \
        WRITING(kind_of_write(descriptor), descriptor, count, \
                REAL("pwritev", ssize_t, int, const struct iovec *, int, off_t)(descriptor, parts, count, offset)); \
    }
POSITIONED_PARTS(pwritev)
POSITIONED_PARTS(pwritev64)

#define RESIZE(name) \
    int name(int descriptor, off_t size) \
    { \
        FAIL(fault("resize", descriptor)); \
        return REAL("ftruncate", int, int, off_t)(descriptor, size); \
    }
RESIZE(ftruncate)
RESIZE(ftruncate64)

/* A full disk still opens what is there. */
#define OPEN(name) \
    int name(const char *path, int flags, ...) \
    { \
        __builtin_va_list rest; \
        mode_t mode; \
        __builtin_va_start(rest, flags); \
        mode = flags & (O_CREAT | O_TMPFILE) ? __builtin_va_arg(rest, mode_t) : 0; \
        __builtin_va_end(rest); \
        if (plan != NULL && flags & O_CREAT && (plan->code != ENOSPC || access(path, F_OK) != 0)) \
            FAIL(fault_of_name(path)); \
        return REAL("open", int, const char *, int, ...)(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

int mkdir(const char *path, mode_t mode)
{
    FAIL(fault_of_name(path));
    return REAL("mkdir", int, const char *, mode_t)(path, mode);
}

int rename(const char *before, const char *path)
{
    FAIL(fault_of_name(path));
    return REAL("rename", int, const char *, const char *)(before, path);
}

int link(const char *before, const char *path)
{
    FAIL(fault_of_name(path));
    return REAL("link", int, const char *, const char *)(before, path);
}

/* Removing needs no space. */
int unlink(const char *path)
{
    if (plan != NULL && plan->code != ENOSPC)
        FAIL(fault_of_name(path));
    return REAL("unlink", int, const char *)(path);
}

int unlinkat(int directory, const char *path, int flags)
{
    char link[64], whole[PATH_MAX];
    ssize_t length;

    snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    length = readlink(link, whole, sizeof whole - 1);
    if (plan != NULL && plan->code != ENOSPC && length > 0) {
        whole[length] = '\0';
        FAIL(fault_of_name(whole));
    }
    return REAL("unlinkat", int, int, const char *, int)(directory, path, flags);
}
