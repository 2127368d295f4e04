// redflag-server: one program, one data folder.

#include <malloc.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "base/encoding.h"
#include "base/line_flag.h"
#include "base/log.h"
#include "base/narrow_help.h"
#include "base/request_flag.h"
#include "http/message.h"
#include "main/audit.h"
#include "main/authority_commands.h"
#include "main/commands.h"
#include "main/keys.h"
#include "main/settings.h"

namespace redflag::server {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

// Nothing the server writes is for others, and nobody may look into its memory.
void protectProcess() {
  ::umask(077);
  ::prctl(PR_SET_DUMPABLE, 0);
  ::mallopt(M_ARENA_MAX, 2);  // few threads, short work: more arenas only keep memory
}

void logToStderr() {
  auto logger = spdlog::stderr_logger_mt("redflag-server");
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<RequestFlag>(RequestFlag::kFlag)
      .add_flag<LineFlag>(LineFlag::kFlag)
      .set_pattern("%Y-%m-%dT%H:%M:%S.%e%z level=%l %q%Q");
  logger->set_formatter(std::move(formatter));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(logger);
}

std::filesystem::path besideProgram(const char* what) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / what).lexically_normal();
}

struct Arguments {
  InitOptions init;
  ServeOptions serve;
  MigrateOptions migrate;
  BackupOptions backup;
  RestoreOptions restore;
  DoctorOptions doctor;
  TokenOptions token;
  UserOptions user;
};

void addData(CLI::App& command, std::filesystem::path& data, std::string& database) {
  command.add_option("--data", data, "the server's folder")->required();
  command.add_option("--database", database,
                     "postgresql://… instead of server.yaml's, or of the folder's own file");
}

void addInit(CLI::App& app, InitOptions& options) {
  CLI::App* command = app.add_subcommand("init", "make a data folder ready: database, CA, keys");
  addData(*command, options.data, options.database);
  command->add_option("--name", options.names, "what agents and browsers call this server");
  command->add_flag("--new-second-factor-key", options.new_second_factor_key,
                    "another key of second factors, where the database's is lost on every server: people "
                    "then sign in with recovery codes");
  command->callback([&options] { init(options); });
}

void addServe(CLI::App& app, ServeOptions& options) {
  CLI::App* command = app.add_subcommand("serve", "serve until SIGTERM");
  addData(*command, options.data, options.database);
  command->add_option("--listen", options.listen, "ADDRESS:PORT instead of server.yaml's; port 0 picks one");
  command->add_option("--web", options.web, "the built browser application");
  command->add_option("--command-types", options.command_types, "folders of command types");
  command->add_option("--host", options.host, "the redflag-host program");
  command->callback([&options] {
    if (options.web.empty()) options.web = besideProgram("../web");
    if (options.command_types.empty()) options.command_types = {besideProgram("../command_types")};
    if (options.host.empty()) options.host = besideProgram("redflag-host");
    serve(options);
  });
}

void addMigrate(CLI::App& app, MigrateOptions& options) {
  CLI::App* command =
      app.add_subcommand("migrate", "bring the database's schema up to date, as serve does by itself");
  addData(*command, options.data, options.database);
  CLI::Option* status = command->add_flag("--status", options.status, "only print which steps were applied");
  CLI::Option* dry_run =
      command->add_flag("--dry-run", options.dry_run, "carry the pending steps out and take them back");
  dry_run->excludes(status);
  command
      ->add_option(
          "--to-postgres", options.to_postgres,
          "copy the folder's database, whose server must not run, into the empty one at this postgresql:// "
          "URL, and compare; a password is better in PGPASSFILE than in the URL. Broken off, it goes on when "
          "it is run again. The file and the folder's keys stay as they are")
      ->excludes(status)
      ->excludes(dry_run);
  command->add_option("--format", options.format, "text or json")->check(CLI::IsMember({"text", "json"}));
  command->callback([&options] { migrate(options); });
}

void addBackup(CLI::App& app, BackupOptions& options) {
  CLI::App* command = app.add_subcommand(
      "backup",
      "write database, CA, keys and settings into one file, also while serving; it holds the CA's key and "
      "the command key, so keep it as safe as the server. Not for PostgreSQL: use pg_dump there");
  addData(*command, options.data, options.database);
  command->add_option("--to", options.to, "the new file; one that exists is refused")->required();
  command->callback([&options] { backup(options); });
}

void addRestore(CLI::App& app, RestoreOptions& options) {
  CLI::App* command = app.add_subcommand(
      "restore",
      "put a backup in the place of the folder's server, which must not run; what was there is kept aside. "
      "No order is signed afterwards until `keys commands --restore-epoch` raised the epoch: look first at "
      "what would be ordered. What was revoked since the backup ends again where the folder still has its "
      "keys/endings; else tokens are void, and each agent waits until a person has accepted it");
  command->add_option("--data", options.data, "the server's folder; made where there is none")->required();
  command->add_option("--from", options.from, "a file that backup wrote")->required();
  command->add_option("--endings", options.endings,
                      "the file keys/endings of the server as it last was, where the folder has none");
  command->callback([&options] { restore(options); });
}

void addDoctor(CLI::App& app, DoctorOptions& options, bool& healthy) {
  CLI::App* command = app.add_subcommand("doctor", "look whether all is well; exit code 1 if not");
  addData(*command, options.data, options.database);
  command->add_option("--format", options.format, "text or json")->check(CLI::IsMember({"text", "json"}));
  command->callback([&options, &healthy] { healthy = doctor(options); });
}

void addToken(CLI::App& app, TokenOptions& options) {
  CLI::App* token = app.add_subcommand("token", "enrolment tokens")->require_subcommand(1);
  CLI::App* command = token->add_subcommand("create", "print the bundle that lets agents enrol");
  addData(*command, options.data, options.database);
  command->add_option("--seats", options.seats, "how many machines may use it")
      ->check(CLI::Range(1, 100'000));
  command->add_option("--expires", options.expires_in_s, "for how long: 10m, 1h, 7d")
      ->transform(CLI::AsNumberWithUnit(
          std::map<std::string, std::int64_t>{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86'400}}))
      ->check(CLI::Range(std::int64_t{60}, std::int64_t{90 * 86'400}));
  command
      ->add_option("--accept", options.accept,
                   "auto, or manual: a person accepts each machine (more than one seat)")
      ->check(CLI::IsMember({"auto", "manual"}));
  command->callback([&options] { createToken(options); });
}

void addUser(CLI::App& app, UserOptions& options, bool& password_stdin) {
  CLI::App* user = app.add_subcommand("user", "people")->require_subcommand(1);
  CLI::App* command = user->add_subcommand("create", "make a user");
  addData(*command, options.data, options.database);
  command->add_option("--username", options.username)->required();
  command->add_option("--role", options.role)
      ->check(CLI::IsMember({"viewer", "technician", "approver", "admin"}));
  command->add_flag("--password-stdin", password_stdin, "the password is the first line of stdin")
      ->required();
  command->callback([&options] { createUser(options); });
}

int run(int argc, char** argv) {
  CLI::App app("RedFlag server");
  NarrowHelp::use(app);
  app.require_subcommand(1);
  Arguments arguments;
  bool password_stdin = false;
  addInit(app, arguments.init);
  addServe(app, arguments.serve);
  addMigrate(app, arguments.migrate);
  addBackup(app, arguments.backup);
  addRestore(app, arguments.restore);
  bool healthy = true;
  addDoctor(app, arguments.doctor, healthy);
  addToken(app, arguments.token);
  addUser(app, arguments.user, password_stdin);
  addAuthority(app);
  addKeys(app);
  addAudit(app, healthy);
  app.add_subcommand("version", "print the version")->callback([] { std::cout << REDFLAG_VERSION << '\n'; });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  } catch (const ConfigurationError& error) {
    spdlog::error("{}", error.what());
    return kUsage;
  } catch (const http::Problem& problem) {
    spdlog::error("{}", problem.detail);
    return kFailed;
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    return kFailed;
  }
  return healthy ? 0 : kFailed;
}

}  // namespace
}  // namespace redflag::server

int main(int argc, char** argv) {
  redflag::server::protectProcess();
  redflag::server::logToStderr();
  if (const auto crypto = redflag::initCrypto(); !crypto) {
    spdlog::error("{}", crypto.error().text);
    return redflag::server::kFailed;
  }
  return redflag::server::run(argc, argv);
}
