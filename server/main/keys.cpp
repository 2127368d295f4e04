#include "main/keys.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <memory>
#include <optional>

#include "base/time.h"
#include "main/data_folder.h"
#include "main/offline.h"
#include "main/passphrase.h"
#include "trust/files.h"
#include "trust/key_folder.h"

namespace redflag::server {
namespace {

constexpr std::int64_t kDayNs = 86'400 * kSecondNs;

struct KeysOptions {
  std::filesystem::path keys;
  std::filesystem::path server_file;
  std::filesystem::path data;
  std::filesystem::path repository;
  std::string role;
  std::string key_id;
  std::vector<std::string> revoke;
  std::uint64_t threshold = 1;
  std::int64_t days = 180;
  std::optional<std::int64_t> restore_epoch;
  std::optional<std::int64_t> minimal_envelope_version;
  int passphrase_fd = -1;
  bool json = false;
};

trust::ServerKeys readServer(const std::filesystem::path& file) {
  const auto text = trust::readIfThere(file);
  if (!text) throw std::runtime_error(file.string() + ": there is no such file");
  return trust::decodeServerKeys(*text);
}

void sayNext() {
  std::cout << "Staged. Next: redflag-server keys sign, then keys publish.\n";
}

void make(const KeysOptions& options) {
  trust::KeyFolder::make(options.keys, readServer(options.server_file),
                         passphrasesFrom(options.passphrase_fd), epochNow());
  sayNext();
}

void printServer(const KeysOptions& options) {
  std::cout << trust::encodeServerKeys(serverKeys(DataFolder::open(options.data)));
}

void add(const KeysOptions& options) {
  trust::KeyFolder folder(options.keys);
  std::cout << folder.addKey(options.role, passphrasesFrom(options.passphrase_fd), epochNow()) << '\n';
  sayNext();
}

void rotate(const KeysOptions& options) {
  trust::KeyFolder folder(options.keys);
  const std::int64_t now = epochNow();
  if (!options.server_file.empty()) {
    folder.replaceOnlineKeys(readServer(options.server_file), now);
  } else if (options.role.empty() || options.key_id.empty()) {
    throw std::runtime_error("rotate: expected a role and a key id, or --server FILE for the server's keys");
  } else {
    std::cout << folder.addKey(options.role, passphrasesFrom(options.passphrase_fd), now) << '\n';
    folder.removeKey(options.role, options.key_id, now);
  }
  sayNext();
}

void changeList(const KeysOptions& options) {
  trust::ListChange change;
  if (!options.server_file.empty()) change.server = readServer(options.server_file);
  change.revoke = options.revoke;
  change.valid_ns = options.days * kDayNs;
  change.restore_epoch = options.restore_epoch;
  change.minimal_envelope_version = options.minimal_envelope_version;
  trust::KeyFolder(options.keys).changeList(change, epochNow());
  sayNext();
}

void tell(const Json& state) {
  for (const auto& [role, rule] : state["roles"].items()) {
    std::cout << role << ": " << rule["threshold"] << " of " << rule["keys"].size() << " keys must sign\n";
    for (const Json& key : rule["keys"])
      std::cout << "  " << key["key_id"].get<std::string>() << (key["here"] == true ? "  (here)" : "")
                << '\n';
  }
  for (const char* role : {"root", "targets"}) {
    std::cout << role << ": version " << state[role]["version"] << ", expires "
              << state[role]["expires"].get<std::string>();
    if (state[role]["staged"] == true)
      std::cout << "; the next is staged, " << state[role]["signatures"] << " signed";
    std::cout << '\n';
  }
  for (const Json& key : state["commands"]["keys"])
    std::cout << "command key " << key["key_id"].get<std::string>() << " until "
              << key["not_after"].get<std::string>() << '\n';
}

void show(const KeysOptions& options) {
  const Json state = trust::KeyFolder(options.keys).describe();
  if (!options.json) return tell(state);
  std::cout << dumpJson(state) << '\n';
}

// A signer sees what it will be, not what somebody said of it.
void sign(const KeysOptions& options) {
  trust::KeyFolder keys(options.keys);
  tell(keys.describe());
  std::cout << std::flush;
  std::cout << keys.sign(passphrasesFrom(options.passphrase_fd)) << " signatures made.\n";
}

class Commands {
 public:
  explicit Commands(CLI::App& keys) : keys_(keys), options_(std::make_shared<KeysOptions>()) {}

  // Every one of them works on a key folder.
  CLI::App& on(const char* name, const char* help, void (*work)(const KeysOptions&)) {
    CLI::App* command = keys_.add_subcommand(name, help);
    command->add_option("--keys", options_->keys, "the folder of the offline keys")->required();
    command->callback([work, options = options_] { work(*options); });
    return *command;
  }
  CLI::App& asking(CLI::App& command) {
    command.add_option("--passphrase-fd", options_->passphrase_fd,
                       "read passphrases, one a line, from this descriptor instead of the terminal");
    return command;
  }
  CLI::Option* role(CLI::App& command) {
    return command.add_option("ROLE", options_->role, "root or targets")
        ->check(CLI::IsMember({"root", "targets"}));
  }
  KeysOptions& options() { return *options_; }
  CLI::App& keys() { return keys_; }
  std::shared_ptr<KeysOptions> shared() { return options_; }

 private:
  CLI::App& keys_;
  std::shared_ptr<KeysOptions> options_;
};

void addMaking(Commands& commands) {
  KeysOptions& options = commands.options();
  const char* server_help = "what `keys server` printed there";
  CLI::App* server =
      commands.keys().add_subcommand("server", "print what offline keys must know of a server");
  server->add_option("--data", options.data, "the server's folder")->required();
  server->callback([shared = commands.shared()] { printServer(*shared); });

  CLI::App& init =
      commands.asking(commands.on("init", "make a trust root: a key each for root, targets", make));
  init.add_option("--server", options.server_file, server_help)->required();

  CLI::App& adding = commands.asking(commands.on("add", "give a role one more key", add));
  commands.role(adding)->required();

  CLI::App& rotating = commands.asking(commands.on("rotate", "replace a key, or the server's", rotate));
  commands.role(rotating);
  rotating.add_option("KEYID", options.key_id, "the key that goes");
  rotating.add_option("--server", options.server_file, server_help);

  CLI::App& removing = commands.on("remove", "take a key from a role", [](const KeysOptions& o) {
    trust::KeyFolder(o.keys).removeKey(o.role, o.key_id, epochNow());
    sayNext();
  });
  commands.role(removing)->required();
  removing.add_option("KEYID", options.key_id, "the key that goes")->required();

  CLI::App& threshold =
      commands.on("threshold", "how many keys of a role must sign", [](const KeysOptions& o) {
        trust::KeyFolder(o.keys).setThreshold(o.role, o.threshold, epochNow());
        sayNext();
      });
  commands.role(threshold)->required();
  threshold.add_option("N", options.threshold)->required()->check(CLI::Range(1, 100));
}

void addUsing(Commands& commands) {
  KeysOptions& options = commands.options();
  CLI::App& list = commands.on("commands", "change which keys may sign orders", changeList);
  list.add_option("--add", options.server_file,
                  "add the command key of the server that this file describes, and take over its addresses");
  list.add_option("--revoke", options.revoke, "ids of command keys that end");
  list.add_option("--days", options.days, "for how long the added key is good")->check(CLI::Range(1, 3650));
  list.add_option("--restore-epoch", options.restore_epoch, "after a restore: orders of older epochs end");
  list.add_option("--minimal-envelope-version", options.minimal_envelope_version,
                  "agents refuse older envelopes");

  CLI::App& renew = commands.on("renew", "the same again, with a later end", [](const KeysOptions& o) {
    trust::KeyFolder(o.keys).renew(o.role, o.days * kDayNs, epochNow());
    sayNext();
  });
  commands.role(renew)->required();
  renew.add_option("--days", options.days, "from today")->check(CLI::Range(1, 3650));

  commands.asking(commands.on("sign", "sign what is staged; no passphrase: not this key", sign));
  CLI::App& publish =
      commands.on("publish", "put what is complete into DATA/trust, or a folder",
                  [](const KeysOptions& o) { trust::KeyFolder(o.keys).publish(o.repository); });
  publish.add_option("DIR", options.repository)->required();
  CLI::App& showing = commands.on("show", "roles, keys, versions, what is staged", show);
  showing
      .add_option_function<std::string>(
          "--format", [&options](const std::string& format) { options.json = format == "json"; },
          "text or json")
      ->check(CLI::IsMember({"text", "json"}));
}

}  // namespace

void addKeys(CLI::App& app) {
  CLI::App* keys = app.add_subcommand("keys", "the trust root: offline keys, and what they sign");
  keys->require_subcommand(1);
  Commands commands(*keys);
  addMaking(commands);
  addUsing(commands);
}

}  // namespace redflag::server
