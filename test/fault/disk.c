/*
 * A disk that can be cut off and can fail: preloaded below a server, it notes for each file how much of it was synced, and
 * makes writes fail on demand. LevelDB writes by stdio and syncs by fdatasync; the server itself writes by write.
 *
 *   FAULT_ROOT    the data directory; only files below it count
 *   FAULT_NOTES   a directory: for each inode a file with its note, two numbers of 8 octets in native order
 *   FAULT_ORDERS  a directory: while the file `enospc`, `eio` or `fsync` is there, writes or syncs fail in that way,
 *                 while `index` is there, writes to the index alone fail as broken;
 *                 while `hold` is there, a table that is to be synced waits, as it would for a slow disk;
 *                 while `sector` is there, 4096 octets cannot be read: it holds the name of a file and the offset in it
 *
 * A sync that failed is never made good by a later one: the kernel forgets what it could not write, and says so once.
 *
 * cc -shared -fPIC -o disk.so disk.c -ldl
 */
#define _GNU_SOURCE
#define __NO_INLINE__ 1
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct note {
  uint64_t synced; /* octets */
  uint64_t failed; /* 1 once a sync has failed */
};

static pthread_mutex_t noting = PTHREAD_MUTEX_INITIALIZER;

static const char *setting(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

/* Whether the path of the file, from the root on, begins and ends so. */
static int named(int fd, const char *begin, const char *end) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < (ssize_t)strlen(end)) return 0;
  path[length] = 0;
  const char *root = setting("FAULT_ROOT");
  if (!*root || strncmp(path, root, strlen(root)) != 0) return 0;
  return strncmp(path + strlen(root), begin, strlen(begin)) == 0 && strcmp(path + length - strlen(end), end) == 0;
}

static int below_root(int fd) { return named(fd, "", ""); }

static int ordered(const char *order) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", setting("FAULT_ORDERS"), order);
  return access(path, F_OK) == 0;
}

enum event { BEGUN, SYNCED, FAILED };

/* One pwrite, so that a kill in the middle leaves the old note or the new one. Syncs may overtake each other. */
static void take_note(int fd, enum event event, uint64_t octets) {
  char path[4096];
  struct stat file;
  struct note note = {0, 0};
  if (fstat(fd, &file) != 0) return;
  snprintf(path, sizeof path, "%s/%llu", setting("FAULT_NOTES"), (unsigned long long)file.st_ino);
  pthread_mutex_lock(&noting);
  int notes = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (notes < 0) abort();
  if (event != BEGUN && pread(notes, &note, sizeof note, 0) < 0) abort();
  if (event == SYNCED && !note.failed && octets > note.synced) note.synced = octets;
  if (event == FAILED) note.failed = 1;
  if (pwrite(notes, &note, sizeof note, 0) != sizeof note) abort();
  close(notes);
  pthread_mutex_unlock(&noting);
}

FILE *fopen64(const char *path, const char *mode) {
  static FILE *(*real)(const char *, const char *);
  if (!real) real = dlsym(RTLD_NEXT, "fopen64");
  FILE *file = real(path, mode);
  /* A new file may have the inode of one that is gone. */
  if (file && *mode == 'w' && below_root(fileno(file))) take_note(fileno(file), BEGUN, 0);
  return file;
}

/* The error that is ordered for writes to this file; 0 for none. */
static int ordered_error(int fd) {
  if (!below_root(fd)) return 0;
  if (ordered("index") && named(fd, "/index/", "")) return EIO;
  return ordered("enospc") ? ENOSPC : ordered("eio") ? EIO : 0;
}

size_t fwrite_unlocked(const void *octets, size_t size, size_t count, FILE *file) {
  static size_t (*real)(const void *, size_t, size_t, FILE *);
  if (!real) real = dlsym(RTLD_NEXT, "fwrite_unlocked");
  int error = ordered_error(fileno(file));
  if (!error) return real(octets, size, count, file);
  size_t half = real(octets, size, count / 2, file); /* as a disk that runs full in the middle of a record */
  fflush_unlocked(file);
  errno = error;
  return half;
}

ssize_t write(int fd, const void *octets, size_t size) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = dlsym(RTLD_NEXT, "write");
  int error = ordered("enospc") || ordered("eio") ? ordered_error(fd) : 0;
  if (!error) return real(fd, octets, size);
  errno = error;
  return -1;
}

static int sync_by(const char *name, int fd) {
  int (*real)(int) = dlsym(RTLD_NEXT, name);
  struct stat file;
  if (!below_root(fd) || fstat(fd, &file) != 0) return real(fd);
  if (ordered("fsync")) {
    take_note(fd, FAILED, 0);
    errno = EIO;
    return -1;
  }
  while (ordered("hold") && named(fd, "", ".ldb")) usleep(10000);
  int result = real(fd);
  /* What was written while it ran need not be synced. */
  if (result == 0) take_note(fd, SYNCED, file.st_size);
  return result;
}

int fdatasync(int fd) { return sync_by("fdatasync", fd); }
int fsync(int fd) { return sync_by("fsync", fd); }

/* The offset in this file of a sector that cannot be read; -1 for none. */
static off_t bad_sector(int fd) {
  char path[4096], name[256];
  long long offset = -1;
  if (!ordered("sector")) return -1;
  snprintf(path, sizeof path, "%s/sector", setting("FAULT_ORDERS"));
  FILE *order = fopen(path, "r");
  if (!order) return -1;
  int read = fscanf(order, "%255s %lld", name, &offset);
  fclose(order);
  return read == 2 && named(fd, "", name) ? offset : -1;
}

static ssize_t read_at(int fd, off_t from, size_t size, ssize_t (*real)(int, void *, size_t, off_t), void *octets) {
  off_t bad = bad_sector(fd);
  if (bad < 0 || from >= bad + 4096 || from + (off_t)size <= bad) return real(fd, octets, size, from);
  errno = EIO;
  return -1;
}

static ssize_t really_read(int fd, void *octets, size_t size, off_t from) {
  static ssize_t (*real)(int, void *, size_t);
  if (!real) real = dlsym(RTLD_NEXT, "read");
  (void)from;
  return real(fd, octets, size);
}

ssize_t read(int fd, void *octets, size_t size) {
  return read_at(fd, lseek(fd, 0, SEEK_CUR), size, really_read, octets);
}

ssize_t pread64(int fd, void *octets, size_t size, off_t from) {
  static ssize_t (*real)(int, void *, size_t, off_t);
  if (!real) real = dlsym(RTLD_NEXT, "pread64");
  return read_at(fd, from, size, real, octets);
}

/* Whoever touches such a sector in memory is ended by a signal: here SIGSEGV, by the kernel SIGBUS. */
void *mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
  static void *(*real)(void *, size_t, int, int, int, off_t);
  if (!real) real = dlsym(RTLD_NEXT, "mmap64");
  void *mapped = real(at, size, protection, flags, fd, offset);
  off_t bad = fd < 0 || mapped == MAP_FAILED ? -1 : bad_sector(fd);
  if (bad >= offset && bad < offset + (off_t)size) mprotect((char *)mapped + (bad - offset), 4096, PROT_NONE);
  return mapped;
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
  return mmap64(at, size, protection, flags, fd, offset);
}
