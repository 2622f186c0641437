/* A preloaded library that makes some syncs say yes and do nothing: the negative controls of the crash bench.
   CRASH_LIE is `files` (fdatasync and fsync of files), `directories` (fsync of directories), `ledger` (both, of files
   named ledger.*), or `all`. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int lies(int fd) {
    const char *which = getenv("CRASH_LIE");
    struct stat facts;
    char link[64], path[4096];
    if (!which || fstat(fd, &facts)) return 0;
    if (!strcmp(which, "all")) return 1;
    if (!strcmp(which, "directories")) return S_ISDIR(facts.st_mode);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    const char *last = strrchr(path, '/');
    int ledger = last && !strncmp(last + 1, "ledger.", 7);
    if (!strcmp(which, "ledger")) return ledger;
    return !strcmp(which, "files") && S_ISREG(facts.st_mode) && !ledger;
}

int fdatasync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return lies(fd) ? 0 : real(fd);
}

int fsync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    return lies(fd) ? 0 : real(fd);
}
