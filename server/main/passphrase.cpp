#include "main/passphrase.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <stdexcept>

namespace redflag::server {
namespace {

constexpr std::size_t kMaxBytes = 1024;

// Byte by byte: what follows belongs to the next question.
std::string readLine(int descriptor) {
  std::string line;
  char c = 0;
  for (;;) {
    const ssize_t got = ::read(descriptor, &c, 1);
    if (got < 0) throw std::runtime_error("the passphrase cannot be read");
    if (got == 0 && line.empty()) throw std::runtime_error("a passphrase is missing");
    if (got == 0 || c == '\n') return line;
    line.push_back(c);
    if (line.size() > kMaxBytes) throw std::runtime_error("a passphrase has at most 1024 bytes");
  }
}

class Terminal {
 public:
  Terminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (fd_ < 0)
      throw std::runtime_error("there is no terminal to ask for a passphrase; see --passphrase-fd");
    ::tcgetattr(fd_, &before_);
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(fd_, TCSAFLUSH, &quiet);
  }
  ~Terminal() {
    ::tcsetattr(fd_, TCSAFLUSH, &before_);
    ::close(fd_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  std::string ask(const std::string& prompt) const {
    say(prompt + ": ");
    std::string line = readLine(fd_);
    say("\n");
    return line;
  }

 private:
  void say(const std::string& text) const {
    if (::write(fd_, text.data(), text.size()) < 0) throw std::runtime_error("the terminal is gone");
  }
  int fd_;
  termios before_{};
};

std::string askOnTerminal(const std::string& prompt, bool twice) {
  const Terminal terminal;
  std::string passphrase = terminal.ask(prompt);
  if (twice && terminal.ask("The same again") != passphrase)
    throw std::runtime_error("these were two different passphrases");
  return passphrase;
}

}  // namespace

trust::AskPassphrase passphrasesFrom(int descriptor) {
  if (descriptor < 0) return askOnTerminal;
  return [descriptor](const std::string&, bool) { return readLine(descriptor); };
}

}  // namespace redflag::server
