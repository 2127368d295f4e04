#include "platform/tpm.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <system_error>
#include <thread>

#include "platform/descriptor.h"
#include "platform/local_socket.h"

namespace redflag::platform {
namespace {

// Numbers of the TCG's "TPM 2.0 Library", part 2 (structures) and part 3 (commands).
constexpr std::uint16_t kNoSessions = 0x8001;
constexpr std::uint16_t kSessions = 0x8002;
constexpr std::uint32_t kCreatePrimary = 0x00000131;
constexpr std::uint32_t kHmac = 0x00000155;
constexpr std::uint32_t kFlushContext = 0x00000165;
constexpr std::uint32_t kOwner = 0x40000001;
constexpr std::uint32_t kPasswordSession = 0x40000009;
constexpr std::uint16_t kKeyedHash = 0x0008;
constexpr std::uint16_t kHmacScheme = 0x0005;
constexpr std::uint16_t kSha256 = 0x000B;
constexpr std::uint16_t kAsTheKeySays = 0x0010;
// fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, sign.
constexpr std::uint32_t kOwnHmacKey = 0x00040472;
constexpr std::uint32_t kYielded = 0x908;
constexpr std::uint32_t kTesting = 0x90A;
constexpr std::uint32_t kRetry = 0x922;
constexpr std::uint32_t kAuthFailed = 0x08E;  // without the number of the session
constexpr std::uint32_t kBadAuth = 0x0A2;
constexpr std::uint32_t kFormatOneCode = 0x0BF;

// Makes the key another one than any that somebody else derives. 32 bytes at most.
constexpr std::string_view kPurpose = "redflag agent key binding v1";
constexpr std::size_t kHeadBytes = 10;
constexpr std::size_t kMaxAnswer = 4096;
constexpr std::size_t kMaxTextBytes = 1024;
constexpr int kPatienceMs = 20'000;  // a TPM on a slow bus takes seconds
constexpr int kTries = 20;
constexpr std::chrono::milliseconds kPause{100};

class Words {
 public:
  Words& u8(std::uint8_t value) { return number(value, 1); }
  Words& u16(std::uint16_t value) { return number(value, 2); }
  Words& u32(std::uint32_t value) { return number(value, 4); }
  Words& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  Words& sized(std::string_view bytes) { return u16(static_cast<std::uint16_t>(bytes.size())).raw(bytes); }
  const std::string& bytes() const { return bytes_; }

 private:
  Words& number(std::uint32_t value, int size) {
    for (int i = size - 1; i >= 0; --i)
      bytes_ += static_cast<char>(value >> (8 * i));
    return *this;
  }
  std::string bytes_;
};

std::uint32_t numberAt(const std::string& bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

std::string command(std::uint16_t tag, std::uint32_t code, const std::string& rest) {
  const auto size = static_cast<std::uint32_t>(kHeadBytes + rest.size());
  return Words().u16(tag).u32(size).u32(code).raw(rest).bytes();
}

// The empty password of what the handle before it names.
std::string noPassword() {
  const std::string session = Words().u32(kPasswordSession).u16(0).u8(0).u16(0).bytes();
  return Words().u32(static_cast<std::uint32_t>(session.size())).raw(session).bytes();
}

std::string createPrimary() {
  const std::string sensitive = Words().u16(0).u16(0).bytes();  // no password, no data: the TPM makes the key
  const std::string shape = Words()
                                .u16(kKeyedHash)
                                .u16(kSha256)
                                .u32(kOwnHmacKey)
                                .u16(0)
                                .u16(kHmacScheme)
                                .u16(kSha256)
                                .sized(kPurpose)
                                .bytes();
  return command(kSessions, kCreatePrimary,
                 Words().u32(kOwner).raw(noPassword()).sized(sensitive).sized(shape).u16(0).u32(0).bytes());
}

class Tpm {
 public:
  explicit Tpm(Descriptor device) : device_(std::move(device)) {}

  // What follows the head of the answer.
  Result<std::string> ask(const std::string& words) {
    for (int tries = 0;; ++tries) {
      const auto answer = exchange(words);
      if (!answer) return answer;
      const std::uint32_t code = numberAt(*answer, 6, 4);
      if (code == 0) return answer->substr(kHeadBytes);
      const bool later = code == kRetry || code == kYielded || code == kTesting;
      if (!later || tries == kTries) return refused(code);
      std::this_thread::sleep_for(kPause);
    }
  }

 private:
  static Result<std::string> refused(std::uint32_t code) {
    const std::uint32_t kind = code & kFormatOneCode;
    if (kind == kAuthFailed || kind == kBadAuth) return fail(Code::kDenied, "the TPM's owner has a password");
    std::array<char, 16> hex{};
    std::snprintf(hex.data(), hex.size(), "0x%x", code);
    return fail(Code::kIo, std::string("the TPM answered with the code ") + hex.data());
  }

  Result<std::string> exchange(const std::string& words) {
    if (::write(device_.get(), words.data(), words.size()) != static_cast<ssize_t>(words.size()))
      return failed("writing to the TPM");
    std::string answer;
    // The device gives an answer at once, a socket in pieces.
    while (answer.size() < kHeadBytes || answer.size() < numberAt(answer, 2, 4)) {
      pollfd readable{device_.get(), POLLIN, 0};
      const int ready = ::poll(&readable, 1, kPatienceMs);
      if (ready < 0 && errno == EINTR) continue;
      if (ready == 0) return fail(Code::kUnavailable, "the TPM does not answer");
      std::array<char, kMaxAnswer> buffer;
      const ssize_t got = ::read(device_.get(), buffer.data(), buffer.size());
      if (got < 0) return failed("reading from the TPM");
      if (got == 0 || answer.size() + static_cast<std::size_t>(got) > kMaxAnswer)
        return fail(Code::kIo, "the TPM's answer is none");
      answer.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return answer;
  }

  static tl::unexpected<Error> failed(const char* what) {
    return fail(Code::kIo, std::string(what) + ": " + std::generic_category().message(errno));
  }

  Descriptor device_;
};

Result<Descriptor> openTpm(const std::filesystem::path& device, bool& there) {
  struct stat kind {};
  there = ::stat(device.c_str(), &kind) == 0;
  if (!there) return Descriptor();
  if (S_ISSOCK(kind.st_mode)) {
    auto stream = LocalStream::connect(device);
    if (!stream) return tl::unexpected<Error>(stream.error());
    return stream->leave();
  }
  Descriptor opened(::open(device.c_str(), O_RDWR | O_CLOEXEC));
  if (opened.valid()) return opened;
  const std::string why = device.string() + ": " + std::generic_category().message(errno);
  return fail(errno == EACCES || errno == EPERM ? Code::kDenied : Code::kUnavailable, why);
}

}  // namespace

Result<std::optional<std::string>> tpmMac(const std::string& text, const std::filesystem::path& device) {
  if (text.size() > kMaxTextBytes) return fail(Code::kLimit, "more than a TPM takes at once");
  bool there = false;
  auto opened = openTpm(device, there);
  if (!opened) return tl::unexpected<Error>(opened.error());
  if (!there) return std::nullopt;
  Tpm tpm(std::move(*opened));
  const auto made = tpm.ask(createPrimary());
  if (!made) return tl::unexpected<Error>(made.error());
  if (made->size() < 4) return fail(Code::kIo, "the TPM's answer is none");
  const std::uint32_t key = numberAt(*made, 0, 4);
  const auto said = tpm.ask(
      command(kSessions, kHmac, Words().u32(key).raw(noPassword()).sized(text).u16(kAsTheKeySays).bytes()));
  const auto flushed = tpm.ask(command(kNoSessions, kFlushContext, Words().u32(key).bytes()));
  if (!said) return tl::unexpected<Error>(said.error());
  if (!flushed) return tl::unexpected<Error>(flushed.error());
  // The size of what is answered, then the digest with its own.
  if (said->size() < 6 + kTpmMacBytes || numberAt(*said, 4, 2) != kTpmMacBytes)
    return fail(Code::kIo, "the TPM's answer is none");
  return said->substr(6, kTpmMacBytes);
}

}  // namespace redflag::platform
