#pragma once
// From the SQL of the areas to PostgreSQL's.

#include <string>
#include <string_view>
#include <vector>

namespace redflag::store::postgres {

// ? and ?N as $N, numbered as SQLite does: a bare ? is one more than the greatest so far. Quoted texts and
// names stay.
std::string numbered(std::string_view sql);

// The statements of a script, without their semicolons. Knows quotes, $$ bodies and -- comments.
std::vector<std::string_view> split(std::string_view script);

}  // namespace redflag::store::postgres
