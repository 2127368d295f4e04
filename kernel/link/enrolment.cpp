#include "link/enrolment.h"

#include "base/encoding.h"
#include "base/json.h"
#include "base/time.h"
#include "identity/refresh_state.h"
#include "link/server_api.h"
#include "link/trust_fetcher.h"
#include "platform/files.h"
#include "platform/machine.h"
#include "protocol/limits.h"
#include "protocol/state_document.h"
#include "trust/command_trust.h"
#include "trust/order_journal.h"

namespace redflag::kernel {
namespace {

Json requestOf(const protocol::Bundle& bundle, const std::string& public_key, const std::string& mode) {
  const auto facts = platform::machineFacts();
  return {{"token", bundle.token},
          {"public_key", toBase64Url(public_key)},
          {"hostname", facts.hostname},
          {"agent_version", REDFLAG_VERSION},
          {"mode", mode},
          {"platform", facts.platform},
          {"machine", {{"os_name", facts.os_name}, {"os_version", facts.os_version}}}};
}

Error errorOf(const Failure& failure) {
  switch (failure.kind) {
    case Failure::Kind::kDenied:
    case Failure::Kind::kRefused:
    case Failure::Kind::kTooLarge:
      return {Code::kDenied, "the server refuses the enrolment: " + failure.text};
    case Failure::Kind::kStopping:
      return {Code::kCancelled, failure.text};
    default:
      return {Code::kUnavailable, failure.text};
  }
}

void tellPutOff(const EnrolmentSettings& settings, const Failure& failure) {
  if (settings.put_off && failure.putsOff()) settings.put_off(failure);
}

// From the pinned root to a list of command keys that is valid now.
Result<> beginTrust(HttpsClient& client, const protocol::TrustRoot& pinned,
                    const EnrolmentSettings& settings) {
  TrustFetcher metadata(client, kTrustMetadata);
  TrustFetcher content(client, kTrustTargets);
  CommandTrust trust(commandTrustFolder(settings.state), systemClock());
  auto ok = trust.begin(pinned, metadata);
  if (ok) ok = trust.refresh(metadata, content);
  for (const auto* fetcher : {&metadata, &content})
    if (fetcher->putOff()) tellPutOff(settings, *fetcher->putOff());
  // A repository that lacks a file is no matter of trying again.
  if (!ok && ok.error().code == Code::kNotFound) return fail(Code::kDenied, ok.error().text);
  return ok;
}

Result<Json> ask(const protocol::Bundle& bundle, const protocol::SigningKey& key,
                 const EnrolmentSettings& settings) {
  const auto trust = TlsTrust::make(bundle.authorities);
  if (!trust) return tl::unexpected<Error>(trust.error());
  ServerClock clock(systemClock());
  const Json request = requestOf(bundle, key.publicKey(), settings.mode);
  Error error{Code::kInvalid, "the bundle names no server"};
  for (const auto& url : bundle.urls) {
    ServerApi api(std::make_unique<HttpsClient>(url, *trust, settings.proxy, settings.times),
                  {toBase64Url(key.publicKey()), key, clock});
    if (settings.watch) settings.watch(&api);
    if (auto ok = beginTrust(api.client(), bundle.root, settings); !ok) {
      if (settings.watch) settings.watch(nullptr);
      error = {ok.error().code, url + ": " + ok.error().text};
      if (error.code != Code::kUnavailable) break;
      continue;
    }
    auto answer = api.enroll(request);
    if (settings.watch) settings.watch(nullptr);
    if (answer) return *answer;
    tellPutOff(settings, answer.error());
    error = errorOf(answer.error());
    error.text = url + ": " + error.text;
    if (error.code != Code::kUnavailable) break;
  }
  return tl::unexpected<Error>(error);
}

Result<Identity> identityOf(const Json& answer, const protocol::Bundle& bundle) {
  Identity identity;
  JsonReader in(answer, "the server's answer");
  identity.agent_id = in.text("agent_id", protocol::kMaxIdBytes);
  identity.client_id = in.text("client_id", protocol::kMaxIdBytes);
  identity.site_id = in.text("site_id", protocol::kMaxIdBytes);
  if (auto ok = in.finishIgnoringUnknown(); !ok) return tl::unexpected<Error>(ok.error());
  if (!bundle.rebinds.empty() && identity.agent_id != bundle.rebinds)
    return fail(Code::kDenied, "the server answers for another agent than the bundle re-binds");
  identity.urls = bundle.urls;
  identity.authorities = bundle.authorities;
  return identity;
}

// The record of orders this agent already has, or a new one for a new agent. Never a new one for an old
// agent: that would be forgetting what it has carried out.
Result<std::string> journalFor(const IdentityStore& store, const Identity& identity,
                               const std::filesystem::path& state) {
  if (!store.enrolled()) return OrderJournal::create(orderJournalFile(state));
  const auto present = store.load();
  if (!present) return tl::unexpected<Error>(present.error());
  if (present->agent_id != identity.agent_id) {
    return fail(Code::kConflict, "this machine is enrolled as agent " + present->agent_id +
                                     "; --replace makes it another agent");
  }
  return present->journal_id;
}

// What the next access token is asked for with. An answer without it says that this agent has it already.
Result<> keepRefreshState(const IdentityStore& store, const std::string& agent_id, const Json& answer) {
  JsonReader in(answer, "the server's answer");
  const std::string text = in.optionalText("refresh_token", 64);
  const auto token = fromBase64Url(text);
  if (auto ok = in.finishIgnoringUnknown(); !ok) return ok;
  if (!text.empty()) {
    if (!token || token->size() != protocol::kRefreshTokenBytes)
      return fail(Code::kInvalid, "the server's answer.refresh_token: expected 32 bytes in base64url");
    return saveRefreshState(store.folder(), {agent_id, 0, *token, Json()});
  }
  const auto present = loadRefreshState(store.folder());
  if (present && present->agent_id == agent_id) return {};
  return fail(Code::kDenied,
              "the server has given this agent its first tokens already, and they are not here: make another "
              "enrolment token and enrol with that");
}

// Before anything is asked: another agent's bundle is not for this machine.
Result<> checkWhoseBundle(const IdentityStore& store, const std::string& rebinds) {
  if (rebinds.empty() || !store.enrolled()) return {};
  const auto present = store.load();
  if (!present) return tl::unexpected<Error>(present.error());
  if (present->agent_id == rebinds) return {};
  return fail(Code::kConflict, "this machine is enrolled as agent " + present->agent_id +
                                   ", and the bundle re-binds agent " + rebinds);
}

}  // namespace

std::filesystem::path orderJournalFile(const std::filesystem::path& state) {
  return state / "orders.db";
}

std::filesystem::path commandTrustFolder(const std::filesystem::path& state) {
  return state / "trust";
}

Result<> trustServer(const protocol::Bundle& bundle, const EnrolmentSettings& settings) {
  const auto trust = TlsTrust::make(bundle.authorities);
  if (!trust) return tl::unexpected<Error>(trust.error());
  if (auto ok = platform::makePrivateFolder(settings.state); !ok) return ok;
  Result<> last = fail(Code::kInvalid, "the bundle names no server");
  for (const auto& url : bundle.urls) {
    HttpsClient client(url, *trust, settings.proxy, settings.times);
    last = beginTrust(client, bundle.root, settings);
    if (last) return last;
    last = failAt(url, last.error());
    if (last.error().code != Code::kUnavailable) break;
  }
  return last;
}

Result<Identity> enroll(const protocol::Bundle& bundle, const EnrolmentSettings& settings) {
  const IdentityStore store(settings.state, settings.marks);
  const bool rebinds = !bundle.rebinds.empty();
  if (auto ok = checkWhoseBundle(store, bundle.rebinds); !ok) return tl::unexpected<Error>(ok.error());
  if (auto ok = platform::makePrivateFolder(settings.state); !ok) return tl::unexpected<Error>(ok.error());
  const auto key = rebinds ? store.loadOrMakeNextKey() : store.loadOrMakeKey();
  if (!key) return tl::unexpected<Error>(key.error());
  const auto answer = ask(bundle, *key, settings);
  if (!answer) return tl::unexpected<Error>(answer.error());
  auto identity = identityOf(*answer, bundle);
  if (!identity) return identity;
  auto journal_id = journalFor(store, *identity, settings.state);
  if (!journal_id) return tl::unexpected<Error>(journal_id.error());
  identity->journal_id = std::move(*journal_id);
  if (auto ok = keepRefreshState(store, identity->agent_id, *answer); !ok)
    return tl::unexpected<Error>(ok.error());
  if (rebinds) {
    if (auto ok = store.adoptNextKey(); !ok) return tl::unexpected<Error>(ok.error());
  }
  // From here on this is an agent.
  if (auto ok = store.save(*identity); !ok) return tl::unexpected<Error>(ok.error());
  if (auto ok = CommandTrust(commandTrustFolder(settings.state), systemClock()).confirm(); !ok)
    return tl::unexpected<Error>(ok.error());
  return identity;
}

Result<Identity> enrollFromFile(const std::filesystem::path& file, const EnrolmentSettings& settings) {
  const auto text = platform::readFile(file, protocol::kMaxBundleBytes);
  if (!text) return tl::unexpected<Error>(text.error());
  const auto bundle = protocol::decodeBundle(*text);
  if (!bundle) return failAt(file.string(), bundle.error());
  return enroll(*bundle, settings);
}

}  // namespace redflag::kernel
