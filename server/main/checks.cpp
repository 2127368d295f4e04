#include "main/checks.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <system_error>

#include "auth/secret_file.h"
#include "auth/x509.h"
#include "base/encoding.h"
#include "base/time.h"
#include "main/data_folder.h"
#include "main/metrics_token.h"
#include "main/settings.h"
#include "protocol/envelope.h"
#include "trust/expiry.h"
#include "trust/files.h"
#include "trust/repository.h"
#include "trust/set_back.h"

namespace redflag::server {
namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kProgramIsFrom_s = 1'735'689'600;  // 2025: no clock is right that says less

void add(std::vector<Finding>& out, const char* check, Level level, std::string text,
         std::string advice = "") {
  out.push_back({check, level, std::move(text), std::move(advice)});
}

// What a check found, or that it found nothing.
void conclude(std::vector<Finding>& out, std::size_t before, const char* check, const std::string& text) {
  for (std::size_t i = before; i < out.size(); ++i)
    if (out[i].level != Level::kNote) return;
  add(out, check, Level::kOk, text);
}

// What cannot even be asked for is there: whoever reads it says why it cannot.
bool isThere(const fs::path& file) {
  std::error_code error;
  return fs::status(file, error).type() != fs::file_type::not_found;
}

std::int64_t timeToSync(const fs::path& folder) {
  const fs::path file = folder / (".doctor-" + newId());
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), file.string());
  const std::int64_t began = monotonicNow();
  const bool ok = ::write(fd, "doctor\n", 7) == 7 && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  ::unlink(file.c_str());
  if (!ok) throw std::system_error(error, std::generic_category(), file.string());
  return monotonicNow() - began;
}

void checkOneSecret(const fs::path& file, std::vector<Finding>& out, unsigned forbidden = 0077) {
  struct stat about {};
  if (::lstat(file.c_str(), &about) != 0) return;
  if (!S_ISREG(about.st_mode)) {
    add(out, "secrets", Level::kError, file.string() + " is no regular file", "put the file itself there");
  } else if (about.st_uid != ::geteuid()) {
    add(out, "secrets", Level::kError, file.string() + " belongs to another user than who asks",
        "run doctor as the server's user; if it is, chown the file to it");
  } else if ((about.st_mode & forbidden) != 0) {
    add(out, "secrets", Level::kError, "others can read or write " + file.string(),
        "chmod 0600 " + file.string());
  }
}

// nullopt for what checkKeys() tells of.
std::optional<protocol::SigningKey> signingKeyIn(const fs::path& file) {
  try {
    const auto text = auth::readSecretFile(file);
    const auto seed = fromBase64Url(text ? text->substr(0, text->find('\n')) : "");
    if (!seed) return std::nullopt;
    auto key = protocol::SigningKey::fromSeed(*seed);
    return key ? std::optional(std::move(*key)) : std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

// Without the key that belongs to it a certificate is of no use, and the server does not start.
void checkPair(const fs::path& certificate, const char* advice, std::vector<Finding>& out) {
  const fs::path key = fs::path(certificate).replace_extension(".key");
  try {
    const auto pem = trust::readIfThere(certificate);
    if (!pem) return;
    const auto key_pem = auth::readSecretFile(key);
    if (!key_pem) return add(out, "certificates", Level::kError, key.string() + " is missing", advice);
    if (!auth::belongTogether(*auth::certificateFromPem(*pem), *auth::keyFromPem(*key_pem)))
      add(out, "certificates", Level::kError, key.string() + " is not the key of " + certificate.string(),
          advice);
  } catch (const std::exception& error) {
    add(out, "certificates", Level::kError, error.what(), advice);
  }
}

}  // namespace

const char* name(Level level) {
  switch (level) {
    case Level::kOk:
      return "ok";
    case Level::kNote:
      return "note";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      break;
  }
  return "error";
}

Machine lookAtMachine(const fs::path& folder) {
  Machine out;
  out.now_s = epochNow() / kSecondNs;
  timex clock{};
  out.clock_synchronized = ::adjtimex(&clock) != TIME_ERROR && (clock.status & STA_UNSYNC) == 0;
  struct statvfs space {};
  if (::statvfs(folder.c_str(), &space) != 0)
    throw std::system_error(errno, std::generic_category(), folder.string());
  const auto block = static_cast<std::int64_t>(space.f_frsize);
  out.disk_bytes = static_cast<std::int64_t>(space.f_blocks) * block;
  out.free_bytes = static_cast<std::int64_t>(space.f_bavail) * block;
  if (space.f_files > 0) out.free_files = static_cast<std::int64_t>(space.f_favail);
  try {
    out.sync_ns = timeToSync(folder);
  } catch (const std::system_error& error) {
    if (error.code().value() == ENOSPC) {
      out.free_bytes = 0;  // told as what it is
    } else {
      out.unwritten = error.what();
    }
  }
  return out;
}

void checkMachine(const Machine& machine, std::vector<Finding>& out) {
  const std::size_t before = out.size();
  const std::string left = std::to_string(machine.free_bytes / kMiB) + " MiB free";
  if (machine.free_bytes < 200 * kMiB) {
    add(out, "disk", Level::kError, left + ": the server soon takes nothing any more",
        "make room, or move the data folder to a larger disk; keep_days in server.yaml says how long it "
        "remembers");
  } else if (machine.free_bytes < 1024 * kMiB || machine.free_bytes < machine.disk_bytes / 20) {
    add(out, "disk", Level::kWarning, left + " of " + std::to_string(machine.disk_bytes / kMiB),
        "make room soon");
  }
  if (machine.free_files >= 0 && machine.free_files < 1'000)
    add(out, "disk", Level::kError, "room for " + std::to_string(machine.free_files) + " more files",
        "remove what fills the file system with small files");
  if (!machine.unwritten.empty())
    add(out, "disk", Level::kError, machine.unwritten,
        "run doctor as the server's user, on a disk that can be written");
  conclude(out, before, "disk", left);

  const std::size_t clock = out.size();
  if (machine.now_s < kProgramIsFrom_s) {
    add(out, "clock", Level::kError, "the clock says " + toRfc3339(machine.now_s * kSecondNs).substr(0, 10),
        "set it, and let a time service (chrony, systemd-timesyncd) keep it");
  } else if (!machine.clock_synchronized) {
    add(out, "clock", Level::kNote, "no time service says that it keeps the clock",
        "let chrony or systemd-timesyncd keep it: agents refuse orders of a server that is five minutes off");
  }
  conclude(out, clock, "clock", toRfc3339(machine.now_s * kSecondNs));

  if (!machine.unwritten.empty()) return;
  const std::string sync =
      std::to_string(machine.sync_ns / kMillisecondNs) + " ms to write and sync a small file";
  if (machine.sync_ns > 200 * kMillisecondNs) {
    add(out, "disk_speed", Level::kWarning, sync + ": each commit waits as long",
        "use a faster disk for the data folder, or find out what else keeps this one busy");
  } else {
    add(out, "disk_speed", Level::kOk, sync);
  }
}

void checkSecrets(const fs::path& data, std::vector<Finding>& out) {
  const std::size_t before = out.size();
  struct stat about {};
  if (::stat(data.c_str(), &about) == 0 && (about.st_mode & 0077U) != 0)
    add(out, "secrets", Level::kError, "others can enter " + data.string(), "chmod 0700 " + data.string());
  for (const char* folder : {"keys", "tls"}) {
    std::error_code error;
    // Certificates too: the server reads none that others can read.
    for (const auto& entry : fs::directory_iterator(data / folder, error))
      checkOneSecret(entry.path(), out);
    if (error)
      add(out, "secrets", Level::kError, (data / folder).string() + ": " + error.message(),
          "run doctor as the server's user");
  }
  for (const char* file : {"redflag.db", "redflag.db-wal"})
    checkOneSecret(data / file, out);
  checkOneSecret(data / "server.yaml", out, 0022);  // a password in it is the settings' own affair
  conclude(out, before, "secrets", "keys, certificates, database and settings are their owner's alone");
}

void checkKeys(const fs::path& data, std::vector<Finding>& out) {
  const std::size_t before = out.size();
  const auto check = [&](const char* file, bool is_seed, const char* advice) {
    try {
      const auto bytes = auth::readSecretFile(data / "keys" / file);
      if (!bytes) return add(out, "keys", Level::kError, std::string("keys/") + file + " is missing", advice);
      const std::string text = bytes->substr(0, bytes->find('\n'));
      const auto seed = is_seed ? fromBase64Url(text) : Result<std::string>(*bytes);
      if (!seed || seed->size() != 32)
        add(out, "keys", Level::kError, std::string("keys/") + file + " is damaged", advice);
    } catch (const std::exception& error) {
      add(out, "keys", Level::kError, error.what(), "put its owner and mode right");
    }
  };
  check("command.key", true, "restore it from a backup: agents believe no other key's orders");
  if (isThere(data / "keys/access.key"))  // the next start makes one
    check("access.key", true, "restore it from a backup, or remove it: the server makes a new one");
  const char* online =
      "restore it from a backup: where it is missing the next start makes another one, which agents believe "
      "once the offline keys have signed it (`redflag-server keys rotate --server FILE`)";
  check("snapshot.key", true, online);
  check("timestamp.key", true, online);
  if (isThere(data / "keys/audit.key"))  // as access.key
    check("audit.key", true, "restore it from a backup: heads of the audit log are signed with it");
  check("device.key", false, "restore it from a backup, or run `redflag-server init` for a new one");
  try {
    static_cast<void>(readMetricsToken(data / "keys/metrics.token"));
  } catch (const std::exception& error) {
    add(out, "keys", Level::kError, error.what(),
        "put it right, or remove it: the next start makes a new one, which the monitoring system then has to "
        "show");
  }
  conclude(out, before, "keys", "command key, online keys and device key are there");
}

void checkOrders(const fs::path& data, std::int64_t now_s, std::vector<Finding>& out) {
  const auto command = signingKeyIn(data / "keys/command.key");
  const auto snapshot = signingKeyIn(data / "keys/snapshot.key");
  const auto timestamp = signingKeyIn(data / "keys/timestamp.key");
  if (!command || !snapshot || !timestamp) return;
  try {
    const trust::Repository repository(data / "trust", {*snapshot, *timestamp});
    const auto published = repository.look(now_s * kSecondNs);
    if (!published)
      return add(out, "orders", Level::kNote, "no trust root is published yet, and nothing can be ordered",
                 "see `redflag-server keys init --help`");
    if (published->commands.publicKey(protocol::keyId(command->publicKey()), now_s * kSecondNs))
      return add(out, "orders", Level::kOk, "the published list names this server's command key");
    add(out, "orders", Level::kError,
        "the published list does not name this server's command key, or not for now: no order is signed",
        "restore keys/command.key from a backup; or, where the offline keys are, list this one: "
        "`redflag-server keys commands --add FILE` with what `redflag-server keys server` prints here, sign, "
        "publish");
  } catch (const std::exception& error) {
    add(out, "orders", Level::kError, std::string("no order is signed: ") + error.what(),
        "publish again from the offline keys, or restore trust/ and keys/ from a backup");
  }
}

void checkSetBack(const fs::path& data, std::vector<Finding>& out) {
  const std::size_t before = out.size();
  try {
    const auto why = trust::whyHeldBack(trust::marksIn(data), trust::versionsIn(data / "trust"));
    if (!why.empty())
      add(out, "trust", Level::kError, "no order is signed: " + why,
          "find out who put it back before the offline keys sign that it may order again");
  } catch (const std::exception& error) {
    add(out, "trust", Level::kError, error.what(), "restore it from a backup");
  }
  conclude(out, before, "trust", "no agent knows newer trust documents than this server");
}

void checkExpiries(const fs::path& data, std::int64_t now_s, std::vector<Finding>& out) {
  const std::size_t before = out.size();
  const std::int64_t now_ns = now_s * kSecondNs;
  const char* restore = "restore it from a backup: with another authority no agent believes this server";
  for (const char* file : {"ca-active.pem", "ca-reserve.pem"}) {
    if (!isThere(data / "tls" / file))
      add(out, "certificates", Level::kError, (data / "tls" / file).string() + " is missing", restore);
    checkPair(data / "tls" / file, restore, out);
  }
  checkPair(data / "tls/server.pem", "remove server.pem as well: the next start makes both anew", out);
  if (!isThere(data / "tls/server.pem"))
    add(out, "certificates", Level::kNote, "there is no server certificate yet", "the first start makes one");
  const auto expiries = trust::expiriesOf(data);
  for (const auto& one : expiries.known) {
    const int urgency = trust::urgencyOf(one, now_ns);
    if (urgency == 0) continue;
    const bool is_tls = one.what == "certificate" || one.what == "authority" || one.what == "reserve";
    const Level level = urgency < 0 ? Level::kError : Level::kWarning;
    add(out, is_tls ? "certificates" : "trust", level, trust::sentenceOf(one, now_ns), one.advice);
  }
  for (const auto& why : expiries.unreadable)
    add(out, "certificates", Level::kError, why, "restore it from a backup");
  conclude(out, before, "certificates", "nothing of certificates and trust documents ends soon");
}

}  // namespace redflag::server
