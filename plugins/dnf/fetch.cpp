#include "fetch.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "common/child.h"
#include "metadata.h"
#include "repository_download.h"

namespace redflag::dnf {
namespace {

constexpr std::uintmax_t kMaxMetadataBytes = 1U << 30;
constexpr std::size_t kMaxWords = 500;
constexpr std::int64_t kNsOfSecond = 1'000'000'000;
constexpr int kTickMs = 50;
constexpr const char* kUnchanged = "unchanged";

// Where libdnf puts what is whole, and where what is not; neither is what is known.
std::string nextOf(const Repository& repository) {
  return repository.folder + ".next";
}

std::string temporaryOf(const Repository& repository) {
  return nextOf(repository) + ".tmp";
}

void clear(const Repository& repository) {
  std::error_code ignored;
  for (const auto& folder : {nextOf(repository), temporaryOf(repository)})
    std::filesystem::remove_all(folder, ignored);
}

// In place of what was known.
std::string takeOver(const Repository& repository) {
  std::error_code error;
  std::filesystem::remove_all(repository.folder, error);
  if (!error) std::filesystem::rename(nextOf(repository), repository.folder, error);
  return error ? "its metadata cannot be put in place: " + error.message() : "";
}

std::string contentOf(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::uintmax_t bytesBelow(const std::string& folder) {
  std::uintmax_t sum = 0;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code gone;
    if (const auto size = at->is_regular_file(gone) ? at->file_size(gone) : 0; !gone) sum += size;
  }
  return sum;
}

// libdnf asks for the next file only once it believes repomd.xml: with its signature, and what a metalink
// says of it. If that is the one which the known files belong to, they are the newest.
bool isTheSame(const Repository& repository, const std::string& known) {
  const std::filesystem::path coming = temporaryOf(repository) + "/repodata";
  bool believed = false;
  std::error_code error;
  for (std::filesystem::directory_iterator at(coming, error), end; !error && at != end; at.increment(error))
    believed = believed || !at->path().filename().string().starts_with("repomd.xml");
  if (!believed) return false;
  return !known.empty() && known == contentOf(coming / "repomd.xml");
}

// An address may have a name and a password in it.
std::string withoutCredentials(std::string text) {
  constexpr std::string_view kScheme = "://";
  for (auto at = text.find(kScheme); at != std::string::npos; at = text.find(kScheme, at)) {
    at += kScheme.size();
    const auto host_end = std::min(text.find_first_of("/ \t\n'\"])", at), text.size());
    const auto mark = text.substr(at, host_end - at).rfind('@');
    if (mark != std::string::npos) text.erase(at, mark + 1);
  }
  return text;
}

// Whatever becomes of the one who waits, this process ends.
void prepareAlone(std::int64_t seconds) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal_number : {SIGALRM, SIGXFSZ, SIGTERM})
    signal(signal_number, SIG_DFL);
  signal(SIGPIPE, SIG_IGN);
  alarm(static_cast<unsigned>(std::clamp<std::int64_t>(seconds, 1, 24 * 3600)));
  const rlimit size{kMaxMetadataBytes, kMaxMetadataBytes};
  setrlimit(RLIMIT_FSIZE, &size);
  umask(S_IWGRP | S_IWOTH);
  setenv("GIO_USE_VFS", "local", 1);  // files are files here
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int end : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (nowhere >= 0) dup2(nowhere, end);
}

// Nothing that goes wrong may lead it back to where its starter goes on.
[[noreturn]] void downloadAlone(const Repository& repository, const Configuration& configuration,
                                std::int64_t seconds, int words) noexcept {
  prepareAlone(seconds);
  auto why = withoutCredentials(downloadRepository(repository, configuration, nextOf(repository)));
  why.resize(std::min(why.size(), kMaxWords));
  const bool told = write(words, why.data(), why.size()) == static_cast<ssize_t>(why.size());
  _exit(why.empty() && told ? 0 : 1);
}

std::string wordsOf(int status, const std::string& words) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ) return "its metadata is too large";
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return "the time for fetching it was over";
  return words.empty() ? "libdnf came to no end with it" : words;
}

}  // namespace

std::string whyNotFetchable(const Repository& repository) {
  if (repository.stapled) return "sslverifystatus is asked for, which libdnf would pass over here";
  if (repository.signed_metadata && keysOnDisk(repository).empty())
    return "its metadata has to be signed (repo_gpgcheck), and gpgkey names no file on this machine "
           "(file://)";
  return {};
}

std::string Fetcher::whyStop(const Repository& repository, std::int64_t until_ns) const {
  if (run_.cancelled() || clock_.monotonicNs() >= until_ns) return "the time for fetching it was over";
  if (bytesBelow(temporaryOf(repository)) > kMaxMetadataBytes) return "its metadata is too large";
  return isTheSame(repository, known_) ? kUnchanged : "";
}

std::string Fetcher::watch(int child, int words, const Repository& repository, std::int64_t until_ns) {
  std::string said;
  std::string stopped;
  int status = 1 << 8;  // of one of whom nothing can be found out
  while (waitpid(child, &status, WNOHANG) == 0) {
    pollfd wait{words, POLLIN, 0};
    std::array<char, kMaxWords> buffer{};
    if (poll(&wait, 1, kTickMs) > 0) {
      const auto count = read(words, buffer.data(), buffer.size());
      if (count > 0) said.append(buffer.data(), static_cast<std::size_t>(count));
    }
    if (!stopped.empty() || !said.empty()) continue;
    stopped = whyStop(repository, until_ns);
    if (!stopped.empty()) kill(child, SIGKILL);
  }
  std::array<char, kMaxWords> rest{};
  if (const auto count = read(words, rest.data(), rest.size()); count > 0)
    said.append(rest.data(), static_cast<std::size_t>(count));
  // It may have been quicker than the signal.
  return stopped.empty() || (WIFEXITED(status) && WEXITSTATUS(status) == 0) ? wordsOf(status, said) : stopped;
}

std::string Fetcher::fetch(const Repository& repository, std::int64_t until_ns) {
  if (auto why = whyNotFetchable(repository); !why.empty()) return why;
  const auto left_s = (until_ns - clock_.monotonicNs()) / kNsOfSecond;
  std::error_code ignored;
  // Of one that was killed.
  clear(repository);
  std::filesystem::remove(configuration_.cache_dir + "/dnf-metadata.lock", ignored);
  // Of files that are no longer whole all are wanted anew.
  const auto before = findMetadata(repository, configuration_.cache_dir);
  known_ = before ? contentOf(before->repomd) : "";
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return "there is no pipe to be had";
  const auto child = fork();
  if (child == 0) downloadAlone(repository, configuration_, left_s + 1, ends[1]);
  close(ends[1]);
  auto why = child < 0 ? "no process can be started" : watch(child, ends[0], repository, until_ns);
  close(ends[0]);
  // gpg starts one where nothing keeps it from that, for each folder of keys.
  if (const auto keys = temporaryOf(repository) + "/gpgdir"; repository.signed_metadata)
    plugin::runChild(
        {"/usr/bin/gpgconf", "--homedir", keys, "--kill", "gpg-agent"}, "/dev/null",
        [](const std::string&) {}, nullptr);
  if (why.empty()) why = takeOver(repository);
  clear(repository);
  return why == kUnchanged ? "" : why;
}

}  // namespace redflag::dnf
