#pragma once
// From what was typed to requests, and from answers to what is shown.

#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ctl/client.h"
#include "ctl/document.h"

namespace redflag::ctl {

// What a person gave for one operation. Options by the name in the document.
struct Wish {
  std::vector<std::string> positionals;
  std::map<std::string, std::vector<std::string>> options;
  std::string body;  // of --body: the whole body; "" when it is made of options
  std::size_t rows = 100;
};

// The argument is at fault; what() names it and what was expected.
struct BadArgument : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// `page`: the cursor; "" for the first. Throws BadArgument.
Request requestOf(const Operation& operation, const Wish& wish, const std::string& page);

// The server said no, in its own words.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// All pages of a list until there are `wish.rows` rows, as one document. nullopt for an answer without a
// body. Throws BadArgument, Refused or Unreachable.
std::optional<Json> ask(Client& client, const Operation& operation, const Wish& wish);

// An answer that is text of its own, as it comes. Throws as ask().
void copy(Client& client, const Operation& operation, const Wish& wish, std::ostream& out);

// Copies what a stream tells, one JSON value a line; a stream has no end but that of the connection, so that
// it always throws.
void follow(Client& client, const Operation& operation, const Wish& wish, std::ostream& out);

}  // namespace redflag::ctl
