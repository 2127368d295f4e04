#pragma once
// What is logged, as one line of a log.

#include <spdlog/pattern_formatter.h>

#include <memory>
#include <string_view>

#include "base/log.h"

namespace redflag {

// In a log's pattern in the place of %v: what was said, its control characters written out ("\n", "\x1b").
// Names of machines, texts of plugins and of peers are part of it: none of them ends a line and begins
// another one, or moves the cursor of whoever looks.
class LineFlag : public spdlog::custom_flag_formatter {
 public:
  static constexpr char kFlag = 'Q';

  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    static constexpr char kDigits[] = "0123456789abcdef";
    for (const char c : std::string_view(message.payload.data(), message.payload.size())) {
      const auto byte = static_cast<unsigned char>(c);
      if ((byte >= 0x20 && byte != 0x7F) || c == '\t') {
        out.push_back(c);
        continue;
      }
      const char written[] = {'\\', 'x', kDigits[byte >> 4U], kDigits[byte & 0xFU]};
      const std::string_view text =
          c == '\n' ? std::string_view("\\n") : std::string_view(written, sizeof written);
      out.append(text.data(), text.data() + text.size());
    }
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<LineFlag>(); }
};

}  // namespace redflag
