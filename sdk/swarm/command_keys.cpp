#include "swarm/command_keys.h"

#include "base/encoding.h"
#include "base/time.h"
#include "protocol/tuf/trusted_set.h"
#include "swarm/exchange.h"

namespace redflag::swarm {
namespace {

constexpr int kMostRootChanges = 256;

class TrustReader {
 public:
  TrustReader(tuf::TrustedSet trusted, const TrustFiles& files)
      : trusted_(std::move(trusted)), files_(files) {}

  Result<> followRoots() {
    for (int i = 0; i < kMostRootChanges; ++i) {
      const auto next = metadata(tuf::kRoot, trusted_.root().version + 1);
      if (!next && next.error().code == Code::kNotFound) break;
      if (!next) return tl::unexpected<Error>(next.error());
      if (auto ok = trusted_.updateRoot(*next); !ok) return failAt("trust", ok.error());
    }
    if (!trusted_.root().consistent_snapshot)
      return fail(Code::kInvalid, "trust root: expected consistent_snapshot");
    return trusted_.checkRoot();
  }

  Result<> followTimestamp() {
    const auto timestamp = files_("metadata/timestamp.json");
    if (!timestamp) return tl::unexpected<Error>(timestamp.error());
    if (auto ok = trusted_.updateTimestamp(*timestamp); !ok) return failAt("trust", ok.error());
    const auto snapshot = metadata(tuf::kSnapshot, trusted_.timestamp()->snapshot.version);
    if (!snapshot) return tl::unexpected<Error>(snapshot.error());
    return trusted_.updateSnapshot(*snapshot);
  }

  Result<tuf::TargetFile> listedCommands() const {
    const auto meta = trusted_.metaOf(tuf::kTargets);
    if (!meta) return failAt("trust", meta.error());
    const auto text = metadata(tuf::kTargets, meta->version);
    if (!text) return tl::unexpected<Error>(text.error());
    const auto targets = trusted_.checkTargets(*text);
    if (!targets) return failAt("trust", targets.error());
    const auto found = targets->targets.find(protocol::kCommandListTarget);
    if (found != targets->targets.end()) return found->second;
    return fail(Code::kDenied, std::string("trust targets: there is no ") + protocol::kCommandListTarget);
  }

  Result<protocol::CommandList> commands(const tuf::TargetFile& target) const {
    const std::size_t base = target.name.rfind('/') + 1;
    const auto text = files_("targets/" + target.name.substr(0, base) + target.info.hash() + "." +
                             target.name.substr(base));
    if (!text) return tl::unexpected<Error>(text.error());
    if (auto ok = tuf::checkContent(target.info, *text); !ok) return failAt(target.name, ok.error());
    return protocol::decodeCommandList(*text);
  }

 private:
  Result<std::string> metadata(const char* role, std::int64_t version) const {
    return files_("metadata/" + std::to_string(version) + "." + role + ".json");
  }

  tuf::TrustedSet trusted_;
  const TrustFiles& files_;
};

}  // namespace

Result<protocol::CommandList> readCommandKeys(const protocol::TrustRoot& pinned, const TrustFiles& files,
                                              std::int64_t now_ns) {
  const auto root = files("metadata/" + std::to_string(pinned.version) + ".root.json");
  if (!root) return tl::unexpected<Error>(root.error());
  if (sha256(*root) != pinned.sha256)
    return fail(Code::kDenied, "trust root: it is not the one that the enrolment bundle pins");
  auto trusted = tuf::TrustedSet::start(*root, now_ns);
  if (!trusted) return failAt("trust", trusted.error());
  TrustReader reader(std::move(*trusted), files);
  if (auto ok = reader.followRoots(); !ok) return tl::unexpected<Error>(ok.error());
  if (auto ok = reader.followTimestamp(); !ok) return tl::unexpected<Error>(ok.error());
  const auto target = reader.listedCommands();
  if (!target) return tl::unexpected<Error>(target.error());
  return reader.commands(*target);
}

Result<protocol::CommandList> fetchCommandKeys(const protocol::TrustRoot& pinned, const Target& target) {
  Exchange exchange(target);
  const auto fetch = [&exchange](const std::string& name) -> Result<std::string> {
    const std::string path = "/trust/" + name;
    auto reply = exchange.ask("GET", path);
    if (!reply) return tl::unexpected<Error>(reply.error());
    if (reply->status == 200) return std::move(reply->body);
    const Code code = reply->status == 404 ? Code::kNotFound : Code::kUnavailable;
    return fail(code, "GET " + path + ": " + reply->refusal());
  };
  return readCommandKeys(pinned, fetch, epochNow());
}

}  // namespace redflag::swarm
