#include "store/sql/select.h"

#include "base/encoding.h"
#include "http/message.h"

namespace redflag::store::sql {

Value Conditions::keep(const Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    return std::string_view(texts_.emplace_back(*text));
  }
  return value;
}

void Conditions::addAll(std::string_view sql, const std::vector<std::string>& values) {
  add(sql);
  for (const auto& value : values)
    values_.push_back(keep(toValue(value)));
}

void Conditions::in(std::string_view column, const std::vector<std::string>& values) {
  std::string sql = std::string(column) + " IN (";
  for (std::size_t i = 0; i < values.size(); ++i)
    sql += i == 0 ? "?" : ",?";
  addAll(sql + ")", values);
}

void Conditions::contains(std::string_view column, const std::string& part) {
  std::string pattern = "%";
  for (const char c : part) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  add("lower(" + std::string(column) + ") LIKE ? ESCAPE '\\'", pattern + "%");
}

void addAgent(Conditions& where, const std::string& alias, const std::string& agent_id) {
  where.add(alias + ".client_id = (SELECT o.client_id FROM agents o WHERE o.agent_id = ?) AND " + alias +
                ".agent_id = ?",
            agent_id, agent_id);
}

std::string encodeCursor(const Json& keys) {
  return toBase64Url(dumpJson(keys));
}

Json decodeCursor(const std::string& cursor, std::string_view kinds) {
  const http::Problem bad{400, "request.bad_cursor", "this cursor was not made by this list", "cursor", 0};
  const auto text = fromBase64Url(cursor);
  if (!text) throw bad;
  auto keys = parseJson(*text, {kMaxCursorKeys, 2, 16});
  if (!keys || !keys->is_array() || keys->size() != kinds.size()) throw bad;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const Json& key = (*keys)[i];
    if (kinds[i] == 't' ? !key.is_string() : !key.is_number_integer()) throw bad;
  }
  return std::move(*keys);
}

std::string toJsonList(const std::vector<std::string>& texts) {
  return dumpJson(Json(texts));
}

std::vector<std::string> fromJsonList(const std::string& text) {
  const auto list = parseJson(text);
  if (!list || !list->is_array()) return {};
  std::vector<std::string> texts;
  for (const auto& item : *list) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

}  // namespace redflag::store::sql
