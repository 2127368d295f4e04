#include "main/authority_commands.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "auth/authority.h"
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
  bool stolen = false;
};

constexpr const char* kPublish =
    "Now hand it out: `redflag-server keys server` here, then with the offline keys\n"
    "`keys commands --add FILE`, `keys sign` and `keys publish`.\n";

std::unique_ptr<store::Store> storeOf(const AuthorityOptions& options, const DataFolder& data) {
  return openDatabase(data, readSettings(data.settings()), options.database);
}

Rotation stateOf(store::Store& store, const DataFolder& data) {
  const auto published = trust::publishedList(data.trust());
  return rotationOf(auth::Authorities(data.tls()), store, published ? &*published : nullptr, epochNow());
}

Json authoritiesOf(const DataFolder& data) {
  Json out = Json::array();
  for (const auto& role : auth::Authorities(data.tls()).all()) {
    const auto certificate = auth::certificateFromPem(role.pem);
    out.push_back({{"role", role.name},
                   {"mark", protocol::authorityMark(auth::toDer(*certificate))},
                   {"ends", toRfc3339(auth::notAfter(*certificate) * kSecondNs)}});
  }
  return out;
}

std::string waitingText(const store::AuthorityReach& reach) {
  std::string out = "Waiting for agents: " + std::to_string(reach.believe) + " of the " +
                    std::to_string(reach.seen) +
                    " active ones seen in the last 14 days believe the\nnext one.";
  for (std::size_t i = 0; i < reach.others.size(); ++i)
    out += (i == 0 ? " Not yet: " : ", ") + reach.others[i];
  if (static_cast<std::int64_t>(reach.others.size()) < reach.seen - reach.believe) out += ", …";
  return out + (reach.others.empty() ? "\n" : "\nWithout them: redflag-server ca switch.\n");
}

std::string nextStep(const Rotation& state, bool old) {
  if (state.begun && !state.published) return std::string("The next one is not handed out yet. ") + kPublish;
  if (state.begun && old) return "First finish the change before: redflag-server ca retire.\n";
  if (state.begun && state.ready) return "The server switches within ten seconds, or at its next start.\n";
  if (state.begun) return waitingText(state.reach);
  if (old) return "Another one has taken over. Next: redflag-server ca retire.\n";
  return "No change is under way.\n";
}

void show(const AuthorityOptions& options) {
  const auto data = DataFolder::open(options.data);
  const Rotation state = stateOf(*storeOf(options, data), data);
  const Json authorities = authoritiesOf(data);
  if (options.json) {
    std::cout << dumpJson({{"authorities", authorities},
                           {"rotation",
                            {{"begun", state.begun},
                             {"published", state.published},
                             {"agents_seen", state.reach.seen},
                             {"agents_ready", state.reach.believe},
                             {"waits_for", state.reach.others}}}})
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
  const auto store = storeOf(options, data);  // first: what cannot be recorded is not done
  auth::Authority authority(data.tls());
  if (authority.certificateDer("old"))
    throw std::runtime_error("the last change is not finished; run `redflag-server ca retire` first");
  const auto cause = options.stolen ? auth::Authority::Cause::kStolen : auth::Authority::Cause::kPlanned;
  if (!authority.prepareNext(cause))
    throw std::runtime_error("a change is under way; see `redflag-server ca show`");
  recordAuthority(*store, "console", "authority.change_begun",
                  options.stolen ? "began to replace the authority and its reserve: a key may be stolen"
                                 : "made a new authority: the reserve is to take over",
                  epochNow());
  std::cout
      << (options.stolen
              ? "Two new authorities are made. The server keeps its certificate until every active agent\n"
                "that was seen in the last 14 days believes them; then one signs, the other is the\n"
                "reserve. An agent that is off until then has to be enrolled again.\n"
              : "A new authority is made. The server keeps its certificate until every active agent that\n"
                "was seen in the last 14 days believes the new one, too; then the reserve takes over.\n")
      << kPublish;
}

void switchNow(const AuthorityOptions& options) {
  const auto data = DataFolder::open(options.data);
  const auto store = storeOf(options, data);
  const Rotation state = stateOf(*store, data);
  if (!state.begun) throw std::runtime_error("no change is under way; see `redflag-server ca rotate`");
  if (!state.published)
    throw std::runtime_error("the next authority is not handed out yet; see `redflag-server ca show`");
  auth::Authority(data.tls()).takeOver();
  const std::string left = std::to_string(state.reach.seen - state.reach.believe);
  recordAuthority(*store, "console", "authority.taken_over",
                  "switched without waiting: " + left + " active agents did not believe the next one yet",
                  epochNow());
  std::cout << "Switched. A server that runs has its new certificate within ten seconds; browsers need\n"
               "the new ca.pem. "
            << left << " agents did not believe the next one yet. Next: redflag-server ca retire.\n";
}

void retire(const AuthorityOptions& options) {
  const auto data = DataFolder::open(options.data);
  const auto store = storeOf(options, data);
  if (!auth::Authority(data.tls()).retireOld())
    throw std::runtime_error("there is no old authority; see `redflag-server ca show`");
  recordAuthority(*store, "console", "authority.retired", "removed the old authority and its key",
                  epochNow());
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
    command->add_option("--database", options->database, "as for serve");
    command->callback([work, options] { work(*options); });
    return command;
  };
  add("show", "which there are, and how far a change is", show)
      ->add_option_function<std::string>(
          "--format", [options](const std::string& format) { options->json = format == "json"; },
          "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  add("rotate", "make a new one; the server switches when its agents know it", rotate)
      ->add_flag("--stolen", options->stolen,
                 "a key may be in other hands: replace the one in reserve, too, which lay beside it");
  add("switch", "switch now, without agents that do not know the new one yet", switchNow);
  add("retire", "remove the old one after the switch", retire);
}

}  // namespace redflag::server
