// What base/json.h promises to be somewhere.
#include "base/json.h"

template class nlohmann::basic_json<>;
template class nlohmann::detail::serializer<redflag::Json>;
template class nlohmann::detail::lexer<redflag::Json, redflag::JsonCharacters>;
template class nlohmann::detail::parser<redflag::Json, redflag::JsonCharacters>;
template class nlohmann::detail::lexer<redflag::Json, redflag::JsonStringCharacters>;
template class nlohmann::detail::parser<redflag::Json, redflag::JsonStringCharacters>;
