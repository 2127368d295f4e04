#include "ctl/asking.h"

#include <charconv>
#include <ostream>

#include "base/encoding.h"

namespace redflag::ctl {
namespace {

constexpr JsonLimits kAnswerLimits{64U << 20, 64, 4'000'000};
constexpr std::size_t kPage = 500;

std::string encoded(const std::string& text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
  return out;
}

Json integerOf(const Option& option, const std::string& text) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size())
    throw BadArgument("--" + option.name + " " + text + ": expected a whole number");
  return number;
}

Json valueOf(const Option& option, const std::vector<std::string>& given) {
  const std::string& text = given.back();
  switch (option.kind) {
    case Option::Kind::kInteger:
      return integerOf(option, text);
    case Option::Kind::kBoolean:
      if (text != "true" && text != "false")
        throw BadArgument("--" + option.name + " " + text + ": expected true or false");
      return text == "true";
    case Option::Kind::kTexts:
      return given;
    case Option::Kind::kJson: {
      auto json = parseJson(text);
      if (!json) throw BadArgument("--" + option.name + ": expected JSON: " + json.error().text);
      return std::move(*json);
    }
    default:
      return text;
  }
}

// Several are one parameter, with commas between them.
std::string inQuery(const Option& option, const std::vector<std::string>& given) {
  if (option.kind != Option::Kind::kTexts) return given.back();
  std::string all;
  for (const auto& one : given)
    all += (all.empty() ? "" : ",") + one;
  return all;
}

std::string pathOf(const Operation& operation, const Wish& wish) {
  std::string path = operation.path;
  for (std::size_t i = 0; i < operation.positionals.size(); ++i) {
    const std::string place = "{" + operation.positionals[i] + "}";
    const std::string& value = wish.positionals.at(i);
    if (value.empty()) throw BadArgument(operation.positionals[i] + ": expected something");
    path.replace(path.find(place), place.size(), encoded(value));
  }
  return path;
}

[[noreturn]] void refuse(const Answer& answer) {
  const auto problem = parseJson(answer.body);
  if (!problem || !problem->is_object() || !problem->contains("code"))
    throw Refused("the server answered " + std::to_string(answer.status));
  JsonReader in(*problem, "problem");
  std::string text = in.optionalText("code", 256) + ": " + in.optionalText("detail", 4096);
  const std::string field = in.optionalText("field", 256);
  if (!field.empty()) text += " (" + field + ")";
  if (answer.status == 401) text += "; `redflagctl login` takes another token";
  throw Refused(text);
}

}  // namespace

Request requestOf(const Operation& operation, const Wish& wish, const std::string& page) {
  Request request;
  request.method = operation.method;
  std::string query;
  const auto ask_for = [&](const std::string& name, const std::string& value) {
    query += (query.empty() ? "?" : "&") + encoded(name) + "=" + encoded(value);
  };
  Json body = Json::object();
  bool has_key = false;
  for (const auto& option : operation.options) {
    const auto given = wish.options.find(option.wire);
    if (given == wish.options.end() || given->second.empty()) continue;
    if (option.in == Option::In::kQuery) ask_for(option.wire, inQuery(option, given->second));
    if (option.in == Option::In::kHeader) request.headers.emplace_back(option.wire, given->second.back());
    if (option.in == Option::In::kBody) body[option.wire] = valueOf(option, given->second);
    has_key = has_key || option.wire == "Idempotency-Key";
  }
  if (operation.pages) {
    ask_for("limit", std::to_string(std::min(wish.rows, kPage)));
    if (!page.empty()) ask_for("cursor", page);
  }
  request.target = pathOf(operation, wish) + query;
  if (operation.once && !has_key) request.headers.emplace_back("Idempotency-Key", newId());
  if (!operation.has_body) return request;
  if (!wish.body.empty() && !body.empty())
    throw BadArgument("--body is the whole body; " + body.items().begin().key() + " belongs into it");
  request.body = wish.body.empty() ? dumpJson(body) : wish.body;
  return request;
}

std::optional<Json> ask(Client& client, const Operation& operation, const Wish& wish) {
  std::optional<Json> whole;
  for (std::string page;;) {
    const auto answer = client.ask(requestOf(operation, wish, page));
    if (answer.status / 100 != 2) refuse(answer);
    if (answer.body.empty()) return whole;
    auto json = parseJson(answer.body, kAnswerLimits);
    if (!json) throw Refused("the answer is not what was expected: " + json.error().text);
    if (!operation.pages) return std::move(*json);
    if (!whole)
      whole = *json;
    else
      for (auto& row : json->at("items"))
        (*whole)["items"].push_back(std::move(row));
    auto& rows = whole->at("items").get_ref<Json::array_t&>();
    if (rows.size() > wish.rows) rows.resize(wish.rows);
    (*whole)["next_cursor"] = json->value("next_cursor", Json());
    if ((*whole)["next_cursor"].is_null() || rows.size() == wish.rows) return whole;
    page = (*whole)["next_cursor"];
  }
}

void follow(Client& client, const Operation& operation, const Wish& wish, std::ostream& out) {
  constexpr std::string_view kData = "data: ";
  std::string rest;
  const auto answer = client.stream(requestOf(operation, wish, ""), [&](std::string_view bytes) {
    rest += bytes;
    for (std::size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
      if (rest.starts_with(kData)) out << rest.substr(kData.size(), end - kData.size()) << std::endl;
      rest.erase(0, end + 1);
    }
  });
  if (answer.status != 200) refuse(answer);
  throw Unreachable("the server has ended the stream");
}

void copy(Client& client, const Operation& operation, const Wish& wish, std::ostream& out) {
  const auto answer =
      client.stream(requestOf(operation, wish, ""), [&](std::string_view bytes) { out << bytes; });
  if (answer.status != 200) refuse(answer);
}

}  // namespace redflag::ctl
