// What a sealed plugin asks of a container engine, and what an engine answers.
#include "reads/engine_questions.h"

#include "fuzz.h"

namespace redflag::fuzz {
namespace {

bool holdsEnvironment(const Json& json) {
  if (json.is_object() && json.contains("Env")) return true;
  if (!json.is_structured()) return false;
  for (const auto& item : json)
    if (holdsEnvironment(item)) return true;
  return false;
}

}  // namespace

REDFLAG_FUZZ(engine_questions) {
  if (kernel::isEngineQuestion(input)) {
    claim(input.find_first_of(" \r\n\t") == std::string_view::npos, "a question begins no second request");
    claim(input.find("..") == std::string_view::npos || input.find("/..") == std::string_view::npos,
          "a question does not climb");
    for (const char* never : {"/archive", "/export", "/logs", "/exec", "/start", "/attach"})
      claim(!input.ends_with(never), "a question is one of the list");
  }
  auto json = parseJson(input, {.bytes = 64U << 10U, .depth = 32, .values = 10'000});
  if (!json) return;
  kernel::removeEnvironments(*json);
  claim(!holdsEnvironment(*json), "no environment is handed on");
  kernel::maskProxyPasswords(*json);
  if (!json->is_object()) return;
  for (const char* key : {"HttpProxy", "HttpsProxy"}) {
    const auto proxy = json->find(key);
    if (proxy == json->end() || !proxy->is_string()) continue;
    const auto& text = proxy->get_ref<const std::string&>();
    const auto at = text.rfind('@');
    claim(at == std::string::npos || text.substr(0, at).ends_with("xxxxx:xxxxx"),
          "no proxy's password is handed on");
  }
}

}  // namespace redflag::fuzz
