#include "validator/recording.h"

#include <fstream>
#include <iterator>
#include <sstream>

#include "base/encoding.h"

namespace redflag::validator {
namespace {

constexpr std::size_t kMaxBytes = 256U << 20;
constexpr std::size_t kMaxCalls = 100'000;
constexpr rf_status kFailures[] = {RF_TRANSIENT, RF_PERMANENT, RF_DENIED,   RF_CANCELLED,
                                   RF_LIMIT,     RF_INVALID,   RF_INTERNAL, RF_NOT_APPLICABLE};
// What parsers trip over, put in the middle of an answer.
constexpr std::string_view kStumbles[] = {
    "\n",    "\n\n", "\t",   "\t\t",     " ",     ":",           "\"", "'",
    "\\",    "{",    "}",    "[",        "\r\n",  "-1",          "0",  "99999999999999999999",
    "1e308", "NaN",  "%s%n", "\xff\xfe", "\xc3(", "\xe2\x80\xae"};

Json textsJson(const std::vector<std::string>& bytes) {
  Json out = Json::array();
  for (const auto& piece : bytes)
    out.push_back(toBase64(piece));
  return out;
}

Result<std::vector<std::string>> textsFrom(const std::vector<std::string>& encoded) {
  std::vector<std::string> out;
  for (const auto& piece : encoded) {
    auto bytes = fromBase64(piece);
    if (!bytes) return tl::unexpected<Error>(bytes.error());
    out.push_back(std::move(*bytes));
  }
  return out;
}

Result<ServiceCall> callFrom(const Json& json, const std::string& place) {
  JsonReader in(json, place);
  ServiceCall call;
  call.what = in.text("what", 32);
  const auto arguments = textsFrom(in.texts("arguments", 4096));
  const auto out = textsFrom(in.texts("out", kMaxCalls));
  const auto err = textsFrom(in.texts("err", kMaxCalls));
  call.status = static_cast<rf_status>(in.integer("status", RF_OK, RF_INTERNAL));
  call.number = in.integer("number", INT64_MIN, INT64_MAX);
  call.flag = in.boolean("flag");
  if (auto read = in.finish(); !read) return tl::unexpected<Error>(read.error());
  if (!arguments || !out || !err) return fail(Code::kInvalid, place + ": expected bytes in base64");
  call.arguments = *arguments;
  call.out = *out;
  call.err = *err;
  return call;
}

void flip(char& byte, unsigned bit) {
  byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << bit));
}

}  // namespace

Result<> writeRecording(const std::filesystem::path& file, const Recording& recording) {
  Json calls = Json::array();
  for (const auto& call : recording.calls) {
    calls.push_back({{"what", call.what},
                     {"arguments", textsJson(call.arguments)},
                     {"status", call.status},
                     {"out", textsJson(call.out)},
                     {"err", textsJson(call.err)},
                     {"number", call.number},
                     {"flag", call.flag}});
  }
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << dumpJson({{"plugin", recording.plugin}, {"version", recording.version}, {"calls", calls}}) << '\n'
      << std::flush;
  if (!out) return fail(Code::kIo, file.string() + ": cannot be written");
  return {};
}

Result<Recording> readRecording(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Code::kNotFound, file.string() + ": cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  const auto json = parseJson(text.str(), {.bytes = kMaxBytes, .depth = 8, .values = 10'000'000});
  if (!json) return failAt(file.string(), json.error());
  JsonReader reader(*json, file.filename().string());
  Recording out;
  out.plugin = reader.text("plugin", 128);
  out.version = reader.text("version", 64);
  const Json& calls = reader.array("calls", kMaxCalls);
  if (auto read = reader.finish(); !read) return tl::unexpected<Error>(read.error());
  for (std::size_t i = 0; i < calls.size(); ++i) {
    auto call = callFrom(calls[i], "calls[" + std::to_string(i) + "]");
    if (!call) return tl::unexpected<Error>(call.error());
    out.calls.push_back(std::move(*call));
  }
  return out;
}

void Mutator::changeBytes(std::string& bytes) {
  const auto at = static_cast<std::size_t>(below(bytes.size() + 1));
  const auto length = static_cast<std::size_t>(below(std::min<std::uint64_t>(bytes.size() - at, 64) + 1));
  switch (below(8)) {
    case 0:
      bytes.resize(at);
      break;
    case 1:
      bytes.erase(at, length);
      break;
    case 2:
      bytes.insert(at, bytes.substr(at, length));
      break;
    case 3:
      bytes.insert(at, kStumbles[below(std::size(kStumbles))]);
      break;
    case 4:
      bytes.replace(at, length, kStumbles[below(std::size(kStumbles))]);
      break;
    case 5:
      if (at < bytes.size()) bytes[at] = static_cast<char>(below(256));
      break;
    case 6:
      bytes.insert(at, std::string(static_cast<std::size_t>(below(70'000)), static_cast<char>(below(128))));
      break;
    default:
      for (std::uint64_t i = below(16) + 1; i > 0 && !bytes.empty(); --i)
        flip(bytes[static_cast<std::size_t>(below(bytes.size()))], static_cast<unsigned>(below(8)));
  }
}

void Mutator::change(ServiceCall& call) {
  if (round_ == 0 || below(3) == 0) return;
  if (below(12) == 0) {
    call.status = kFailures[below(std::size(kFailures))];
    return;
  }
  if (call.what == "file.info" || below(10) == 0) {
    static constexpr std::int64_t kNumbers[] = {0, 1, 2, 100, 127, 137, 255, -1, INT64_MAX, INT64_MIN};
    call.number = kNumbers[below(std::size(kNumbers))];
    call.flag = below(2) == 0;
  }
  if (call.out.empty()) call.out.emplace_back();
  for (std::uint64_t i = below(4) + 1; i > 0; --i)
    changeBytes(call.out[static_cast<std::size_t>(below(call.out.size()))]);
  if (below(6) == 0) call.out.erase(call.out.begin() + static_cast<std::ptrdiff_t>(below(call.out.size())));
}

}  // namespace redflag::validator
