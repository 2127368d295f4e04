// redflag-record-kinds c|cpp|ts: the table of record kinds as others need it. Plugins in C get constants
// (include/redflag/records.h), those in C++ a builder a kind (cpp/include/redflag/builders.hpp), the browser
// application names, types and order. A test compares what is kept with what this prints.
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
      const std::string limit =
          field.max_bytes == 0 ? "" : ", at most " + std::to_string(field.max_bytes) + " bytes";
      std::printf("#define %s \"%s\" /* %s%s%s */\n", constant.c_str(), field_name.c_str(),
                  typeName(field.type), field.required ? ", required" : "", limit.c_str());
      for (const auto& choice : field.choices) {
        const std::string choice_name(choice);
        std::printf("#define %s \"%s\"\n", constantOf(name, field_name + "_" + choice_name).c_str(),
                    choice_name.c_str());
      }
    }
  }
  std::puts("\n#endif");
}

// "installed_version": installedVersion; with `upper` "container/1": Container
std::string camel(std::string_view name, bool upper = false) {
  std::string out;
  for (const char c : name.substr(0, name.find('/'))) {
    if (c == '_') {
      upper = true;
    } else {
      out.push_back(static_cast<char>(upper ? c - 'a' + 'A' : c));
      upper = false;
    }
  }
  return out;
}

// One call adds one entry: "advisories" is put by advisory().
std::string singular(std::string name) {
  if (name.ends_with("ies")) return name.substr(0, name.size() - 3) + "y";
  return name.ends_with("s") ? name.substr(0, name.size() - 1) : name;
}

struct Setter {
  const char* method;
  const char* parameter;
};

Setter setterOf(FieldType type) {
  switch (type) {
    case FieldType::kInt:
      return {"integer", "std::int64_t value"};
    case FieldType::kReal:
      return {"real", "double value"};
    case FieldType::kFlag:
      return {"flag", "bool value"};
    case FieldType::kTime:
      return {"time", "std::int64_t value"};
    default:
      return {"text", "std::string_view value"};
  }
}

void printBuilder(const RecordKind& kind) {
  const auto type = camel(kind.name, true) + "Record";
  std::printf(
      "\nclass %s : public Record {\n public:\n  %s(const rf_run* run, Standing& standing) : "
      "Record(run, standing, \"%s\") {}\n",
      type.c_str(), type.c_str(), std::string(kind.name).c_str());
  for (const auto& field : kind.fields) {
    const std::string name(field.name);
    const auto setter = setterOf(field.type);
    const auto method = camel(field.type == FieldType::kList ? singular(name) : name);
    std::printf("  // %s%s", typeName(field.type), field.required ? ", required" : "");
    for (const auto& choice : field.choices)
      std::printf(" %s", std::string(choice).c_str());
    std::printf("\n  %s& %s(%s) {\n    %s(\"%s\", value);\n    return *this;\n  }\n", type.c_str(),
                method.c_str(), setter.parameter, setter.method, name.c_str());
  }
  std::puts("};");
}

void printCpp() {
  std::puts(
      "#pragma once\n"
      "// clang-format off\n"
      "// A builder for each kind of records, with a setter a field: what is not put is unknown. A list's\n"
      "// setter is called once for each entry, times are nanoseconds since the epoch. The host fills in "
      "what is\n"
      "// required and was not put, where it knows it: manager is the plugin's id, category and severity "
      "are\n"
      "// \"unknown\". Made by redflag-record-kinds.\n\n"
      "#include <cstdint>\n#include <string_view>\n\n#include \"redflag/record.hpp\"\n\nnamespace rf {");
  for (const auto& kind : recordKinds()) {
    const bool any = std::any_of(kind.fields.begin(), kind.fields.end(),
                                 [](const Field& field) { return field.type == FieldType::kAny; });
    if (!any) printBuilder(kind);  // a value of any type is Run::fact()'s
  }
  std::puts("\n}  // namespace rf");
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
  } else if (form == "cpp") {
    redflag::protocol::printCpp();
  } else if (form == "ts") {
    redflag::protocol::printTypeScript();
  } else {
    std::fputs("usage: redflag-record-kinds c|cpp|ts\n", stderr);
    return 2;
  }
  return 0;
}
