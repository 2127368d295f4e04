#include "support/fake_host.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/time.h"

namespace redflag::test {
namespace {

std::string text(rf_str value) {
  return std::string(rf::view(value));
}
rf_status write(rf_sink sink, const std::string& bytes) {
  return sink.write(sink.sink_data, rf::str(bytes));
}

// The whole answer to a GET at a local socket; "" where nobody answers.
std::string askedAt(const std::string& socket_path, const std::string& target) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket_path.c_str(), sizeof(address.sun_path) - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string answer;
  const auto question = "GET " + target + " HTTP/1.0\r\n\r\n";
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      ::send(fd, question.data(), question.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(question.size())) {
    std::array<char, 4096> piece{};
    for (ssize_t got = 0; (got = ::read(fd, piece.data(), piece.size())) > 0;)
      answer.append(piece.data(), static_cast<std::size_t>(got));
  }
  ::close(fd);
  return answer;
}

rf_status answerOf(const std::string& whole, rf_sink body, int32_t& http_status) {
  const auto end = whole.find("\r\n\r\n");
  if (end == std::string::npos) return whole.empty() ? RF_NOT_APPLICABLE : RF_TRANSIENT;
  http_status = std::stoi(whole.substr(9, 3));
  return write(body, whole.substr(end + 4));
}

}  // namespace

FakeHost::FakeHost() {
  host_ = {
      sizeof(host_), RF_ABI_MINOR, 0, this, [](const rf_host* host, rf_str id) -> const void* {
        auto& fake = self(host->host_data);
        const std::map<std::string, const void*> services{
            {RF_LOG_1, &fake.log_},   {RF_CLOCK_1, &fake.clock_},       {RF_STATE_1, &fake.state_service_},
            {RF_FILE_1, &fake.file_}, {RF_PROGRESS_1, &fake.progress_}, {RF_HTTP_1, &fake.http_},
            {RF_EXEC_1, &fake.exec_}};
        const auto found = services.find(text(id));
        return found == services.end() ? nullptr : found->second;
      }};
  makeServices();
  makeRun();
}

void FakeHost::makeServices() {
  log_ = {sizeof(log_), this, [](const rf_log_1*, rf_log_level, rf_str) {}};
  clock_ = {sizeof(clock_), this,
            [](const rf_clock_1* c) {
              const auto fixed = self(c->service_data).epoch_ns;
              return fixed != 0 ? fixed : epochNow();
            },
            [](const rf_clock_1*) { return monotonicNow(); }};
  state_service_ = {sizeof(state_service_), this,
                    [](const rf_state_1* s, rf_str key, rf_sink value) {
                      const auto& kept = self(s->service_data).state;
                      const auto found = kept.find(text(key));
                      return found == kept.end() ? RF_NOT_APPLICABLE : write(value, found->second);
                    },
                    [](const rf_state_1* s, rf_str key, rf_str value) {
                      auto& fake = self(s->service_data);
                      if (text(key) == fake.no_place_for) return RF_LIMIT;
                      fake.state[text(key)] = text(value);
                      return RF_OK;
                    }};
  file_ = {sizeof(file_), this,
           [](const rf_file_1* f, rf_str path, uint64_t max_bytes, rf_sink content) {
             std::ifstream in(self(f->service_data).files.string() + text(path), std::ios::binary);
             if (!in) return RF_NOT_APPLICABLE;
             const std::string bytes{std::istreambuf_iterator<char>(in), {}};
             return bytes.size() > max_bytes ? RF_LIMIT : write(content, bytes);
           },
           [](const rf_file_1* f, rf_str path, rf_file_info* out) {
             struct stat info {};
             if (stat((self(f->service_data).files.string() + text(path)).c_str(), &info) != 0)
               return RF_NOT_APPLICABLE;
             out->size_bytes = static_cast<uint64_t>(info.st_size);
             out->is_directory = S_ISDIR(info.st_mode) ? 1 : 0;
             return RF_OK;
           },
           [](const rf_file_1* f, rf_str path, rf_sink names) {
             std::set<std::string> sorted;
             std::error_code error;
             const std::filesystem::directory_iterator all(self(f->service_data).files.string() + text(path),
                                                           error);
             if (error) return RF_NOT_APPLICABLE;
             for (const auto& entry : all)
               sorted.insert(entry.path().filename().string());
             for (const auto& name : sorted)
               if (const auto status = write(names, name); status != RF_OK) return status;
             return RF_OK;
           }};
  http_ = {
      sizeof(http_), this,
      [](const rf_http_1* h, rf_str socket, rf_str target, uint64_t, rf_sink body, int32_t* http_status) {
        const auto& answers = self(h->service_data).local_answers;
        if (answers.empty()) return answerOf(askedAt(text(socket), text(target)), body, *http_status);
        const auto found = answers.find(text(target));
        const auto& statuses = self(h->service_data).local_statuses;
        const auto other = statuses.find(text(target));
        *http_status = other != statuses.end() ? other->second : found == answers.end() ? 404 : 200;
        return found == answers.end() ? RF_OK : write(body, found->second);
      }};
  exec_ = {sizeof(exec_), this,
           [](const rf_exec_1* e, const rf_str* argv, uint64_t argc, const rf_exec_options*, rf_sink out,
              rf_sink err, int32_t* exit_code) {
             const auto& start = self(e->service_data).exec;
             if (!start) return RF_UNSUPPORTED;
             std::vector<std::string> words;
             for (uint64_t i = 0; i < argc; ++i)
               words.push_back(text(argv[i]));
             const auto ended = start(words);
             *exit_code = ended.exit_code;
             const auto status = write(out, ended.out);
             return status == RF_OK ? write(err, ended.err) : status;
           }};
  progress_ = {
      sizeof(progress_), this, [](const rf_progress_1*, int32_t, rf_str) {},
      [](const rf_progress_1* p, rf_str line) { self(p->service_data).lines.push_back(text(line)); }};
}

template <class Value>
void FakeHost::put(rf_str field, Value value) {
  const auto name = text(field);
  if (!row_.contains(name)) {
    row_[name] = value;
  } else if (row_[name].is_array()) {
    row_[name].push_back(value);
  } else {
    row_[name] = Json::array({row_[name], value});
  }
}

void FakeHost::makeRun() {
  run_.struct_size = sizeof(run_);
  run_.run_data = this;
  run_.cancelled = [](const rf_run* r) -> uint32_t { return self(r->run_data).cancelled ? 1 : 0; };
  run_.begin_scope = [](const rf_run* r, rf_str key) {
    self(r->run_data).scope_ = text(key);
    self(r->run_data).scopes.push_back({text(key), RF_INTERNAL});
    return RF_OK;
  };
  run_.end_scope = [](const rf_run* r, rf_status status) {
    self(r->run_data).scopes.back().status = status;
    self(r->run_data).scope_.clear();
    return RF_OK;
  };
  run_.begin_record = [](const rf_run* r, rf_str kind) {
    self(r->run_data).row_ = {{"record", text(kind)}, {"scope", self(r->run_data).scope_}};
    return RF_OK;
  };
  run_.put_text = [](const rf_run* r, rf_str field, rf_str value) {
    return self(r->run_data).put(field, text(value)), RF_OK;
  };
  run_.put_int = [](const rf_run* r, rf_str field, int64_t value) {
    return self(r->run_data).put(field, value), RF_OK;
  };
  run_.put_real = [](const rf_run* r, rf_str field, double value) {
    return self(r->run_data).put(field, value), RF_OK;
  };
  run_.put_time = [](const rf_run* r, rf_str field, int64_t value) {
    return self(r->run_data).put(field, value), RF_OK;
  };
  run_.commit_record = [](const rf_run* r) {
    self(r->run_data).records.push_back(self(r->run_data).row_);
    return RF_OK;
  };
  run_.discard_record = [](const rf_run*) { return RF_OK; };
  run_.report = [](const rf_run* r, rf_status status, rf_str code, rf_str why) {
    self(r->run_data).reports.push_back({status, text(code), text(why)});
    return RF_OK;
  };
}

const rf_run* FakeHost::newRun(rf_purpose purpose, std::int64_t seconds) {
  records.clear();
  scopes.clear();
  reports.clear();
  lines.clear();
  run_.purpose = purpose;
  run_.deadline_ns = monotonicNow() + seconds * kSecondNs;
  return &run_;
}

std::vector<Json> FakeHost::ofKind(const std::string& kind) const {
  std::vector<Json> found;
  std::copy_if(records.begin(), records.end(), std::back_inserter(found),
               [&](const Json& row) { return row.at("record") == kind; });
  return found;
}

Json FakeHost::fact(const std::string& name) const {
  for (const auto& row : ofKind("fact/1"))
    if (row.at("name") == name) return row.at("value");
  return nullptr;
}

bool FakeHost::reported(const std::string& code) const {
  return std::any_of(reports.begin(), reports.end(),
                     [&](const FakeReport& report) { return report.code == code; });
}

rf_status FakeHost::scopeStatus(const std::string& key) const {
  for (const auto& scope : scopes)
    if (scope.key == key) return scope.status;
  return RF_NOT_APPLICABLE;
}

}  // namespace redflag::test
