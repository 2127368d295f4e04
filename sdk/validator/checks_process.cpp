// What a plugin leaves behind in the process it lives in.

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "validator/round.h"

namespace redflag::validator {
namespace {

constexpr int kCycles = 200;
constexpr std::size_t kMemoryBytes = 4U << 20;

std::size_t entries(const char* folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder))
    ++count;
  return count;
}

std::size_t residentBytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// One full call where there is a harmless one, else create and destroy.
Round live(const Subject& subject, const Target& target, bool only_create) {
  Conditions conditions;
  conditions.only_create = only_create || subject.operation.empty();
  return play(subject, target, conditions);
}

Verdict cycles(const Target& target) {
  const auto subject = loadSubject(target);
  if (!subject) return failed(subject.error().text);
  for (int i = 0; i < 20; ++i)
    live(*subject, target, true);
  const std::size_t fds = entries("/proc/self/fd");
  const std::size_t memory = residentBytes();
  for (int i = 0; i < kCycles; ++i)
    live(*subject, target, true);
  if (const auto now = entries("/proc/self/fd"); now > fds)
    return failed(std::to_string(now - fds) + " descriptors were left open");
  if (const auto now = residentBytes(); now > memory + kMemoryBytes)
    return failed(std::to_string((now - memory) >> 10) + " KiB were not freed");
  return {};
}

// Names that libraries give to threads which they keep for good once they were used (GLib, dconf, jemalloc).
bool isLibraryThread(const std::string& name) {
  return name == "gmain" || name == "gdbus" || name.starts_with("pool-") || name.starts_with("dconf") ||
         name == "jemalloc_bg_thd";
}

// Of all threads but this one, with the time they may take to go after a join.
std::vector<std::string> threadsLeft() {
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) {
    names.clear();
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
      if (entry.path().filename() == std::to_string(::gettid())) continue;
      std::string name;
      if (std::getline(std::ifstream(entry.path() / "comm"), name)) names.push_back(name);
    }
    if (names.empty()) break;
    ::usleep(2000);
  }
  return names;
}

Verdict noThreadLeft(const Target& target) {
  const auto subject = loadSubject(target);
  if (!subject) return failed(subject.error().text);
  live(*subject, target, false);
  const auto left = threadsLeft();
  std::string foreign;
  for (const auto& name : left) {
    if (!isLibraryThread(name)) return failed("the thread \"" + name + "\" went on after destroy returned");
    foreign += (foreign.empty() ? "" : ", ") + name;
  }
  return left.empty() ? Verdict{} : warning("a library's threads went on: " + foreign);
}

Verdict silent(const Target& target) {
  const int file = ::memfd_create("output", MFD_CLOEXEC);
  ::dup2(file, 1);
  const auto subject = loadSubject(target);
  if (!subject) return failed(subject.error().text);
  live(*subject, target, false);
  std::fflush(stdout);
  struct stat info {};
  ::fstat(file, &info);
  return info.st_size == 0 ? Verdict{}
                           : failed("it wrote " + std::to_string(info.st_size) + " bytes to standard output");
}

struct Surroundings {
  std::string folder = std::filesystem::current_path().string();
  std::string locale = std::setlocale(LC_ALL, nullptr);
  std::string variables;
  mode_t mask = ::umask(0);
  std::string signals;

  Surroundings() {
    ::umask(mask);
    for (char** entry = environ; *entry != nullptr; ++entry)
      variables.append(*entry).push_back('\n');
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
      struct sigaction action {};
      if (::sigaction(signal, nullptr, &action) != 0) continue;
      signals += std::to_string(reinterpret_cast<std::uintptr_t>(action.sa_handler)) + ' ';
    }
  }
};

Verdict leavesSurroundings(const Target& target) {
  const Surroundings before;
  const auto subject = loadSubject(target);
  if (!subject) return failed(subject.error().text);
  live(*subject, target, false);
  const Surroundings after;
  if (before.folder != after.folder) return failed("the working folder became " + after.folder);
  if (before.signals != after.signals) return failed("a signal's handler was changed");
  if (before.mask != after.mask) return failed("the umask was changed");
  if (before.locale != after.locale) return failed("the locale became " + after.locale);
  if (before.variables != after.variables) return failed("the environment was changed");
  return {};
}

}  // namespace

void addProcessChecks(std::vector<Check>& into) {
  into.push_back({"process.cycles",
                  "create and destroy it 200 times",
                  "no descriptor left, memory bounded",
                  4,
                  cycles,
                  {"library.loads"}});
  into.push_back({"process.threads",
                  "count threads after destroy",
                  "none of the plugin's",
                  5,
                  noThreadLeft,
                  {"library.loads", "run.ordinary"}});
  into.push_back({"process.output",
                  "look at standard output",
                  "nothing was written",
                  6,
                  silent,
                  {"library.loads", "run.ordinary"}});
  into.push_back({"process.surroundings",
                  "compare signal handlers, folder, umask, locale and environment",
                  "all as before",
                  6,
                  leavesSurroundings,
                  {"library.loads", "run.ordinary"}});
}

}  // namespace redflag::validator
