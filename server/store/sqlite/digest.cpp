#include "store/sqlite/digest.h"

#include <bit>

#include "base/encoding.h"

namespace redflag::store::sqlite {
namespace {

constexpr std::size_t kHashedAtOnce = 1 << 20;

struct Column {
  std::string name;
  std::string type;  // tables are STRICT: that of every value
  bool key = false;
};

std::vector<Column> columnsOf(sql::Connection& connection, const std::string& table) {
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

std::string selectAll(const std::string& table, const std::vector<Column>& columns) {
  std::string list;
  std::string key;
  for (const Column& column : columns) {
    const std::string quoted = '"' + column.name + '"';
    list += (list.empty() ? "" : ", ") + quoted + ", " + quoted + " IS NULL";
    if (column.key) key += (key.empty() ? "" : ", ") + quoted;
  }
  return "SELECT " + list + " FROM \"" + table + "\" ORDER BY " + (key.empty() ? "rowid" : key);
}

void append(std::string& out, std::uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8)
    out += static_cast<char>((number >> shift) & 0xff);
}

void appendRow(std::string& out, sql::Rows& rows, const std::vector<Column>& columns) {
  for (const Column& column : columns) {
    std::string bytes;
    if (column.type == "INTEGER") {
      append(bytes, static_cast<std::uint64_t>(rows.integer()));
    } else if (column.type == "REAL") {
      append(bytes, std::bit_cast<std::uint64_t>(rows.real()));
    } else {
      bytes = column.type == "BLOB" ? rows.blob() : rows.text();
    }
    out += rows.boolean() ? '\0' : '\1';
    append(out, bytes.size());
    out += bytes;
  }
}

TableDigest digestOf(sql::Connection& connection, const std::string& table) {
  const auto columns = columnsOf(connection, table);
  const std::string select = selectAll(table, columns);
  TableDigest out{table, 0, ""};
  std::string hash;
  std::string pending;
  auto rows = connection.query(select);
  for (; rows.next(); ++out.rows) {
    appendRow(pending, rows, columns);
    if (pending.size() < kHashedAtOnce) continue;
    hash = sha256(hash + pending);
    pending.clear();
  }
  out.sha256 = toHex(sha256(hash + pending));
  return out;
}

}  // namespace

std::vector<TableDigest> digests(sql::Connection& connection) {
  std::vector<std::string> tables;
  {
    auto rows = connection.query(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' AND "
        "substr(name, 1, 8) <> 'archive_' ORDER BY name");
    while (rows.next())
      tables.push_back(rows.text());
  }
  std::vector<TableDigest> out;
  for (const std::string& table : tables)
    out.push_back(digestOf(connection, table));
  return out;
}

}  // namespace redflag::store::sqlite
