#pragma once
// Help that fits into a terminal of 80 columns: what is longer goes on below where it began.

#include <CLI/CLI.hpp>
#include <memory>
#include <sstream>
#include <string>

namespace redflag {

class NarrowHelp : public CLI::Formatter {
 public:
  // Of the program and of every command that is added afterwards.
  static void use(CLI::App& app) { app.formatter(std::make_shared<NarrowHelp>()); }

  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    std::istringstream lines(Formatter::make_help(app, std::move(name), mode));
    std::string out;
    for (std::string line; std::getline(lines, line);)
      out += fitted(line) + "\n";
    return out;
  }

 private:
  static constexpr std::size_t kColumns = 79;
  static constexpr std::size_t kDescriptions = 30;  // CLI11's column

  // Bytes that begin a character: a terminal shows one column for each.
  static std::size_t columnsOf(const std::string& text) {
    std::size_t out = 0;
    for (const char c : text)
      out += (static_cast<unsigned char>(c) & 0xc0U) != 0x80U ? 1U : 0U;
    return out;
  }

  // A list of choices that is too long for a line by itself may go on after a comma.
  static std::string breakable(const std::string& text, std::size_t columns) {
    std::string out;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
      if (columnsOf(word) > columns) {
        for (std::size_t at = word.find(','); at != std::string::npos; at = word.find(',', at + 2))
          word.insert(at + 1, " ");
      }
      out += word + ' ';
    }
    return out;
  }

  static std::string fitted(const std::string& line) {
    if (columnsOf(line) <= kColumns) return line;
    const std::size_t own = line.find_first_not_of(' ');
    const bool described = own != 0 && line[kDescriptions - 1] == ' ';
    const std::string indent(described ? kDescriptions : own == 0 ? 0 : own + 2, ' ');
    std::string out = line.substr(0, described ? kDescriptions : own);
    std::istringstream words(breakable(line.substr(out.size()), kColumns - indent.size()));
    std::size_t column = columnsOf(out);
    bool first = true;
    for (std::string word; words >> word; first = false) {
      if (!first && column + 1 + columnsOf(word) > kColumns) {
        out += "\n" + indent;
        column = indent.size();
      } else if (!first) {
        out += ' ';
        ++column;
      }
      out += word;
      column += columnsOf(word);
    }
    return out;
  }
};

}  // namespace redflag
