#include "store/sql/tables.h"

#include <bit>

#include "base/encoding.h"
#include "http/message.h"

namespace redflag::store::sql {
namespace {

constexpr std::size_t kPageRows = 2'000;
constexpr std::size_t kHashedAtOnce = 1 << 20;

std::vector<Column> columnsOf(Connection& connection, const std::string& table) {
  std::vector<Column> out;
  auto rows = connection.query("SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid", table);
  while (rows.next()) {
    auto& column = out.emplace_back();
    column.name = rows.text();
    column.type = rows.text();
    column.key = rows.boolean();
  }
  return out;
}

std::string listOf(const Table& table, bool keys_only, std::string_view suffix = "") {
  std::string out;
  for (const Column& column : table.columns) {
    if (keys_only && !column.key) continue;
    const std::string quoted = '"' + column.name + '"';
    out += (out.empty() ? "" : ", ") + quoted;
    if (!suffix.empty()) out += ", " + quoted + std::string(suffix);
  }
  return out;
}

std::string marks(std::size_t count) {
  std::string out = "?";
  for (std::size_t i = 1; i < count; ++i)
    out += ", ?";
  return out;
}

std::string pageOf(const Table& table, bool first) {
  const std::string key = listOf(table, true);
  std::size_t keys = 0;
  for (const Column& column : table.columns)
    keys += column.key ? 1 : 0;
  return "SELECT " + listOf(table, false, " IS NULL") + " FROM \"" + table.name + '"' +
         (first ? "" : " WHERE (" + key + ") > (" + marks(keys) + ')') + " ORDER BY " + key + " LIMIT " +
         std::to_string(kPageRows);
}

void append(std::string& out, std::uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8)
    out += static_cast<char>((number >> shift) & 0xff);
}

void append(std::string& out, std::string_view bytes) {
  append(out, bytes.size());
  out += bytes;
}

// Each value with its length, and NULL apart from all of them: two rows never look the same by chance.
void appendRow(std::string& out, const std::vector<Value>& row) {
  for (const Value& value : row) {
    if (std::holds_alternative<std::nullptr_t>(value)) {
      out += '\0';
      continue;
    }
    out += '\1';
    if (const auto* integer = std::get_if<std::int64_t>(&value))
      append(out, static_cast<std::uint64_t>(*integer));
    if (const auto* real = std::get_if<double>(&value)) append(out, std::bit_cast<std::uint64_t>(*real));
    if (const auto* text = std::get_if<std::string_view>(&value)) append(out, *text);
    if (const auto* blob = std::get_if<Blob>(&value)) append(out, blob->bytes);
  }
}

std::string encoded(const std::vector<Value>& row) {
  std::string out;
  appendRow(out, row);
  return out;
}

std::string keyOf(const Table& table, const std::vector<Value>& row) {
  std::string out;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!table.columns[i].key) continue;
    out += out.empty() ? "(" : ", ";
    if (const auto* integer = std::get_if<std::int64_t>(&row[i])) out += std::to_string(*integer);
    if (const auto* text = std::get_if<std::string_view>(&row[i])) out += *text;
    if (const auto* blob = std::get_if<Blob>(&row[i])) out += toHex(blob->bytes);
  }
  return out + ')';
}

// SQLite stores any bytes as a text; PostgreSQL does not.
void requireMovable(const Table& table, const std::vector<Value>& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto* text = std::get_if<std::string_view>(&row[i]);
    if (text == nullptr || (isUtf8(*text) && text->find('\0') == std::string_view::npos)) continue;
    throw http::Problem{409, "store.unmovable_text",
                        "table " + table.name + ", row " + keyOf(table, row) + ": " + table.columns[i].name +
                            " is no UTF-8 text or has a zero byte in it, which PostgreSQL cannot hold",
                        "", 0};
  }
}

}  // namespace

std::vector<Table> tablesOf(Connection& sqlite) {
  std::vector<Table> out;
  {
    // In the order in which they were made: what is referred to has to be there first.
    auto rows = sqlite.query(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' AND "
        "substr(name, 1, 8) <> 'archive_' ORDER BY rowid");
    while (rows.next())
      out.push_back({rows.text(), {}});
  }
  for (Table& table : out)
    table.columns = columnsOf(sqlite, table.name);
  return out;
}

TableReader::TableReader(Connection& connection, const Table& table)
    : connection_(connection),
      table_(table),
      first_page_(pageOf(table, true)),
      next_page_(pageOf(table, false)),
      bytes_(table.columns.size()),
      values_(table.columns.size()) {}

void TableReader::fetch() {
  after_.clear();
  for (std::size_t i = 0; started_ && i < values_.size(); ++i)
    if (table_.columns[i].key) after_.push_back(values_[i]);
  page_.reset();  // a statement that runs is not run again beside itself
  page_ = std::make_unique<Rows>(connection_.queryValues(started_ ? next_page_ : first_page_, after_));
  left_ = kPageRows;
  started_ = true;
}

bool TableReader::next() {
  if (left_ == 0) fetch();
  if (!page_->next()) return false;
  --left_;
  take();
  return true;
}

void TableReader::take() {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const std::string& type = table_.columns[i].type;
    if (type == "INTEGER") {
      values_[i] = page_->integer();
    } else if (type == "REAL") {
      values_[i] = page_->real();
    } else if (type == "BLOB") {
      bytes_[i] = page_->blob();
      values_[i] = Blob{bytes_[i]};
    } else {
      bytes_[i] = page_->text();
      values_[i] = std::string_view(bytes_[i]);
    }
    if (page_->boolean()) values_[i] = nullptr;
  }
}

TableDigest digestOf(Connection& connection, const Table& table) {
  TableDigest out{table.name, 0, ""};
  std::string hash;
  std::string pending;
  for (TableReader reader(connection, table); reader.next(); ++out.rows) {
    appendRow(pending, reader.values());
    if (pending.size() < kHashedAtOnce) continue;
    hash = sha256(hash + pending);
    pending.clear();
  }
  out.sha256 = toHex(sha256(hash + pending));
  return out;
}

void copyTable(Connection& from, Connection& to, const Table& table) {
  const std::string insert = "INSERT INTO \"" + table.name + "\" (" + listOf(table, false) + ") VALUES (" +
                             marks(table.columns.size()) + ')';
  for (TableReader reader(from, table); reader.next();) {
    requireMovable(table, reader.values());
    to.postAll(insert, reader.values());
  }
  to.settle();
}

std::string firstDifference(Connection& one, Connection& other, const Table& table) {
  TableReader here(one, table);
  TableReader there(other, table);
  for (;;) {
    const bool has = here.next();
    const bool also = there.next();
    if (!has && !also) return "";
    if (!has) return keyOf(table, there.values());
    if (!also || encoded(here.values()) != encoded(there.values())) return keyOf(table, here.values());
  }
}

}  // namespace redflag::store::sql
