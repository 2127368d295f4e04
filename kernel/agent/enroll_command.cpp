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

EnrolmentSettings settingsOf(const Config& config, const EnrollRequest& request, Proxy proxy) {
  return {
      request.state, config.mode == Mode::kAct ? "act" : "report", std::move(proxy), {}, request.marks, {}};
}

// What the kernel believes of the bundle's server, for the executor. As the owner of the agent's folder, like
// all that is done below it.
Result<Json> trustInKernel(const EnrolmentSettings& settings, const protocol::Bundle& bundle) {
  const auto owner = platform::AsOwnerOf::enter(settings.state);
  if (!owner) return tl::unexpected<Error>(owner.error());
  if (auto ok = trustServer(bundle, settings); !ok) return tl::unexpected<Error>(ok.error());
  return CommandTrust(commandTrustFolder(settings.state), systemClock()).files();
}

// The files come from the agent's folder, which the agent could change; that they are the right ones say the
// bundle, which root was given, and the root that the executor has already.
Result<> trustInExecutor(const std::filesystem::path& folder, const Json& files,
                         const protocol::Bundle& bundle) {
  if (auto ok = platform::makePrivateFolder(folder); !ok) return ok;
  HandedFiles metadata(files, HandedFiles::Part::kMetadata);
  const auto ok =
      CommandTrust(ListedOrderKeys::trustFolder(folder), systemClock()).begin(bundle.root, metadata);
  return ok ? ok : failAt("the executor", ok.error());
}

Result<Identity> enrollAgent(const EnrolmentSettings& settings, const EnrollRequest& request,
                             const protocol::Bundle& bundle) {
  const auto owner = platform::AsOwnerOf::enter(settings.state);
  if (!owner) return tl::unexpected<Error>(owner.error());
  if (request.replace) {
    const IdentityStore store(settings.state, settings.marks);
    if (auto ok = store.forget(); !ok) return tl::unexpected<Error>(ok.error());
  }
  return enroll(bundle, settings);
}

Result<> tellExecutor(const std::filesystem::path& folder, const Identity& identity) {
  ExecutorTrust trust{identity.agent_id, identity.client_id, ""};
  if (const auto present = loadExecutorTrust(folder); present && present->agent_id == trust.agent_id) {
    trust.journal_id = present->journal_id;
  }
  if (auto ok = saveExecutorTrust(folder, trust); !ok) return ok;
  return CommandTrust(ListedOrderKeys::trustFolder(folder), systemClock()).confirm();
}

// Whether the bundle's server may be believed comes before anything of the present enrolment is given up.
Result<Identity> carryOut(const Config& config, const EnrollRequest& request, const protocol::Bundle& bundle,
                          bool tells_executor) {
  auto proxy = parseProxy(config.proxy);
  if (!proxy) return tl::unexpected<Error>(proxy.error());
  const auto settings = settingsOf(config, request, std::move(*proxy));
  const auto folder =
      request.executor_state.empty() ? platform::defaultExecutorState(request.state) : request.executor_state;
  const auto files = trustInKernel(settings, bundle);
  if (!files) return tl::unexpected<Error>(files.error());
  if (tells_executor) {
    if (auto ok = trustInExecutor(folder, *files, bundle); !ok) return tl::unexpected<Error>(ok.error());
  }
  auto identity = enrollAgent(settings, request, bundle);
  if (!identity || !tells_executor) return identity;
  if (auto ok = tellExecutor(folder, *identity); !ok) return tl::unexpected<Error>(ok.error());
  return identity;
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
  const bool acts = config.mode == Mode::kAct;
  const bool tells_executor = acts && platform::runsAsRoot();
  const auto identity = carryOut(config, request, *bundle, tells_executor);
  if (!identity) return report(identity.error(), err);
  if (acts && !tells_executor)
    err << "The executor was not told whom to believe: in mode act, enrol as root.\n";
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
