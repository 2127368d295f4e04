#include "broker/brokered_marks.h"

#include "base/encoding.h"
#include "base/json.h"
#include "broker/messages.h"
#include "local/channel.h"
#include "platform/local_socket.h"
#include "platform/owner.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxMarks = 16;

tl::unexpected<Error> unavailable(const std::string& why) {
  return fail(Code::kUnavailable, "the machine's fingerprint cannot be taken: the broker: " + why);
}

Result<std::vector<Mark>> read(const Json& answer) {
  std::vector<Mark> marks;
  JsonReader in(answer, "broker");
  for (const Json& item : in.array("marks", kMaxMarks)) {
    JsonReader mark(item, "broker.marks");
    const std::string source = mark.text("source", 32);
    auto hash = fromHex(mark.text("hash", 2 * kMarkHashBytes));
    if (auto ok = mark.finish(); !ok) return unavailable(ok.error().text);
    if (!hash || hash->size() != kMarkHashBytes) return unavailable("its hash of " + source + " is none");
    marks.push_back({source, std::move(*hash)});
  }
  if (auto ok = in.finish(); !ok) return unavailable(ok.error().text);
  return marks;
}

}  // namespace

MarkReader brokeredMarks(const std::filesystem::path& socket) {
  return [socket](const std::string& salt) -> Result<std::vector<Mark>> {
    auto broker = platform::LocalStream::connect(socket);
    if (!broker) return unavailable(broker.error().text);
    const Json question = {{"op", "fingerprint"}, {"salt", toHex(salt)}};
    if (auto sent = sendMessage(*broker, question, kBrokerPatienceNs); !sent)
      return unavailable(sent.error().text);
    const auto answer = receiveMessage(*broker, kMaxBrokerAnswer, kBrokerPatienceNs);
    if (!answer) return unavailable(answer.error().text);
    if (!*answer) return unavailable("it closed the connection; its log says why");
    return read(**answer);
  };
}

MarkReader marksOfThisMachine(const std::filesystem::path& broker_socket) {
  if (platform::runsAsRoot()) {
    return [found = platform::machineMarks()](const std::string& salt) { return marksWithTpm(found, salt); };
  }
  return broker_socket.empty() ? ownMarks() : brokeredMarks(broker_socket);
}

}  // namespace redflag::kernel
