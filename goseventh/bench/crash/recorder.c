/* Records what a server does to its disk and whom it answers 201, in one order over all its processes.
 *
 * Preloaded into every process of a server. RECORDER_ROOT names the directory above the store, by its real path;
 * RECORDER_LOG the file that events are appended to. An append is atomic, so the order of the log is the order:
 * a call is recorded as it is entered, with what it is to write, and again when it has returned; a name when it
 * has changed; an acknowledgement before its bytes leave. So whoever reads "a flush covers what had returned
 * before it was entered" from the log never believes too much.
 *
 * Lock files are left out: they are written through memory, and made anew after a crash. Other writes
 * through memory would be missed: the reader compares what was recorded with what is there in the end.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* As in recorder.py. */
enum kind { WRITE = 1, WRITE_THROUGH, TRUNCATE, FLUSH, RETURNED, FILE_MADE, DIRECTORY_MADE, RENAMED, GONE, ACKNOWLEDGED };

struct event {
    uint32_t kind, process, length, unused;
    uint64_t call;  /* counted in the process; RETURNED has that of its call */
    uint64_t time;  /* CLOCK_MONOTONIC, ns */
    uint64_t inode; /* of the file or directory; RETURNED: where the descriptor stands now */
    int64_t place;  /* offset or size; of names the inode of their directory; RETURNED: the result */
};

static const char *root;
static size_t root_length;
static int recording = -1;
static uint64_t calls;

#define REAL(name, result, ...) ((result (*)(__VA_ARGS__)) dlsym(RTLD_NEXT, name))

__attribute__((constructor)) static void prepare(void)
{
    const char *log = getenv("RECORDER_LOG");

    root = getenv("RECORDER_ROOT");
    if (log == NULL || root == NULL)
        return;
    root_length = strlen(root);
    recording = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (recording < 0)
        abort();
}

static void append(enum kind kind, uint64_t call, uint64_t inode, int64_t place, const struct iovec *parts, int count)
{
    struct event event = {kind, getpid(), 0, 0, call, 0, inode, place};
    struct iovec all[1 + count];
    struct timespec now;
    int error = errno;

    clock_gettime(CLOCK_MONOTONIC, &now);
    event.time = now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
    all[0] = (struct iovec) {&event, sizeof event};
    for (int i = 0; i < count; i++) {
        all[1 + i] = parts[i];
        event.length += parts[i].iov_len;
    }
    if (syscall(SYS_writev, recording, all, 1 + count) != (ssize_t) (sizeof event + event.length))
        abort(); /* half a recording proves nothing */
    errno = error;
}

static uint64_t entered(enum kind kind, uint64_t inode, int64_t place, const struct iovec *parts, int count)
{
    uint64_t call = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);

    append(kind, call, inode, place, parts, count);
    return call;
}

static int ends_with(const char *path, const char *end)
{
    size_t length = strlen(path), tail = strlen(end);

    return length >= tail && strcmp(path + length - tail, end) == 0;
}

static int is_lock(const char *path)
{
    return ends_with(path, "lock.mdb") || ends_with(path, "-lock") || ends_with(path, ".lock");
}

static int is_ours(const char *path)
{
    return strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || path[root_length] == '\0')
        && !is_lock(path);
}

/* Which of the store's files a descriptor is, as an inode; 0 for none, and then whether it is a socket. */
static uint64_t inode_of(int descriptor, int *is_socket)
{
    char link[64], path[PATH_MAX];
    struct stat status;
    ssize_t length;
    int error = errno;

    *is_socket = 0;
    if (recording < 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    length = readlink(link, path, sizeof path - 1);
    errno = error;
    if (length < 0)
        return 0;
    path[length] = '\0';
    *is_socket = strncmp(path, "socket:", 7) == 0;
    if (!is_ours(path) || fstat(descriptor, &status) != 0)
        return 0;
    return status.st_ino;
}

static void acknowledge(const struct iovec *parts, int count)
{
    static const char created[] = "HTTP/1.1 201", location[] = "Location: /pessoas/";
    size_t length = 0, at = 0;
    char *sent, *found, *id;

    for (int i = 0; i < count; i++)
        length += parts[i].iov_len;
    sent = malloc(length + 1);
    if (sent == NULL)
        abort();
    for (int i = 0; i < count; at += parts[i++].iov_len)
        memcpy(sent + at, parts[i].iov_base, parts[i].iov_len);
    found = sent;
    while ((found = memmem(found, sent + length - found, created, sizeof created - 1)) != NULL) {
        found += sizeof created - 1;
        id = memmem(found, sent + length - found, location, sizeof location - 1);
        if (id == NULL || id + sizeof location - 1 + 36 > sent + length)
            abort(); /* a head in pieces: this recorder would have to learn that */
        entered(ACKNOWLEDGED, 0, 0, &(struct iovec) {id + sizeof location - 1, 36}, 1);
    }
    free(sent);
}

/* Records one call that writes `parts` at `offset`, or where the descriptor stands if that is -1. */
#define WRITING(descriptor, parts, count, offset, call) \
    do { \
        int is_socket, error, flags; \
        uint64_t number, inode = inode_of(descriptor, &is_socket); \
        int64_t place = offset; \
        ssize_t result; \
        struct stat status; \
        if (is_socket) \
            acknowledge(parts, count); \
        if (inode == 0) \
            return call; \
        flags = fcntl(descriptor, F_GETFL); \
        if (place < 0) \
            place = flags & O_APPEND && fstat(descriptor, &status) == 0 ? status.st_size : lseek(descriptor, 0, SEEK_CUR); \
        number = entered(flags & O_DSYNC ? WRITE_THROUGH : WRITE, inode, place, parts, count); \
        result = call; \
        error = errno; \
        append(RETURNED, number, offset < 0 ? lseek(descriptor, 0, SEEK_CUR) : place + result, result, NULL, 0); \
        errno = error; \
        return result; \
    } while (0)
#define ONE(bytes, count) (&(struct iovec) {(void *) bytes, count})

ssize_t write(int descriptor, const void *bytes, size_t count)
{
    WRITING(descriptor, ONE(bytes, count), 1, -1, REAL("write", ssize_t, int, const void *, size_t)(descriptor, bytes, count));
}

ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
    WRITING(descriptor, parts, count, -1, REAL("writev", ssize_t, int, const struct iovec *, int)(descriptor, parts, count));
}

#define POSITIONED(name) \
    ssize_t name(int descriptor, const void *bytes, size_t count, off_t offset) \
    { \
        WRITING(descriptor, ONE(bytes, count), 1, offset, \
                REAL("pwrite", ssize_t, int, const void *, size_t, off_t)(descriptor, bytes, count, offset)); \
    }
POSITIONED(pwrite)
POSITIONED(pwrite64)

#define POSITIONED_PARTS(name) \
    ssize_t name(int descriptor, const struct iovec *parts, int count, off_t offset) \
    { \
        WRITING(descriptor, parts, count, offset, \
                REAL("pwritev", ssize_t, int, const struct iovec *, int, off_t)(descriptor, parts, count, offset)); \
    }
POSITIONED_PARTS(pwritev)
POSITIONED_PARTS(pwritev64)

ssize_t send(int descriptor, const void *bytes, size_t count, int flags)
{
    if (recording >= 0)
        acknowledge(ONE(bytes, count), 1);
    return REAL("send", ssize_t, int, const void *, size_t, int)(descriptor, bytes, count, flags);
}

ssize_t sendto(int descriptor, const void *bytes, size_t count, int flags, const struct sockaddr *to, socklen_t length)
{
    if (recording >= 0)
        acknowledge(ONE(bytes, count), 1);
    return REAL("sendto", ssize_t, int, const void *, size_t, int, const struct sockaddr *, socklen_t)(
        descriptor, bytes, count, flags, to, length);
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags)
{
    if (recording >= 0)
        acknowledge(message->msg_iov, message->msg_iovlen);
    return REAL("sendmsg", ssize_t, int, const struct msghdr *, int)(descriptor, message, flags);
}

/* Records one call that returns 0 when it has done what `kind` says. */
#define DOING(kind, descriptor, place, call) \
    do { \
        int is_socket, error, result; \
        uint64_t number, inode = inode_of(descriptor, &is_socket); \
        if (inode == 0) \
            return call; \
        number = entered(kind, inode, place, NULL, 0); \
        result = call; \
        error = errno; \
        append(RETURNED, number, 0, result, NULL, 0); \
        errno = error; \
        return result; \
    } while (0)

int fsync(int descriptor)
{
    DOING(FLUSH, descriptor, 0, REAL("fsync", int, int)(descriptor));
}

int fdatasync(int descriptor)
{
    DOING(FLUSH, descriptor, 0, REAL("fdatasync", int, int)(descriptor));
}

int ftruncate(int descriptor, off_t size)
{
    DOING(TRUNCATE, descriptor, size, REAL("ftruncate", int, int, off_t)(descriptor, size));
}

int ftruncate64(int descriptor, off_t size)
{
    DOING(TRUNCATE, descriptor, size, REAL("ftruncate", int, int, off_t)(descriptor, size));
}

/* The inode of the directory that `path` names something in, and where its last name begins; 0 if not ours. */
static uint64_t parent_of(const char *path, const char **name)
{
    char parent[PATH_MAX], real[PATH_MAX];
    const char *slash = strrchr(path, '/');
    struct stat status;
    int error = errno;
    uint64_t found = 0;

    *name = slash == NULL ? path : slash + 1;
    if (recording < 0 || (size_t) (*name - path) >= sizeof parent)
        return 0;
    snprintf(parent, sizeof parent, "%.*s", slash == NULL ? 1 : (int) (*name - path), slash == NULL ? "." : path);
    if (realpath(parent, real) != NULL && is_ours(real) && stat(real, &status) == 0)
        found = status.st_ino;
    errno = error;
    return found;
}

static void named(enum kind kind, const char *path, const char *before)
{
    const char *name, *old = "";
    uint64_t parent = parent_of(path, &name);
    struct stat status = {0};
    struct iovec names[2];

    if (before != NULL && parent_of(before, &old) != parent)
        abort(); /* a rename from one directory to another: this recorder would have to learn that */
    if (parent == 0 || is_lock(name))
        return;
    names[0] = (struct iovec) {(void *) name, strlen(name) + 1};
    names[1] = (struct iovec) {(void *) old, strlen(old)};
    if (kind != GONE && lstat(path, &status) != 0)
        return;
    entered(kind, status.st_ino, parent, names, 2);
}

static int opening(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode)
{
    int descriptor, is_socket, watched = recording >= 0 && flags & (O_CREAT | O_TRUNC);
    int existed = watched && access(path, F_OK) == 0;
    uint64_t inode;

    descriptor = real(path, flags, mode);
    if (descriptor < 0 || !watched)
        return descriptor;
    inode = inode_of(descriptor, &is_socket);
    if (inode != 0 && !existed)
        named(FILE_MADE, path, NULL);
    else if (inode != 0 && flags & O_TRUNC)
        append(RETURNED, entered(TRUNCATE, inode, 0, NULL, 0), 0, 0, NULL, 0);
    return descriptor;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) \
    { \
        __builtin_va_list rest; \
        mode_t mode; \
        __builtin_va_start(rest, flags); \
        mode = flags & (O_CREAT | O_TMPFILE) ? __builtin_va_arg(rest, mode_t) : 0; \
        __builtin_va_end(rest); \
        return opening(REAL("open", int, const char *, int, ...), path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

int mkdir(const char *path, mode_t mode)
{
    int result = REAL("mkdir", int, const char *, mode_t)(path, mode);

    if (result == 0)
        named(DIRECTORY_MADE, path, NULL);
    return result;
}

int rename(const char *before, const char *path)
{
    int result = REAL("rename", int, const char *, const char *)(before, path);

    if (result == 0)
        named(RENAMED, path, before);
    return result;
}

int unlink(const char *path)
{
    int result = REAL("unlink", int, const char *)(path);

    if (result == 0)
        named(GONE, path, NULL);
    return result;
}

int rmdir(const char *path)
{
    int result = REAL("rmdir", int, const char *)(path);

    if (result == 0)
        named(GONE, path, NULL);
    return result;
}
