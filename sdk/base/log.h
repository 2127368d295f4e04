#pragma once
// The log (spdlog), with what every line of it would instantiate again compiled once, in
// cmake/compiled/fmt.cpp.
#include <spdlog/spdlog.h>

FMT_BEGIN_NAMESPACE
namespace detail {
extern template void vformat_to<char>(buffer<char>&, basic_string_view<char>,
                                      basic_format_args<FMT_BUFFER_CONTEXT(char)>, locale_ref);
}  // namespace detail
FMT_END_NAMESPACE
