#include "support/failing_disk.h"

#include <sqlite3.h>

#include <atomic>
#include <cstring>

namespace redflag::testing {
namespace {

struct Plan {
  std::atomic<FailingDisk::Call> call{FailingDisk::Call::kWrite};
  std::atomic<int> left{0};  // 0: nothing fails
  std::atomic<bool> for_good{false};
  std::atomic<bool> failed{false};
};
Plan g_plan;
sqlite3_vfs* g_real = nullptr;

bool failsNow(FailingDisk::Call call) {
  if (g_plan.call != call || g_plan.left == 0) return false;
  if (g_plan.left > 1) {
    --g_plan.left;
    return false;
  }
  if (!g_plan.for_good) g_plan.left = 0;
  g_plan.failed = true;
  return true;
}

// A file of ours: SQLite gives room for it and for the real one behind it.
struct File {
  sqlite3_file base;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<File*>(file)->real();
}

int close(sqlite3_file* f) {
  return real(f)->pMethods->xClose(real(f));
}
int read(sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
  return real(f)->pMethods->xRead(real(f), to, size, at);
}
int write(sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
  if (failsNow(FailingDisk::Call::kWrite)) return SQLITE_IOERR_WRITE;
  if (failsNow(FailingDisk::Call::kShortWrite)) {
    real(f)->pMethods->xWrite(real(f), from, size / 2, at);
    return SQLITE_IOERR_WRITE;
  }
  return real(f)->pMethods->xWrite(real(f), from, size, at);
}
int truncate(sqlite3_file* f, sqlite3_int64 size) {
  return real(f)->pMethods->xTruncate(real(f), size);
}
int sync(sqlite3_file* f, int flags) {
  if (failsNow(FailingDisk::Call::kSync)) return SQLITE_IOERR_FSYNC;
  return real(f)->pMethods->xSync(real(f), flags);
}
int fileSize(sqlite3_file* f, sqlite3_int64* size) {
  return real(f)->pMethods->xFileSize(real(f), size);
}
int lock(sqlite3_file* f, int level) {
  return real(f)->pMethods->xLock(real(f), level);
}
int unlock(sqlite3_file* f, int level) {
  return real(f)->pMethods->xUnlock(real(f), level);
}
int checkReservedLock(sqlite3_file* f, int* answer) {
  return real(f)->pMethods->xCheckReservedLock(real(f), answer);
}
int fileControl(sqlite3_file* f, int what, void* argument) {
  return real(f)->pMethods->xFileControl(real(f), what, argument);
}
int sectorSize(sqlite3_file* f) {
  return real(f)->pMethods->xSectorSize(real(f));
}
int characteristics(sqlite3_file* f) {
  return real(f)->pMethods->xDeviceCharacteristics(real(f));
}
int shmMap(sqlite3_file* f, int page, int size, int extend, void volatile** where) {
  return real(f)->pMethods->xShmMap(real(f), page, size, extend, where);
}
int shmLock(sqlite3_file* f, int offset, int n, int flags) {
  return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}
void shmBarrier(sqlite3_file* f) {
  real(f)->pMethods->xShmBarrier(real(f));
}
int shmUnmap(sqlite3_file* f, int remove) {
  return real(f)->pMethods->xShmUnmap(real(f), remove);
}

// Version 2: with shared memory, without memory-mapped pages.
const sqlite3_io_methods kMethods = {2,
                                     close,
                                     read,
                                     write,
                                     truncate,
                                     sync,
                                     fileSize,
                                     lock,
                                     unlock,
                                     checkReservedLock,
                                     fileControl,
                                     sectorSize,
                                     characteristics,
                                     shmMap,
                                     shmLock,
                                     shmBarrier,
                                     shmUnmap,
                                     nullptr,
                                     nullptr};

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  const int code = g_real->xOpen(g_real, name, real(file), flags, out_flags);
  if (real(file)->pMethods != nullptr) file->pMethods = &kMethods;
  return code;
}

sqlite3_vfs g_ours;

}  // namespace

FailingDisk::FailingDisk() {
  sqlite3_initialize();
  g_real = sqlite3_vfs_find(nullptr);
  // Everything but opening is the real one's, whose functions get its own structure's data.
  g_ours = *g_real;
  g_ours.zName = "failing";
  g_ours.szOsFile = static_cast<int>(sizeof(File)) + g_real->szOsFile;
  g_ours.pNext = nullptr;
  g_ours.xOpen = open;
  sqlite3_vfs_register(&g_ours, 1);
}

FailingDisk::~FailingDisk() {
  mend();
  sqlite3_vfs_register(g_real, 1);
  sqlite3_vfs_unregister(&g_ours);
}

void FailingDisk::fail(Call call, int nth, bool for_good) {
  g_plan.failed = false;
  g_plan.call = call;
  g_plan.for_good = for_good;
  g_plan.left = nth;
}

void FailingDisk::mend() {
  g_plan.left = 0;
}

bool FailingDisk::failed() const {
  return g_plan.failed;
}

}  // namespace redflag::testing
