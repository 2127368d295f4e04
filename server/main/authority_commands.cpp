#include "main/authority_commands.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "auth/secret_file.h"
#include "auth/x509.h"
#include "base/time.h"
#include "main/authority_rotation.h"
#include "main/data_folder.h"
#include "main/database.h"
#include "main/offline.h"
#include "main/settings.h"
#include "protocol/command_list.h"

namespace redflag::server {
namespace {

struct AuthorityOptions {
  std::filesystem::path data;
  std::string database;
  bool json = false;
};

constexpr const char* kPublish =
    "Now hand it out: `redflag-server keys server` here, then with the offline keys `keys commands --add "
    "FILE`,\n"
    "`keys sign` and `keys publish`.\n";

Rotation stateOf(const AuthorityOptions& options, const DataFolder& data) {
  const auth::Authority authority(data.tls());
  const auto store = openDatabase(data, readSettings(data.settings()), options.database);
  const auto published = trust::publishedList(data.trust());
  return rotationOf(authority, *store, published ? &*published : nullptr, epochNow());
}

Json authoritiesOf(const DataFolder& data) {
  Json out = Json::array();
  for (const char* role : {"active", "reserve", "next", "old"}) {
    const auto pem = auth::readSecretFile(data.tls() / (std::string("ca-") + role + ".pem"));
    if (!pem) continue;
    const auto certificate = auth::certificateFromPem(*pem);
    out.push_back({{"role", role},
                   {"mark", protocol::authorityMark(auth::toDer(*certificate))},
                   {"ends", toRfc3339(auth::notAfter(*certificate) * kSecondNs)}});
  }
  return out;
}

std::string nextStep(const Rotation& state, bool old) {
  if (state.begun && !state.published) return std::string("The next one is not handed out yet. ") + kPublish;
  if (state.begun && state.ready) return "The server switches within ten seconds, or at its next start.\n";
  if (state.begun) {
    return "Waiting for agents: " + std::to_string(state.reach.believe) + " of the " +
           std::to_string(state.reach.seen) + " seen in the last 14 days believe the next one.\n";
  }
  if (old) return "The reserve has taken over. Next: redflag-server ca retire.\n";
  return "No change is under way.\n";
}

void show(const AuthorityOptions& options) {
  const auto data = DataFolder::open(options.data);
  const Rotation state = stateOf(options, data);
  const Json authorities = authoritiesOf(data);
  if (options.json) {
    std::cout << dumpJson({{"authorities", authorities},
                           {"rotation",
                            {{"begun", state.begun},
                             {"published", state.published},
                             {"agents_seen", state.reach.seen},
                             {"agents_ready", state.reach.believe}}}})
              << '\n';
    return;
  }
  bool old = false;
  for (const Json& authority : authorities) {
    old = old || authority["role"] == "old";
    std::cout << authority["role"].get<std::string>() << ": " << authority["mark"].get<std::string>()
              << " until " << authority["ends"].get<std::string>() << '\n';
  }
  std::cout << nextStep(state, old);
}

void rotate(const AuthorityOptions& options) {
  const auto data = DataFolder::open(options.data);
  auth::Authority authority(data.tls());
  if (authority.certificateDer("old"))
    throw std::runtime_error("the last change is not finished; run `redflag-server ca retire` first");
  if (!authority.prepareNext())
    throw std::runtime_error("a change is under way; see `redflag-server ca show`");
  std::cout
      << "A new authority is made. The server keeps its certificate until every agent that was seen in the "
         "last\n14 days believes the new one, too; then the reserve takes over.\n"
      << kPublish;
}

void retire(const AuthorityOptions& options) {
  const auto data = DataFolder::open(options.data);
  if (!auth::Authority(data.tls()).retireOld()) {
    throw std::runtime_error("there is no old authority; see `redflag-server ca show`");
  }
  std::cout << "The old authority and its key are gone. Agents believe it until they have the next list.\n"
            << kPublish;
}

}  // namespace

void addAuthority(CLI::App& app) {
  CLI::App* ca = app.add_subcommand("ca", "the server's own certificate authority, and its change");
  ca->require_subcommand(1);
  const auto options = std::make_shared<AuthorityOptions>();
  const auto add = [&](const char* name, const char* help, void (*work)(const AuthorityOptions&)) {
    CLI::App* command = ca->add_subcommand(name, help);
    command->add_option("--data", options->data, "the server's folder")->required();
    command->callback([work, options] { work(*options); });
    return command;
  };
  CLI::App* showing = add("show", "which there are, and how far a change is", show);
  showing->add_option("--database", options->database, "as for serve");
  showing
      ->add_option_function<std::string>(
          "--format", [options](const std::string& format) { options->json = format == "json"; },
          "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  add("rotate", "make a new one; the server switches when its agents know it", rotate);
  add("retire", "remove the old one after the switch", retire);
}

}  // namespace redflag::server
