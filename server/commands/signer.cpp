#include "commands/signer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/encoding.h"
#include "protocol/envelope.h"

namespace redflag::commands {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

tl::unexpected<Error> ioError(const std::filesystem::path& file) {
  return fail(Code::kIo, file.string() + ": " + std::strerror(errno));
}

Result<> create(const std::filesystem::path& file) {
  const std::string text = toBase64Url(protocol::SigningKey::generate().seed()) + "\n";
  // Written beside and renamed: a key file is whole or not there.
  const std::filesystem::path fresh = file.string() + ".new";
  {
    const Descriptor out(::open(fresh.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (out.get() < 0) return ioError(fresh);
    if (::write(out.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      return ioError(fresh);
    if (::fsync(out.get()) != 0) return ioError(fresh);
  }
  if (::rename(fresh.c_str(), file.c_str()) != 0) return ioError(file);
  const Descriptor folder(::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return ioError(file);
  return {};
}

}  // namespace

Result<protocol::SigningKey> loadOrMakeKey(const std::filesystem::path& key_file) {
  if (!std::filesystem::exists(std::filesystem::symlink_status(key_file))) {
    if (auto made = create(key_file); !made) return tl::unexpected<Error>(made.error());
  }
  const Descriptor in(::open(key_file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (in.get() < 0) return ioError(key_file);
  struct stat info {};
  if (::fstat(in.get(), &info) != 0) return ioError(key_file);
  if ((info.st_mode & 077) != 0 || !S_ISREG(info.st_mode)) {
    return fail(Code::kDenied, key_file.string() + ": others may read this key; expected mode 0600");
  }
  std::array<char, 128> buffer;
  const ssize_t size = ::read(in.get(), buffer.data(), buffer.size());
  if (size < 0) return ioError(key_file);
  std::string text(buffer.data(), static_cast<std::size_t>(size));
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  const auto seed = fromBase64Url(text);
  if (!seed) return fail(Code::kCorrupt, key_file.string() + ": not a key of this server");
  auto key = protocol::SigningKey::fromSeed(*seed);
  if (!key) return fail(Code::kCorrupt, key_file.string() + ": " + key.error().text);
  return key;
}

Result<CommandSigner> CommandSigner::load(const std::filesystem::path& key_file) {
  auto key = loadOrMakeKey(key_file);
  if (!key) return tl::unexpected<Error>(key.error());
  return CommandSigner(std::move(*key));
}

Result<Json> CommandSigner::sign(const store::Command& command, std::int64_t restore_epoch,
                                 std::int64_t now) const {
  protocol::Envelope envelope;
  envelope.command_id = command.id;
  envelope.client_id = command.client_id;
  envelope.agent_id = command.agent_id;
  envelope.command_type = command.type;
  const auto actions = parseJson(command.actions, {32U << 20, 32, 2'000'000});
  if (!actions) return failAt("command " + command.id, actions.error());
  for (const Json& action : *actions) {
    // dumpJson is the one text of these parameters: the same bytes, and so the same identity, at each fetch.
    envelope.actions.push_back({action.at("plugin"), action.at("action"), dumpJson(action.at("parameters"))});
  }
  const auto plan_hash = fromHex(command.plan_hash);
  if (!plan_hash) return failAt("command " + command.id, plan_hash.error());
  envelope.plan_hash = *plan_hash;
  envelope.restore_epoch = restore_epoch;
  envelope.issued_at = now;
  envelope.not_before = command.not_before;
  envelope.expires_at = command.expires_at;
  return protocol::sealEnvelope(std::move(envelope), key_);
}

std::vector<protocol::CommandKey> CommandSigner::publicKeys() const {
  return {{protocol::keyId(key_.publicKey()), key_.publicKey()}};
}

}  // namespace redflag::commands
