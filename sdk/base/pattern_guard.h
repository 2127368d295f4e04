#pragma once
// What a JSON Schema validator must not be given. valijson matches "pattern" and "format" with std::regex,
// whose matcher in libstdc++ calls itself for every byte: some 20 KiB of text end the process.

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace redflag {

constexpr std::size_t kMaxMatchedBytes = 2048;
constexpr std::size_t kMaxPatternBytes = 512;

// Where "#/definitions/NAME" leads, by members of objects alone; nullptr: nowhere, or it is of another form,
// of which valijson makes something else.
const Json* referredTo(const Json& root, std::string_view reference);

// What is wrong with a schema that would end the process in valijson: references that lead nowhere, in a
// circle or to so much that no value is checked in time, patterns too large to compile, and multipleOf, which
// divides by any number that is written there. nullopt: nothing. To be asked before a schema is parsed.
std::optional<std::string> unusable(const Json& schema);

// The JSON pointer of a text, or of a member with a name, of more than kMaxMatchedBytes; nullopt: there is
// none, or the schema matches no text at all. To be asked before a value is validated.
std::optional<std::string> tooLongToMatch(const Json& schema, const Json& value);

// The first "pattern" (or name of patternProperties) in a schema that is no regular expression of ECMAScript;
// nullopt: there is none. valijson would throw at the first text that it meets.
std::optional<std::string> badPattern(const Json& schema);

}  // namespace redflag
