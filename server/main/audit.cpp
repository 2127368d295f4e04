#include "main/audit.h"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <system_error>

#include "base/json.h"
#include "base/time.h"
#include "main/data_folder.h"
#include "main/database.h"
#include "main/offline.h"
#include "services/audit_keeper.h"

namespace redflag::server {
namespace {

struct AuditOptions {
  std::filesystem::path data;
  std::string database;
  std::filesystem::path file;
  std::filesystem::path head;
  std::filesystem::path to;
  store::AuditExport what;
  std::string since;
  std::string until;
};

// The log of a data folder; a server may be running on it.
class OpenLog {
 public:
  explicit OpenLog(const AuditOptions& options)
      : data_(DataFolder::open(options.data)),
        settings_(readSettings(data_.settings())),
        store_(openDatabase(data_, settings_, options.database)),
        keeper_(*store_, loadAuditKey(data_), data_.auditHead(), systemClock(), settings_.keepAuditNs()) {}
  store::Store& store() { return *store_; }
  services::AuditKeeper& keeper() { return keeper_; }

 private:
  DataFolder data_;
  Settings settings_;
  std::unique_ptr<store::Store> store_;
  services::AuditKeeper keeper_;
};

std::int64_t timeOf(const std::string& text, const char* option, std::int64_t fallback) {
  if (text.empty()) return fallback;
  const auto time = fromRfc3339(text.size() == 10 ? text + "T00:00:00Z" : text);
  if (!time)
    throw std::runtime_error(std::string(option) +
                             ": expected a time such as 2026-01-31 or 2026-01-31T08:00:00Z");
  return *time;
}

store::AuditVerdict verdictOf(const AuditOptions& options) {
  std::optional<store::SignedHead> head;
  if (!options.head.empty()) head = services::readHeadFile(options.head);
  if (!options.file.empty()) {
    std::ifstream in(options.file);
    if (!in) throw std::runtime_error(options.file.string() + ": it cannot be read");
    return store::verifyExport(in, head);
  }
  OpenLog log(options);
  if (!head) return log.keeper().verify().verdict;
  if (head->public_key != log.keeper().head().public_key)
    throw std::runtime_error(options.head.string() + ": signed by another key than this server's");
  return log.store().read([&](const store::ReadTransaction& tx) { return store::verifyAudit(tx, head); });
}

void verify(const AuditOptions& options, bool& whole) {
  if (options.data.empty() == options.file.empty())
    throw CLI::ValidationError("audit verify", "expected --data or --file, and not both");
  const auto verdict = verdictOf(options);
  whole = verdict.ok;
  (verdict.ok ? std::cout : std::cerr)
      << (verdict.ok ? "the log is whole: " : "the log is NOT whole: ") << verdict.text << '\n';
}

void exportTo(AuditOptions options) {
  options.what.from = timeOf(options.since, "--since", 0);
  options.what.to = timeOf(options.until, "--until", INT64_MAX);
  OpenLog log(options);
  const int fd = ::open(options.to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), options.to.string());
  ::close(fd);
  std::ofstream out(options.to);
  log.keeper().exportTo(options.what, [&out](const std::string& line) { out << line << '\n'; });
  out.close();
  if (!out) {
    std::filesystem::remove(options.to);
    throw std::runtime_error(options.to.string() + ": it could not be written");
  }
  std::cout << options.to.string() << '\n';
}

void printHead(const AuditOptions& options) {
  OpenLog log(options);
  std::cout << dumpJson(store::toJson(log.keeper().head())) << '\n';
}

void addDataTo(CLI::App* command, AuditOptions& options, bool required) {
  command->add_option("--data", options.data, "the server's folder")->required(required);
  command->add_option("--database", options.database, "postgresql://… instead of what server.yaml says");
}

}  // namespace

void addAudit(CLI::App& app, bool& whole) {
  auto options = std::make_shared<AuditOptions>();
  CLI::App* audit = app.add_subcommand("audit", "the audit log: whether it is whole, and its excerpts");
  audit->require_subcommand(1);

  CLI::App* verifying = audit->add_subcommand(
      "verify", "check every record of a log or of an exported file; exit code 1, and which record, if not");
  addDataTo(verifying, *options, false);
  verifying->add_option("--file", options->file, "what `audit export` wrote, instead of --data");
  verifying->add_option("--head", options->head,
                        "a signed head that was kept elsewhere: shows that the end was cut off or all was "
                        "computed anew");
  verifying->callback([options, &whole] { verify(*options, whole); });

  CLI::App* exporting =
      audit->add_subcommand("export", "write the log, or one client's part of it, as JSON lines");
  addDataTo(exporting, *options, true);
  exporting->add_option("--client", options->what.client_id,
                        "the id of a client: of others' records only hashes are written");
  exporting->add_option("--since", options->since, "from this time on");
  exporting->add_option("--until", options->until, "before this time");
  exporting->add_option("--to", options->to, "the new file")->required();
  exporting->callback([options] { exportTo(*options); });

  CLI::App* head =
      audit->add_subcommand("head", "print the signed head: keep it where the server cannot reach");
  addDataTo(head, *options, true);
  head->callback([options] { printHead(*options); });
}

}  // namespace redflag::server
