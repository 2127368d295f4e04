// redflag-record-kinds c|ts: the table of record kinds as others need it. Plugins in C get constants
// (include/redflag/records.h), the browser application names, types and order. A test compares what is kept
// with what this prints.
#include <algorithm>
#include <cstdio>
#include <string>

#include "protocol/record_kinds.h"

namespace redflag::protocol {
namespace {

const char* typeName(FieldType type) {
  switch (type) {
    case FieldType::kText:
      return "text";
    case FieldType::kChoice:
      return "choice";
    case FieldType::kInt:
      return "int";
    case FieldType::kReal:
      return "real";
    case FieldType::kFlag:
      return "flag";
    case FieldType::kTime:
      return "time";
    case FieldType::kList:
      return "list";
    case FieldType::kAny:
      return "any";
  }
  return "any";
}

// "update/1", "source_package": RF_UPDATE_1_SOURCE_PACKAGE
std::string constantOf(std::string_view kind, std::string_view field = {}) {
  std::string out = "RF_" + std::string(kind) + (field.empty() ? "" : "_" + std::string(field));
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
    return c == '/' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  });
  return out;
}

void printC() {
  std::puts(
      "/* The kinds of records a scanner can report, and their fields. The type of a field says which put_ "
      "it wants:\n"
      " * text, choice (one of its constants) and list: put_text, a list repeatedly; int and flag (0 or 1): "
      "put_int;\n"
      " * real: put_real; time: put_time; any: put_text, put_int or put_real. Made by redflag-record-kinds. "
      "*/\n"
      "#ifndef REDFLAG_RECORDS_H\n"
      "#define REDFLAG_RECORDS_H\n"
      "/* clang-format off */");
  for (const auto& kind : recordKinds()) {
    const std::string name(kind.name);
    std::printf("\n#define %s \"%s\"\n", constantOf(name).c_str(), name.c_str());
    for (const auto& field : kind.fields) {
      const std::string field_name(field.name);
      const auto constant = constantOf(name, field_name);
      std::printf("#define %s \"%s\" /* %s%s */\n", constant.c_str(), field_name.c_str(),
                  typeName(field.type), field.required ? ", required" : "");
      for (const auto& choice : field.choices) {
        const std::string choice_name(choice);
        std::printf("#define %s \"%s\"\n", constantOf(name, field_name + "_" + choice_name).c_str(),
                    choice_name.c_str());
      }
    }
  }
  std::puts("\n#endif");
}

void printTypeScript() {
  std::puts(
      "// The kinds of records that every plugin may report: their fields, in the order people read them. "
      "Made by\n"
      "// redflag-record-kinds from the table that agent and server check records by.\n"
      "export type FieldType = 'text' | 'choice' | 'int' | 'real' | 'flag' | 'time' | 'list' | 'any';\n\n"
      "export const record_kinds: Record<string, readonly { name: string; type: FieldType }[]> = {");
  for (const auto& kind : recordKinds()) {
    std::printf("  '%s': [\n", std::string(kind.name).c_str());
    for (const auto& field : kind.fields)
      std::printf("    { name: '%s', type: '%s' },\n", std::string(field.name).c_str(), typeName(field.type));
    std::puts("  ],");
  }
  std::puts("};");
}

}  // namespace
}  // namespace redflag::protocol

int main(int argc, char** argv) {
  const std::string_view form = argc == 2 ? argv[1] : "";
  if (form == "c") {
    redflag::protocol::printC();
  } else if (form == "ts") {
    redflag::protocol::printTypeScript();
  } else {
    std::fputs("usage: redflag-record-kinds c|ts\n", stderr);
    return 2;
  }
  return 0;
}
