#include "agent/enroll_command.h"

#include <istream>
#include <iterator>
#include <ostream>

#include "base/json.h"
#include "executor/order_keys.h"
#include "executor/trust_file.h"
#include "link/enrolment.h"
#include "platform/files.h"
#include "platform/owner.h"
#include "platform/paths.h"
#include "protocol/limits.h"

namespace redflag::kernel {
namespace {

constexpr int kDone = 0;

int exitCodeOf(Code code) {
  switch (code) {
    case Code::kInvalid:
    case Code::kLimit:
      return 2;
    case Code::kDenied:
    case Code::kConflict:
      return 3;
    case Code::kUnavailable:
      return 4;
    default:
      return 1;
  }
}

Result<std::string> readBundle(const EnrollRequest& request, std::istream& in) {
  if (request.bundle_stdin == !request.bundle_file.empty()) {
    return fail(Code::kInvalid, "give the bundle either with --bundle-stdin or with --bundle-file");
  }
  if (!request.bundle_stdin) return platform::readFile(request.bundle_file, protocol::kMaxBundleBytes);
  std::string text(protocol::kMaxBundleBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

// Everything below the agent's state folder, done as its owner.
Result<Identity> enrollAgent(const Config& config, const EnrollRequest& request,
                             const protocol::Bundle& bundle) {
  auto proxy = parseProxy(config.proxy);
  if (!proxy) return tl::unexpected<Error>(proxy.error());
  const auto owner = platform::AsOwnerOf::enter(request.state);
  if (!owner) return tl::unexpected<Error>(owner.error());
  if (request.replace) {
    const IdentityStore store(request.state, ownMarks());
    if (auto ok = store.forget(); !ok) return tl::unexpected<Error>(ok.error());
  }
  return enroll(
      bundle,
      {request.state, config.mode == Mode::kAct ? "act" : "report", std::move(*proxy), {}, ownMarks(), {}});
}

// The root document comes from the agent's folder, which the agent could change; that it is the right one
// says the bundle, which root was given.
Result<> trustInExecutor(const std::filesystem::path& folder, const std::filesystem::path& state,
                         const Identity& identity, const protocol::Bundle& bundle) {
  const auto root = CommandTrust(commandTrustFolder(state), systemClock()).pinnedRoot(bundle.root);
  if (!root) return tl::unexpected<Error>(root.error());
  if (auto ok = platform::makePrivateFolder(folder); !ok) return ok;
  CommandTrust keys(ListedOrderKeys::trustFolder(folder), systemClock());
  if (auto ok = keys.begin(bundle.root, *root); !ok) return ok;
  ExecutorTrust trust{identity.agent_id, identity.client_id, ""};
  if (const auto present = loadExecutorTrust(folder); present && present->agent_id == trust.agent_id) {
    trust.journal_id = present->journal_id;
  }
  return saveExecutorTrust(folder, trust);
}

int report(const Error& error, std::ostream& err) {
  err << "enroll: " << error.text << "\n";
  return exitCodeOf(error.code);
}

}  // namespace

int runEnroll(const Config& config, const EnrollRequest& request, std::istream& in, std::ostream& out,
              std::ostream& err) {
  const auto text = readBundle(request, in);
  if (!text) return report(text.error(), err);
  const auto bundle = protocol::decodeBundle(*text);
  if (!bundle) return report(bundle.error(), err);
  const auto identity = enrollAgent(config, request, *bundle);
  if (!identity) return report(identity.error(), err);

  const bool acts = config.mode == Mode::kAct;
  if (acts && platform::runsAsRoot()) {
    const auto folder = request.executor_state.empty() ? platform::defaultExecutorState(request.state)
                                                       : request.executor_state;
    if (auto ok = trustInExecutor(folder, request.state, *identity, *bundle); !ok)
      return report(ok.error(), err);
  } else if (acts) {
    err << "The executor was not told whom to believe: in mode act, enrol as root.\n";
  }
  if (request.json) {
    out << dumpJson({{"agent_id", identity->agent_id},
                     {"client_id", identity->client_id},
                     {"site_id", identity->site_id},
                     {"urls", identity->urls}})
        << "\n";
  } else {
    out << "Enrolled as agent " << identity->agent_id << " of " << identity->urls.front() << ".\n";
  }
  return kDone;
}

}  // namespace redflag::kernel
